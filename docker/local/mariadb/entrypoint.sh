# Makes an empty server with root's password, then becomes it: what follows are its options.
set -euo pipefail
data=/var/lib/mysql
password=${MARIADB_ROOT_PASSWORD:-${MYSQL_ROOT_PASSWORD:?MARIADB_ROOT_PASSWORD must be set}}
rm -rf "${data:?}"/*
install -d -o mysql -g mysql "$data" /run/mysqld
mariadb-install-db --user=mysql --datadir="$data" --skip-test-db --auth-root-authentication-method=normal >/dev/null
init=$(mktemp)
printf "ALTER USER root@localhost IDENTIFIED BY '%s';\n" "${password//\'/\'\'}" >"$init"
printf "CREATE USER root@'%%' IDENTIFIED BY '%s';\nGRANT ALL ON *.* TO root@'%%' WITH GRANT OPTION;\n" "${password//\'/\'\'}" >>"$init"
chown mysql "$init"
case "${1:-}" in mysqld | mariadbd) shift ;; esac
exec mariadbd --no-defaults --user=mysql --datadir="$data" --bind-address=0.0.0.0 --init-file="$init" "$@"
