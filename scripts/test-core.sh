#!/usr/bin/env bash
# SENAITE core's own tests of worksheets, samples and workflow, without this
# add-on and with it (installed, its queue switched off). Fails when a test
# fails with it that does not fail without. Words are given to the test runner:
#   scripts/test-core.sh -t WorkflowAnalysisSubmit
# QUEUED=1: its doctests of transitions instead, without this add-on and with
# each transition that they ask for done by a task.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
LOGS=var/core-tests
CHOSEN='Workflow|Worksheet|AnalysisRequest|Sample|Analysis|Analyses|Duplicate|ContactUser|Permissions|Rolemap|Listings|QC|API_security|API_workflow|Catalog|InternalUse|ResultsImport|test_'
MODES='without with'
if [ "${QUEUED:-}" = 1 ]; then
    CHOSEN='(Workflow|Worksheet|InternalUse|Partition|Retest|Interim|Dependen|Calculat).*rst'
    MODES='without queued'
fi
[ $# -gt 0 ] || set -- -t "$CHOSEN"
mkdir -p $LOGS

# Names of the tests that failed or could not be run
faults() { sed -n -E 's/^(Failure|Error) in test (.*)$/\2/p' "$1" | sed 's#.*/##' | sort -u; }

for mode in $MODES; do
    echo "== SENAITE core's tests, $mode senaite.queue (log: $LOGS/$mode.log)"
    PYTHONWARNINGS=ignore bin/zopepy scripts/core_tests.py $mode -vv "$@" >"$LOGS/$mode.log" 2>&1
    grep -E '^(Total|  Ran )' "$LOGS/$mode.log" | tail -1
    # A run that ends before its tests have run has no such line
    grep -qE '^(Total|  Ran )' "$LOGS/$mode.log" || { tail -30 "$LOGS/$mode.log"; exit 1; }
    grep -oE '[0-9]+ transitions were done by tasks' "$LOGS/$mode.log" | sed 's/^/  /'
    faults "$LOGS/$mode.log" | sed 's/^/  fails: /'
done
new=$(comm -13 <(faults $LOGS/without.log) <(faults "$LOGS/$mode.log"))
[ -z "$new" ] && { echo "No new failure."; exit 0; }
printf 'Fails with senaite.queue only:\n%s\n' "$new"
exit 1
