#!/usr/bin/env bash
# Builds images of the distribution's own packages, for machines with a Docker daemon that can pull none:
#   transfer-e2e-local/postgres, transfer-e2e-local/mariadb (with the official images' environment variables) and
#   transfer-e2e/engine.
#
#   sudo docker/local/build.sh [postgres] [mariadb] [engine]
#
# E2E_LOCAL_SUITE is the Debian suite, E2E_LOCAL_MIRROR its mirror (default: the one that this machine is set up with).
# Needs: debootstrap, root, a built project (npm ci).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(cd "$here/../.." && pwd)
suite=${E2E_LOCAL_SUITE:-trixie}
base=transfer-e2e-local/base:$suite
# The layers are small; the classic builder needs no plugin.
export DOCKER_BUILDKIT=0

fail() {
  echo "docker/local/build.sh: $1" >&2
  exit 1
}

mirror() {
  if [ -n "${E2E_LOCAL_MIRROR:-}" ]; then
    echo "$E2E_LOCAL_MIRROR"
    return
  fi
  # deb822 files say `URIs: X`, one-line files `deb [options] X suite …`.
  { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null || true; } |
    sed -nE 's/^URIs:[[:space:]]*([^[:space:]]+).*/\1/p; s/^deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+).*/\2/p' |
    grep -m 1 -E '/debian/?$' || true
}

make_base() {
  docker image inspect "$base" >/dev/null 2>&1 && return
  command -v debootstrap >/dev/null || fail 'debootstrap is not here: apt-get install debootstrap'
  [ "$(id -u)" = 0 ] || fail 'debootstrap needs root: run it with sudo'
  local from root
  from=$(mirror)
  [ -n "$from" ] || fail 'no Debian mirror in the configuration of apt: set E2E_LOCAL_MIRROR'
  root=$(mktemp -d)
  echo "base: $suite from $from"
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$from" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log" >&2; rm -rf "$root" "$root.log"; fail 'debootstrap failed'; }
  tar -C "$root" -c . | docker import - "$base" >/dev/null
  rm -rf "$root" "$root.log"
}

build() {
  echo "image: $1"
  docker build --quiet --network=host --build-arg "BASE=$base" --tag "$1" "$2" >/dev/null
}

docker version >/dev/null 2>&1 || fail 'no Docker daemon answers: start one, or set DOCKER_HOST'
make_base
[ $# -gt 0 ] || set -- postgres mariadb engine
for name in "$@"; do
  case "$name" in
    postgres | mariadb) build "transfer-e2e-local/$name" "$here/$name" ;;
    engine)
      [ -f "$project/dist/trctl/main.js" ] || fail 'the project is not built: run npm ci first'
      context=$(mktemp -d)
      cp "$here/engine/Dockerfile" "$context/"
      node "$project/tools/bundle-engine.js" "$context/engine"
      build transfer-e2e/engine "$context"
      rm -rf "$context"
      ;;
    *) fail "there is no image '$name': postgres, mariadb, engine" ;;
  esac
done
