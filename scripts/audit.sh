#!/usr/bin/env bash
# Known vulnerabilities of everything that is pinned, by pip-audit. Needs an
# advisory service (pypi.org or osv.dev): without one it says so and fails,
# rather than calling everything fine.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# name = version lines of the [versions] section, as requirements
sed -n '/^\[versions\]/,/^\[/s/^\([A-Za-z0-9_.-]*\) *= *\([0-9][^ ]*\)$/\1==\2/p' \
    versions.cfg >"$work/python2.txt"
grep -E '^[A-Za-z0-9_.-]+==' requirements-test.txt | cut -d';' -f1 >"$work/tests.txt"

for pins in python2 tests; do
    echo "== $pins: $(wc -l <"$work/$pins.txt") pins"
    .venvfuzz/bin/pip-audit --no-deps --disable-pip --progress-spinner off \
        -r "$work/$pins.txt" 2>&1 | tee "$work/$pins.log" |
        grep -v 'WARNING' | head -200
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
    if [ "$(grep -c 'could not be audited' "$work/$pins.log")" = "$(wc -l <"$work/$pins.txt")" ]; then
        echo "No advisory service answered: nothing was audited."
        status=2
    fi
done
exit $status
