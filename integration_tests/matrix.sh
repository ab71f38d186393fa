#!/bin/sh
# The integration tests on every PostgreSQL that the portal supports, in containers:
#
#   matrix.sh [arguments of go test]
#
# Where no image is there or can be pulled it is built from Debian's packages (pgimage/build.sh). A
# version that fails does not keep the others from being tried; the last lines tell how each went.
set -u
cd "$(dirname "$0")/.." || exit 1

have() { docker image inspect "$1" >/dev/null 2>&1; }

failed=0
summary=
for version in 15:bookworm 17:trixie 18:forky; do
	major=${version%:*} suite=${version#*:}
	image=postgres:$major-alpine
	echo "== PostgreSQL $major"
	if have "$image" || have "local/$image" || docker pull --quiet "$image" ||
		integration_tests/pgimage/build.sh "$suite" "$major" "local/$image"; then
		TEST_POSTGRES=container TEST_POSTGRES_IMAGE=$image go test -count 1 -timeout 40m "$@" ./integration_tests/features ./integration_tests/isolation ./integration_tests/database ./integration_tests/service && result=passed || result=FAILED
	else
		result="FAILED: no image"
	fi
	[ "$result" = passed ] || failed=1
	summary="$summary
PostgreSQL $major: $result"
done
echo "$summary"
exit $failed
