#!/usr/bin/env bash
# Style and well-formedness of everything that is ours.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
status=0
check() {
    printf '%-44s' "$1"
    shift
    if output=$("$@" 2>&1); then echo ok; else echo FAILED; printf '%s\n' "$output"; status=1; fi
}

well_formed() {
    git ls-files -co --exclude-standard -- '*.zcml' '*.xml' |
        .venv3/bin/python -c '
import sys
from lxml import etree
bad = 0
for name in sys.stdin.read().split():
    try:
        etree.parse(name)
    except (etree.XMLSyntaxError, OSError) as error:
        bad = 1
        print("{}: {}".format(name, error))
sys.exit(bad)'
}


check "ruff (src, tests, scripts, bench)" .venv3/bin/ruff check -q src tests scripts bench setup.py
check "compileall, Python 3 (src, tests)" .venv3/bin/python -m compileall -q src tests
check "compileall, Python 2.7 (src)" .venv2/bin/python -m compileall -q src/senaite
check "ZCML and XML well-formed" well_formed
find src tests -name __pycache__ -prune -exec rm -rf {} +
exit $status
