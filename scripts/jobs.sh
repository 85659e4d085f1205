#!/usr/bin/env bash
# Print how many parts of the tests may run at the same time: one more than
# there are processors, because parts with real processes mostly wait for each
# other, and each needs up to 2.5 GB of memory.
processors=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
free=$(awk '/^MemAvailable:/ {print int($2 / 1024)}' /proc/meminfo 2>/dev/null)
jobs=$((processors + 1))
by_memory=$((${free:-5000} / 2500))
[ "$by_memory" -lt "$jobs" ] && jobs=$by_memory
[ "$jobs" -lt 1 ] && jobs=1
echo "$jobs"
