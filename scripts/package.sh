#!/usr/bin/env bash
# Build the sdist and the wheel in dist, and check them: what the package index
# renders, what is in them, and that the wheel installs and starts silently.
# They are built from a copy: other processes may be running from src.
#
# Python 2.7 builds the wheel: the add-on runs there, and setuptools for Python
# 3 puts a *-nspkg.pth in it that prints a traceback at every start of 2.7.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
ROOT=$PWD
BIN=$ROOT/.venvdocs/bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
# Each check runs in a subshell, and may change its directory
check() {
    printf '%-48s' "$1"
    shift
    if output=$("$@" 2>&1); then echo ok; else echo FAILED; printf '%s\n' "$output" | tail -40; status=1; fi
}

# A repository with all files that are, or could be, under version control
copy_files() {
    mkdir "$work/source"
    git ls-files -co --exclude-standard -z |
        while IFS= read -r -d '' name; do
            [ ! -e "$name" ] || printf '%s\0' "$name"
        done | tar -c --null -T - | tar -x -C "$work/source"
    cd "$work/source" && git init -q && git add -A &&
        $BIN/python scripts/locales.py compile
}

build_sdist() {
    cd "$work/source" && $BIN/python -W ignore -m build --sdist \
        --no-isolation --outdir "$ROOT/dist" .
}

# The wheel is made from the sdist: a file that is missing there is noticed
build_wheel() {
    tar -xzf dist/*.tar.gz -C "$work" && cd "$work"/senaite*queue-*/ &&
        "$ROOT/.venv2/bin/python" -W ignore setup.py -q bdist_wheel \
            --dist-dir "$ROOT/dist"
}

check_manifest() { cd "$work/source" && $BIN/check-manifest --no-build-isolation; }

# Install the wheel alone in a fresh environment of a Python and start it:
# nothing may be printed, and the package has to be found in its namespace
starts_silently() {
    local python=$1 venv=$work/$2 printed
    .venv3/bin/virtualenv -q --no-download -p "$python" "$venv" || return 1
    "$venv/bin/python" -W ignore -m pip install -q --no-deps --no-index \
        --disable-pip-version-check dist/*.whl >"$work/pip.log" 2>&1 ||
        { cat "$work/pip.log"; return 1; }
    printed=$(cd "$work" && env -u PYTHONPATH "$venv/bin/python" -c '
import pkgutil, senaite
names = [name for _, name, _ in pkgutil.iter_modules(senaite.__path__)]
assert names == ["queue"], names' 2>&1) || { printf '%s\n' "$printed"; return 1; }
    [ -z "$printed" ] || { printf 'It prints:\n%s\n' "$printed"; return 1; }
}

rm -rf dist
check "files are copied" copy_files
check "sdist is built" build_sdist
check "wheel is built by Python 2.7" build_wheel
check "twine: the package index renders README" $BIN/twine check --strict dist/*
check "check-manifest: nothing is missing" check_manifest
# 10 would want an e-mail address, which "contributors" do not have: two less
check "pyroma: the metadata are complete" $BIN/pyroma --min=8 dist/*.tar.gz
check "content of sdist and wheel" $BIN/python scripts/package_content.py dist
check "Python 2.7 starts silently with the wheel" starts_silently .venv2/bin/python py2
check "Python 3 starts silently with the wheel" starts_silently .venv3/bin/python py3
ls -l dist 2>/dev/null | awk 'NR > 1 {print "  " $5, $9}'
exit $status
