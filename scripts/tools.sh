#!/usr/bin/env bash
# Makes .venvdocs, the environment of the tools in requirements-docs.txt.
# Quick when nothing changed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

mark=$(sha256sum requirements-docs.txt | cut -c1-16)
[ "$(cat .venvdocs/.complete 2>/dev/null)" = "$mark" ] && exit 0

for name in ${PYTHON3:-python3.12 python3.11 python3.13 python3}; do
    python=$(type -P "$name") || continue
    "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
        2>/dev/null && break
    python=
done
[ -n "${python:-}" ] || {
    echo "The documentation's tools need Python 3.11 or newer; name one: PYTHON3=/path/to/python3" >&2
    exit 1
}
echo "Environment for documentation and packages with $python ..."
rm -rf .venvdocs
mkdir -p .build
if ! { "$python" -m venv .venvdocs && .venvdocs/bin/python -m pip install \
        --disable-pip-version-check -r requirements-docs.txt; } >.build/tools.log 2>&1; then
    tail -20 .build/tools.log >&2
    echo "It could not be made; the whole log is in .build/tools.log" >&2
    exit 1
fi
printf '%s\n' "$mark" > .venvdocs/.complete
