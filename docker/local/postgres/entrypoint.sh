# Makes an empty cluster with the superuser's password, then becomes the server: what follows is its command line.
set -euo pipefail
bin=$(echo /usr/lib/postgresql/*/bin)
data=/var/lib/postgresql/data
install -d -o postgres -g postgres -m 700 "$data"
install -d -o postgres -g postgres /run/postgresql
secret=$(mktemp)
printf '%s' "${POSTGRES_PASSWORD:?POSTGRES_PASSWORD must be set}" >"$secret"
chown postgres "$secret"
as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups)
"${as_postgres[@]}" "$bin/initdb" --pgdata="$data" --username=postgres --pwfile="$secret" \
  --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
rm "$secret"
echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
echo 'host replication all all scram-sha-256' >>"$data/pg_hba.conf"
shift # the word `postgres`
exec "${as_postgres[@]}" "$bin/postgres" -D "$data" -h '*' "$@"
