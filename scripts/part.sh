#!/usr/bin/env bash
# Run one part of the tests: its title, what it prints, and what it took.
#   scripts/part.sh TITLE COMMAND [ARGUMENT ...]
# The two figures tell a slow part (much processor time) from a waiting one.
title=$1
shift
echo "== $title"
TIMEFORMAT='took: %R s, %U + %S s of processor time: '"${title//%/%%}"
{ time "$@" 2>&3; } 3>&2 2>&1
