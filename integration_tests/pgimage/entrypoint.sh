#!/bin/sh
# Starts PostgreSQL by the contract of the image named "postgres", so that tests and compose
# run on either. It reads POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB (each also as
# NAME_FILE), POSTGRES_INITDB_ARGS, POSTGRES_HOST_AUTH_METHOD, PGDATA, and the files of
# /docker-entrypoint-initdb.d.
set -eu

# "-c name=value" alone means "postgres -c name=value"; another program is simply run.
case "${1:-}" in -*) set -- postgres "$@" ;; esac
[ "${1:-}" = postgres ] || exec "$@"

# As root: take over the data directory, which may be a fresh mount, and step down.
if [ "$(id -u)" = 0 ]; then
	mkdir -p "$PGDATA" /run/postgresql
	chown -R postgres:postgres "$PGDATA" /run/postgresql
	chmod 0700 "$PGDATA"
	exec /usr/bin/setpriv --reuid=postgres --regid=postgres --init-groups -- "$0" "$@"
fi

# NAME_FILE counts where NAME is unset: secrets mounted as files.
for name in POSTGRES_USER POSTGRES_PASSWORD POSTGRES_DB; do
	eval "value=\${$name:-} file=\${${name}_FILE:-}"
	if [ -z "$value" ] && [ -n "$file" ]; then eval "$name=\$(cat \"\$file\")"; fi
done
: "${POSTGRES_USER:=postgres}"
: "${POSTGRES_DB:=$POSTGRES_USER}"

if [ ! -s "$PGDATA/PG_VERSION" ]; then
	method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
	if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$method" != trust ]; then
		echo "POSTGRES_PASSWORD is empty; set it, or set POSTGRES_HOST_AUTH_METHOD=trust" >&2
		exit 1
	fi

	# shellcheck disable=SC2086 # POSTGRES_INITDB_ARGS is a list of words
	init() {
		initdb -D "$PGDATA" -U "$POSTGRES_USER" --auth-local=trust --auth-host=scram-sha-256 \
			"$@" ${POSTGRES_INITDB_ARGS:-}
	}
	if [ -n "${POSTGRES_PASSWORD:-}" ]; then
		secret=$(mktemp)
		printf '%s\n' "$POSTGRES_PASSWORD" >"$secret"
		init --pwfile="$secret"
		rm -f "$secret"
	else
		init
	fi
	echo "host all all all $method" >>"$PGDATA/pg_hba.conf"

	# A first server, on its unix socket only: the port stays closed until the init files are
	# through, and clients that count "ready" lines count this one first.
	shift
	pg_ctl -D "$PGDATA" -w start -o "-c listen_addresses='' $(for word in "$@"; do printf " '%s'" "$word"; done)"
	set -- postgres "$@"

	run() { psql -X -v ON_ERROR_STOP=1 --no-password -h /run/postgresql -U "$POSTGRES_USER" "$@"; }
	if [ "$POSTGRES_DB" != postgres ]; then
		echo 'create database :"name"' | run -d postgres -v name="$POSTGRES_DB"
	fi

	export POSTGRES_USER POSTGRES_DB PGHOST=/run/postgresql PGUSER="$POSTGRES_USER" PGDATABASE="$POSTGRES_DB"
	for file in /docker-entrypoint-initdb.d/*; do
		[ -e "$file" ] || continue
		echo "init: $file"
		# shellcheck disable=SC1090 # the file is the user's
		case "$file" in
		*.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
		*.sql) run -d "$POSTGRES_DB" -f "$file" ;;
		*.sql.gz) gunzip -c "$file" | run -d "$POSTGRES_DB" ;;
		*) echo "init: ignored $file" ;;
		esac
	done
	unset PGHOST PGUSER PGDATABASE

	pg_ctl -D "$PGDATA" -m fast -w stop
	echo "init: done"
fi

# The password is not for the server's environment.
unset POSTGRES_PASSWORD
exec "$@"
