#!/usr/bin/env bash
# What needs no SENAITE (kernel, stores, tokens, client protocol), tested on
# the Pythons that SENAITE may move to. Those that are not here are named.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
VERSIONS=${PY3_VERSIONS:-3.11 3.12}
status=0

# The first one that runs: a shim of pyenv may be there, and may not
find_python() {
    local path
    while read -r path; do
        "$path" -c "import venv, ensurepip" 2>/dev/null && { echo "$path"; return; }
    done < <(type -aP "python$1"; ls -1 "$HOME"/.pyenv/versions/"$1".*/bin/"python$1" \
        /opt/python"$1"*/bin/"python$1" 2>/dev/null)
}

for version in $VERSIONS; do
    if .venv3/bin/python -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')"; then
        [ "${1:-}" = --all ] || { echo "== Python $version: tested by make test-unit"; continue; }
    fi
    python=$(find_python "$version")
    if [ -z "$python" ]; then
        echo "SKIPPED Python $version: it is not on this machine"
        continue
    fi
    echo "== Unit tests, Python $version"
    venv=.venvpy3/$version
    mark=$(sha256sum requirements-test.txt | cut -c1-16)
    if [ "$(cat "$venv/.complete" 2>/dev/null)" != "$mark" ]; then
        rm -rf "$venv"
        mkdir -p .venvpy3 .build
        { "$python" -m venv "$venv" && "$venv/bin/python" -m pip install -q \
            --disable-pip-version-check -r requirements-test.txt; } >".build/py$version.log" 2>&1 ||
            { tail -20 ".build/py$version.log"; status=1; continue; }
        printf '%s\n' "$mark" > "$venv/.complete"
    fi
    "$venv/bin/python" -W error::SyntaxWarning -m compileall -q -f src/senaite >/dev/null || status=1
    PYTHONPATH=src "$venv/bin/python" -m pytest -q -p no:cacheprovider \
        -o faulthandler_timeout=300 src/senaite/queue/tests/unit || status=1
done
find src -name __pycache__ -prune -exec rm -rf {} +
exit $status
