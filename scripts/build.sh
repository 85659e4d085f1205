#!/usr/bin/env bash
# Build the development environment: .venv3 (Python 3: tests, harness, lint),
# .venv2 (Python 2.7: buildout) and the buildout itself. Quick when nothing
# changed; what fails leaves nothing half-built that the next run would trust.
#
#   PYTHON27=/path/to/python2.7 PYTHON3=/path/to/python3 scripts/build.sh
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

LOGS=.build
STAMP=$LOGS/stamp
INPUTS="buildout.cfg versions.cfg setup.py requirements-test.txt scripts/build.sh scripts/prefetch.py"
# setuptools and wheel build the package, too: scripts/package.sh
BOOTSTRAP="setuptools==44.1.1 wheel==0.37.1 zc.buildout==2.13.8"
PACKAGES="build-essential libssl-dev libffi-dev libsqlite3-dev zlib1g-dev libbz2-dev libreadline-dev libjpeg-dev libxml2-dev libxslt1-dev"

say() { printf '%s\n' "$*"; }
die() { printf '\nmake build: %s\n' "$*" >&2; exit 1; }

hash_of() { cat "$@" | sha256sum | cut -c1-16; }

# -- Python 2.7 --------------------------------------------------------------

candidates27() {
    [ -n "${PYTHON27:-}" ] && { printf '%s\n' "$PYTHON27"; return; }
    type -aP python2.7
    ls -1 "$HOME"/.pyenv/versions/2.7*/bin/python2.7 \
        /usr/local/bin/python2.7 /usr/local/python2.7*/bin/python2.7 \
        /opt/python2.7*/bin/python2.7 /opt/python/2.7*/bin/python2.7 \
        /opt/*/bin/python2.7 "$HOME"/.local/bin/python2.7 2>/dev/null
}

# Prints what a Python 2.7 lacks; nothing when it will do.
faults27() {
    "$1" -c '
import os, sys
if sys.version_info[:2] != (2, 7):
    print("is Python %d.%d" % sys.version_info[:2]); sys.exit()
lacks = []
for name in ("ssl", "sqlite3", "zlib", "bz2", "ctypes"):
    try:
        __import__(name)
    except ImportError:
        lacks.append("the module " + name)
from distutils import sysconfig
if not os.path.exists(os.path.join(sysconfig.get_python_inc(), "Python.h")):
    lacks.append("its headers (Python.h)")
if lacks:
    print("lacks " + ", ".join(lacks))
' 2>/dev/null || printf 'does not run'
}

find_python27() {
    local tried="" path fault
    while read -r path; do
        [ -n "$path" ] || continue
        fault=$(faults27 "$path")
        [ -z "$fault" ] && { python27=$path; return; }
        tried="$tried
    $path: $fault"
    done < <(candidates27)
    die "no usable Python 2.7 found.${tried:+
  Tried:$tried}
  SENAITE 2.6 runs on Python 2.7, with ssl, sqlite3 and headers. To get one:
    apt-get install $PACKAGES
    curl https://pyenv.run | bash && ~/.pyenv/bin/pyenv install 2.7.18
  (or build it from https://www.python.org/downloads/release/python-2718/)
  and run 'make build' again, if need be with PYTHON27=/path/to/python2.7"
}

# -- Python 3 ----------------------------------------------------------------

find_python3() {
    local name
    for name in ${PYTHON3:-python3.11 python3.12 python3.10 python3.9 python3.13 python3}; do
        name=$(type -P "$name") || continue
        "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))' \
            2>/dev/null && { python3=$name; return; }
    done
    die "no usable Python 3 found (3.9 or newer with venv and ensurepip).
  To get one: apt-get install python3 python3-venv
  or name one: make build PYTHON3=/path/to/python3"
}

# -- What the compiler needs ---------------------------------------------------

check_headers() {
    type -P cc >/dev/null || die "no C compiler found. apt-get install $PACKAGES"
    local header missing=""
    for header in openssl/ssl.h ffi.h zlib.h jpeglib.h libxml/xmlversion.h libxslt/xslt.h; do
        printf '#include <stdio.h>\n#include <%s>\n' "$header" |
            cc -E -I/usr/include/libxml2 -I/usr/local/include -x c - >/dev/null 2>&1 ||
            missing="$missing $header"
    done
    [ -z "$missing" ] || die "headers are missing:$missing
  Pillow, lxml and cryptography are compiled for Python 2.7 and need them:
    apt-get install $PACKAGES"
}

# -- Steps -------------------------------------------------------------------

# run <log> <what> <command...>: shows the end of the log when it fails
run() {
    local log=$LOGS/$1 what=$2
    shift 2
    "$@" >"$log" 2>&1 && return
    # pip announces the end of Python 2.7 on every call: noise, not an error
    grep -v -e DEPRECATION -e 'easy_install command is deprecated' "$log" | tail -30 >&2
    die "$what failed; the whole log is in $log"
}

build_venv3() {
    local mark
    mark=$(hash_of requirements-test.txt)
    [ "$(cat .venv3/.complete 2>/dev/null)" = "$mark" ] && return
    find_python3
    say "Python 3 environment with $python3 ..."
    [ -e .venv3/.complete ] || rm -rf .venv3
    [ -x .venv3/bin/python ] || run venv3.log "making .venv3" "$python3" -m venv .venv3
    rm -f .venv3/.complete
    run pip3.log "installing requirements-test.txt" \
        .venv3/bin/python -m pip install --disable-pip-version-check -r requirements-test.txt
    printf '%s\n' "$mark" > .venv3/.complete
}

build_venv2() {
    [ "$(cat .venv2/.complete 2>/dev/null)" = "$BOOTSTRAP" ] && return
    find_python27
    check_headers
    say "Python 2.7 environment with $python27 ..."
    rm -rf .venv2
    run venv2.log "making .venv2" .venv3/bin/virtualenv -q -p "$python27" .venv2
    run pip2.log "installing buildout" \
        .venv2/bin/python -m pip install --disable-pip-version-check $BOOTSTRAP
    printf '%s\n' "$BOOTSTRAP" > .venv2/.complete
}

# Shows buildout's progress as a count, and its errors in full at the end
show_progress() {
    awk -v total="$1" -v tty="$([ -t 1 ] && echo 1)" '
        /^(Getting distribution for|Fetching) / {
            n++
            name = $0; gsub(/^[^'\'']*'\''|'\''.*$/, "", name)
            if (tty) printf "\r\033[K  %3d of about %d  %s", n, total, name
            else if (n % 20 == 1) printf "  %3d of about %d  %s\n", n, total, name
            fflush()
        }
        /^(Installing|Updating) / { if (tty) printf "\r\033[K"; print "  " $0; fflush() }
        END { if (tty) printf "\r\033[K" }'
}

build_buildout() {
    local total have
    total=$(sed -n '/^\[versions\]/,$p' versions.cfg | grep -vE '^(setuptools|zc.buildout) ' | grep -c ' = ')
    have=$(ls eggs 2>/dev/null | wc -l)
    say "SENAITE and the add-on: $total packages, $have are here already ..."
    if [ "$have" -lt "$total" ]; then
        # In parallel what buildout would do one by one; buildout then
        # repeats, and reports, whatever failed here
        .venv2/bin/python -W ignore scripts/prefetch.py 2>"$LOGS/prefetch.log" |
            tee "$LOGS/prefetch.out" | show_progress "$total"
    fi
    .venv2/bin/python -W ignore .venv2/bin/buildout -N -c buildout.cfg 2>&1 |
        tee "$LOGS/buildout.log" | show_progress "$total"
    if [ "${PIPESTATUS[0]}" -ne 0 ]; then
        grep -v -e DEPRECATION -e 'easy_install command is deprecated' "$LOGS/buildout.log" | tail -30 >&2
        die "buildout failed; the whole log is in $LOGS/buildout.log. What was fetched is kept: run 'make build' again."
    fi
}

# Where Python may write no bytecode (PYTHONDONTWRITEBYTECODE, as in many
# containers), each process would compile all that it imports once more. Some
# eggs have test data and templates with other than valid Python
compile_eggs() { .venv2/bin/python -m compileall -q eggs >"$LOGS/compileall.log" 2>&1; }

# Zope reads compiled translations only; older ones are made again
compile_locales() { .venv3/bin/python scripts/locales.py compile; }

# What a newcomer has to expect, said before the first silence
announce() {
    if [ -d eggs ]; then
        say "make build: something has changed since the last build. Most of it is here already."
    else
        say "make build: makes a development environment below this directory. It takes about
5 minutes on two cores with a fast network, and 2 GB of disk; what was fetched is
kept when you interrupt it. Steps:
  1. .venv3: Python 3 with the test tools and the harness (half a minute)
  2. .venv2: Python 2.7 with buildout (some seconds)
  3. eggs: SENAITE 2.6 and what it depends on, some of it compiled (3 to 4 minutes)
  4. bytecode and translations (half a minute)"
    fi
}

mkdir -p $LOGS
wanted=$(hash_of $INPUTS)
if [ "$(cat $STAMP 2>/dev/null)" = "$wanted" ] && [ -x bin/zopepy ] && [ -x .venv3/bin/python ]; then
    compile_locales
    exit
fi
rm -f $STAMP
start=$SECONDS
announce
build_venv3
build_venv2
build_buildout
say "Compiling bytecode and translations ..."
compile_eggs
compile_locales
ln -sf ../scripts/queue-bench bin/queue-bench
printf '%s\n' "$wanted" > $STAMP
say "Built in $((SECONDS - start)) s. Now: make run, make demo, make test."
