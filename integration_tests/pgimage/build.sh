#!/bin/sh
# A PostgreSQL image where no container registry answers:
#
#   build.sh trixie 17 local/postgres:17-alpine    from the packages of a Debian release
#   build.sh host 15 local/postgres:15-alpine      from the packages installed here
#
# FROM scratch, holding the server, contrib, pgTAP, psql, and the shared objects they link
# to. Needs root, docker and binutils; for a release also mmdebstrap; for "host" the packages
# postgresql-NN, postgresql-NN-pgtap, tzdata, util-linux and busybox-static.
set -eu

[ $# = 3 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
suite=$1 pg=$2 tag=$3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/pgimage.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/context/root
began=$(date +%s)

need() {
	command -v "$1" >/dev/null || { echo "build.sh: needs $1 (apt-get install $2)" >&2; exit 1; }
}
need docker docker.io
need objdump binutils
[ "$suite" = host ] || need mmdebstrap mmdebstrap

# Where files are taken from: this machine, or packages unpacked but never configured.
from=
if [ "$suite" != host ]; then
	from=$work/from
	# The mirror that apt uses on this machine, unless told otherwise.
	# shellcheck disable=SC2016 # REPO_URI is for apt to fill in
	mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
		grep -E '/debian/?$' | head -n 1)}
	mirror=${mirror%/}
	[ -n "$mirror" ] || { echo "build.sh: apt names no Debian mirror here; set DEBIAN_MIRROR" >&2; exit 1; }
	{
		echo "deb $mirror $suite main"
		case $suite in
		sid | unstable) ;;
		*)
			echo "deb $mirror $suite-updates main"
			echo "deb $mirror-security $suite-security main"
			;;
		esac
	} >"$work/sources.list"
	# A frozen mirror is past its expiry date; its signature still counts.
	mmdebstrap --quiet --variant=extract --format=directory \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
		--include="postgresql-$pg,postgresql-$pg-pgtap,tzdata,busybox-static,util-linux,libc-bin" \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/lib/postgresql/*/lib/bitcode/*' \
		"$suite" "$from" - <"$work/sources.list"
fi
unpacked=$(date +%s)

# A skeleton in which /bin, /sbin and /lib lead to /usr.
for dir in usr/bin usr/sbin usr/lib usr/lib64 usr/lib/locale usr/lib/postgresql usr/local/bin \
	usr/share/postgresql etc tmp root run/postgresql var var/lib/postgresql/data docker-entrypoint-initdb.d; do
	mkdir -p "$root/$dir"
done
for dir in bin sbin lib lib64; do ln -s "usr/$dir" "$root/$dir"; done
ln -s ../run "$root/var/run"

# Server, client and extensions; of this machine only what the packages own, for other
# extensions may lie beside them. JIT stays out and LLVM with it: PostgreSQL does without.
if [ "$suite" = host ]; then
	dpkg -L "postgresql-$pg" "postgresql-client-$pg" "postgresql-$pg-pgtap" tzdata
else
	(cd "$from" && find "usr/lib/postgresql/$pg" "usr/share/postgresql/$pg" usr/share/zoneinfo | sed 's,^,/,')
fi |
	grep -E "^/usr/(lib/postgresql/$pg|share/postgresql/$pg|share/zoneinfo)/" |
	grep -vE '/lib/(bitcode|llvmjit|pgxs)|\.a$|/man/|/zoneinfo/right/' |
	sed 's,^/usr/,,' >"$work/files"
(cd "$from/usr" && printf '%s\n' lib/locale/C.*) >"$work/locales"
tar -C "$from/usr" -c --no-recursion -T "$work/files" | tar -C "$root/usr" -x
tar -C "$from/usr" -c -T "$work/locales" | tar -C "$root/usr" -x
for tool in setpriv busybox; do
	for dir in usr/bin bin; do
		[ ! -f "$from/$dir/$tool" ] || cp "$from/$dir/$tool" "$root/usr/bin/$tool"
	done
done

# Debian's sample listens on localhost only, which in a container is nobody.
sed -i "s/^#\{0,1\}listen_addresses *=.*/listen_addresses = '*'/" \
	"$root/usr/share/postgresql/$pg/postgresql.conf.sample"

# Every shared object that something already there names, until nothing new turns up.
find "$from/usr/lib" "$from/lib/" -maxdepth 3 -name '*.so*' ! -path '*/postgresql/*' \
	>"$work/objects" 2>/dev/null || true
grown=yes
while [ "$grown" = yes ]; do
	grown=no
	for object in $(find "$root/usr" -type f \( -perm -u+x -o -name '*.so*' \) -exec objdump -p {} + 2>/dev/null |
		awk '$1 == "NEEDED" { print $2 }' | sort -u); do
		[ -z "$(find "$root/usr/lib" -name "$object" -print -quit)" ] || continue
		file=$(grep -m 1 "/$object\$" "$work/objects") || { echo "build.sh: no $object to be found" >&2; exit 1; }
		copy=$root/usr/lib/${file#*/lib/}
		mkdir -p "$(dirname "$copy")"
		cp -L "$file" "$copy"
		grown=yes
	done
done
loader=$(find "$root/usr/lib" -name 'ld-linux*' -print -quit)
case $(dpkg --print-architecture) in
amd64) ln -s "${loader#"$root"}" "$root/usr/lib64/ld-linux-x86-64.so.2" ;;
arm64) ln -sf "${loader#"$root"}" "$root/usr/lib/ld-linux-aarch64.so.1" ;;
esac

# The shell and small tools, where a real one is not there already.
for tool in $("$root/usr/bin/busybox" --list); do
	[ -e "$root/usr/bin/$tool" ] || ln -s busybox "$root/usr/bin/$tool"
done

cat >"$root/etc/passwd" <<'PASSWD'
root:x:0:0:root:/root:/bin/sh
postgres:x:999:999:PostgreSQL:/var/lib/postgresql:/bin/sh
PASSWD
cat >"$root/etc/group" <<'GROUP'
root:x:0:
postgres:x:999:
GROUP
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
install -m 755 "$here/entrypoint.sh" "$root/usr/local/bin/docker-entrypoint.sh"

chown -R 0:0 "$root"
chown -R 999:999 "$root/var/lib/postgresql" "$root/run/postgresql"
chmod 1777 "$root/tmp"
chmod 0700 "$root/var/lib/postgresql/data"
tar --numeric-owner --sort=name -C "$root" -cf "$work/context/rootfs.tar" .
rm -rf "$root"
copied=$(date +%s)

# "docker import" of older engines refuses STOPSIGNAL, hence a Dockerfile.
cat >"$work/context/Dockerfile" <<DOCKERFILE
FROM scratch
ADD rootfs.tar /
ENV PATH=/usr/local/bin:/usr/lib/postgresql/$pg/bin:/usr/sbin:/usr/bin LANG=C.UTF-8 PGDATA=/var/lib/postgresql/data PG_MAJOR=$pg
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
EXPOSE 5432
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
DOCKERFILE
if ! DOCKER_BUILDKIT=0 docker build --quiet --tag "$tag" "$work/context" >"$work/build.log" 2>&1; then
	cat "$work/build.log" >&2
	exit 1
fi

echo "$(docker image ls --format '{{.Repository}}:{{.Tag}} {{.Size}}' "$tag")," \
	"unpacked in $((unpacked - began)) s, copied in $((copied - unpacked)) s, built in $(($(date +%s) - copied)) s"
