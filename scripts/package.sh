#!/usr/bin/env bash
# Builds the sdist and the wheel, and checks what is in them.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
BIN=.venvdocs/bin
status=0
check() {
    printf '%-44s' "$1"
    shift
    if output=$("$@" 2>&1); then echo ok; else echo FAILED; printf '%s\n' "$output" | tail -40; status=1; fi
}

$BIN/python scripts/locales.py compile || exit 1
rm -rf dist build src/*.egg-info
check "sdist and wheel are built" $BIN/python -W ignore -m build --no-isolation .
check "twine: the package index renders README" $BIN/twine check --strict dist/*
check "check-manifest: nothing is missing" $BIN/check-manifest --no-build-isolation
# 10 would want an e-mail address, which "contributors" do not have: two less
check "pyroma: the metadata are complete" $BIN/pyroma --min=8 dist/*.tar.gz
check "content of sdist and wheel" $BIN/python scripts/package_content.py dist
rm -rf build
ls -l dist 2>/dev/null | awk 'NR > 1 {print "  " $5, $9}'
exit $status
