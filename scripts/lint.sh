#!/usr/bin/env bash
# Style and well-formedness of our own files. Without a name, all checks run:
#   scripts/lint.sh [ruff | bytecode3 | bytecode2 | well-formed | clock]
# .pre-commit-config.yaml calls them one by one.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
check() {
    printf '%-44s' "$1"
    shift
    if output=$("$@" 2>&1); then echo ok; else echo FAILED; printf '%s\n' "$output"; status=1; fi
}

# Bytecode goes elsewhere: other processes may be running from these files
bytecode3() { PYTHONPYCACHEPREFIX=$work .venv3/bin/python -m compileall -q src tests; }

bytecode2() {
    git ls-files -co --exclude-standard -- 'src/senaite/*.py' 'tests/addon/*.py' |
        .venv2/bin/python -c '
import sys
bad = 0
for name in sys.stdin.read().splitlines():
    try:
        with open(name) as source:
            compile(source.read(), name, "exec", 0, True)
    except IOError:
        pass  # deleted, and not yet committed
    except SyntaxError as error:
        bad = 1
        print("%s:%s: %s" % (name, error.lineno, error.msg))
sys.exit(bad)'
}

well_formed() {
    git ls-files -co --exclude-standard -- '*.zcml' '*.xml' |
        .venv3/bin/python -c '
import os, sys
from lxml import etree
bad = 0
for name in filter(os.path.exists, sys.stdin.read().splitlines()):
    try:
        etree.parse(name)
    except etree.XMLSyntaxError as error:
        bad = 1
        print("{}: {}".format(name, error))
sys.exit(bad)'
}

for name in ${*:-ruff bytecode3 bytecode2 well-formed clock}; do
    case $name in
    ruff)
        check "ruff (src, tests, scripts, bench)" \
            .venv3/bin/ruff check -q src tests scripts bench setup.py ;;
    bytecode3) check "bytecode, Python 3 (src, tests)" bytecode3 ;;
    bytecode2) check "bytecode, Python 2.7 (src, tests/addon)" bytecode2 ;;
    clock)
        check "no time of day but in model/clock.py" \
            .venv3/bin/python scripts/check_clock.py ;;
    well-formed) check "ZCML and XML well-formed" well_formed ;;
    *)
        echo "lint: there is no check named $name" >&2
        exit 2 ;;
    esac
done
exit $status
