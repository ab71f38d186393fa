#!/bin/bash
# The image and the compose file, tried as a whole:
#
#   compose.sh image      builds ./portal (static, for the engine's architecture) and the image
#   compose.sh postgres   builds local/postgres:17-alpine unless there is a PostgreSQL image
#   compose.sh env        makes .env with fresh secrets; one that exists is left alone
#   compose.sh check      builds what is missing, then both profiles up, asked over HTTP, a customer
#                         copied from one into the other, and torn down
#
# check leaves nothing behind but the images, and nothing of a portal that already runs here is
# touched: project, volume and .env are its own. Only the ports must be free (CHECK_PORT and
# CHECK_TEST_PORT name others than 8080 and 1050).
set -euo pipefail
cd "$(dirname "$0")/.."

image=${PORTAL_IMAGE:-contractor-portal}
local_postgres=local/postgres:17-alpine
seconds_to_start=120

main() {
  case "${1:-check}" in
  image) build_image ;;
  postgres) build_postgres ;;
  env) make_env ;;
  check) check ;;
  *)
    sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
  esac
}

build_image() {
  local architecture
  architecture=$(docker version --format '{{.Server.Arch}}')
  CGO_ENABLED=0 GOOS=linux GOARCH=$architecture go build -trimpath -ldflags='-s -w' -o portal .
  docker build --quiet --tag "$image" .
}

# Where Debian's tools are at hand; elsewhere compose pulls the official image.
build_postgres() {
  if ! have_image "$(postgres_image)" && command -v mmdebstrap >/dev/null; then
    integration_tests/pgimage/build.sh trixie 17 "$local_postgres"
  fi
}

# What lies here already counts before what would have to be pulled.
postgres_image() {
  if [ -n "${POSTGRES_IMAGE:-}" ]; then
    echo "$POSTGRES_IMAGE"
  elif ! have_image postgres:17-alpine && have_image "$local_postgres"; then
    echo "$local_postgres"
  else
    echo postgres:17-alpine
  fi
}

have_image() { docker image inspect "$1" >/dev/null 2>&1; }

make_env() {
  if [ -e .env ]; then
    echo "compose: .env is there already"
    return
  fi
  have_image "$image" || build_image
  # Made aside, so that a failure leaves no half-filled one.
  umask 077
  print_env >.env.new
  mv .env.new .env
  echo "compose: .env made"
}

print_env() {
  local keys
  keys=$(docker run --rm --network none "$image" keys new)
  cat <<ENV
# Secrets of compose.yaml. Whoever reads this file reads every customer's data: mode 0600,
# never committed. The passwords stand in URLs, so they keep to letters and digits.
POSTGRES_IMAGE=$(postgres_image)
POSTGRES_PASSWORD=$(secret)
PORTAL_APP_PASSWORD=$(secret)
PORTAL_AUTH_PASSWORD=$(secret)
PORTAL_PLATFORM_PASSWORD=$(secret)
PORTAL_WORKER_PASSWORD=$(secret)
PORTAL_KEYS='$keys'
ENV
}

secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

check() {
  scratch=$(mktemp -d)
  project=portal-check-$$
  trap tear_down EXIT
  trap 'exit 130' INT TERM

  build_image
  build_postgres
  print_env >"$scratch/.env"
  export PORTAL_PUBLISH=127.0.0.1:${CHECK_PORT:-8080} PORTAL_TEST_PUBLISH=127.0.0.1:${CHECK_TEST_PORT:-1050}

  compose up -d --no-build
  answers "$PORTAL_PUBLISH"
  answers "$PORTAL_TEST_PUBLISH"
  compose exec -T server /portal health
  compose exec -T portal-test /portal health --url http://127.0.0.1:1050/readyz
  # There was nobody to copy yet. Now there is, beside the demo data.
  compose run --rm -T migrate customers create --company-name Check --admin-email check@example.com >/dev/null
  compose run --rm -T clone-test 2>&1 | tee "$scratch/clone"
  grep --quiet 'customer .* rows' "$scratch/clone"
  compose ps
  echo "compose: both portals answered"
}

# Both generations of the tool; in the old one "up" and "down" also need to be told the profile.
compose() {
  local tool=(docker-compose)
  command -v docker-compose >/dev/null || tool=(docker compose)
  "${tool[@]}" --project-name "$project" --env-file "$scratch/.env" --profile test "$@"
}

# answers HOST:PORT waits until /readyz says 200 and prints what it and /healthz said.
answers() {
  local deadline=$((SECONDS + seconds_to_start)) path body
  until curl --silent --fail --max-time 3 --output /dev/null "http://$1/readyz"; do
    if [ $SECONDS -ge $deadline ]; then
      echo "compose: http://$1/readyz did not answer 200 within $seconds_to_start s" >&2
      return 1
    fi
    sleep 0.5
  done
  for path in /healthz /readyz; do
    body=$(curl --silent --show-error --fail --max-time 3 "http://$1$path")
    echo "compose: http://$1$path says $body"
  done
}

# On the way out, whatever happened; after a failure with what the services said.
tear_down() {
  local status=$?
  trap - EXIT INT TERM
  if [ $status -ne 0 ] && [ -e "$scratch/.env" ]; then
    compose ps || true
    compose logs --tail=50 || true
  fi
  if [ -e "$scratch/.env" ]; then
    compose down --volumes --remove-orphans --timeout 10 || status=1
  fi
  rm -rf "$scratch"
  exit $status
}

main "$@"
