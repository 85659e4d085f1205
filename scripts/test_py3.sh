#!/usr/bin/env bash
# Test what needs no SENAITE (task model, stores, tokens, client protocol) on
# the Pythons that SENAITE may move to; names those that are not here.
#
#   scripts/test_py3.sh            all unit tests on all of them
#   scripts/test_py3.sh --quick    on the other ones than that of .venv3: every
#                                  module is compiled, and the tests run that
#                                  may differ there
#   scripts/test_py3.sh --prepare  make the environments for --quick, no more
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
VERSIONS=${PY3_VERSIONS:-3.11 3.12}
UNIT=src/senaite/queue/tests/unit
# PostgreSQL, and kill -9 of processes that write, do the same on each Python 3
ALIKE="test_storage_postgresql test_storage_moving test_storage_faults"
all=
[ $# -gt 0 ] || all=yes
status=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The first one that runs: a shim of pyenv may be there, and may not
find_python() {
    local path
    while read -r path; do
        "$path" -c "import venv, ensurepip" 2>/dev/null && { echo "$path"; return; }
    done < <(type -aP "python$1"; ls -1 "$HOME"/.pyenv/versions/"$1".*/bin/"python$1" \
        /opt/python"$1"*/bin/"python$1" 2>/dev/null)
}

# make_environment <version> <python>: prints where it is, when that worked
make_environment() {
    local venv=.venvpy3/$1 mark
    mark=$(sha256sum requirements-test.txt | cut -c1-16)
    if [ "$(cat "$venv/.complete" 2>/dev/null)" != "$mark" ]; then
        rm -rf "$venv"
        mkdir -p .venvpy3 .build
        { "$2" -m venv "$venv" && "$venv/bin/python" -m pip install -q \
            --disable-pip-version-check -r requirements-test.txt; } >".build/py$1.log" 2>&1 ||
            { tail -20 ".build/py$1.log" >&2; return 1; }
        printf '%s\n' "$mark" > "$venv/.complete"
    fi
    echo "$venv"
}

for version in $VERSIONS; do
    if .venv3/bin/python -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')"; then
        [ -n "$all" ] || continue
    fi
    python=$(find_python "$version")
    if [ -z "$python" ]; then
        echo "SKIPPED Python $version: it is not on this machine"
        continue
    fi
    venv=$(make_environment "$version" "$python") || { status=1; continue; }
    [ "${1:-}" = --prepare ] && continue
    # Bytecode goes elsewhere: other processes may be running from these files
    export PYTHONPYCACHEPREFIX=$work PYTHONPATH=src
    "$venv/bin/python" -W error::SyntaxWarning -m compileall -q -f src/senaite >/dev/null || status=1
    ignore=
    [ -n "$all" ] || for name in $ALIKE; do ignore="$ignore --ignore=$UNIT/$name.py"; done
    scripts/part.sh "Unit tests, Python $version${all:+, all}" \
        "$venv/bin/python" -m pytest -q -p no:cacheprovider \
        -o faulthandler_timeout=300 $ignore $UNIT || status=1
done
exit $status
