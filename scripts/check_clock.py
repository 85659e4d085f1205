# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Find uses of the time of day outside of the module that may ask for it.

Somebody may set the system's clock while the product runs. What waits,
measures or compares with it stops for hours; see model/clock.py.
"""

import ast
import os
import sys

PACKAGE = "src/senaite/queue"

#: The only module that asks the system what time it is
CLOCK = PACKAGE + "/model/clock.py"

#: (module or class, name) that give the time of day, or wait by it
FORBIDDEN = {
    ("time", "time"): "clock.now(), clock.monotonic() or clock.steady()",
    ("time", "monotonic"): "clock.monotonic()",
    ("datetime", "now"): "clock.now()",
    ("datetime", "utcnow"): "clock.now()",
    ("datetime", "today"): "clock.now()",
    ("date", "today"): "clock.now()",
    # On Python 2.7 they wait until a time of day
    ("threading", "Event"): "site.waiting.Event",
    ("threading", "Condition"): "site.waiting.Event",
    ("thread", "join"): "an event, set when the thread ends",
    ("_thread", "join"): "an event, set when the thread ends",
}

#: May define the event that others use
WAITING = PACKAGE + "/site/waiting.py"


def find_other_names(tree):
    """Return what a module imports by another name: that name -> the last part
    of what it is."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                if alias.asname:
                    found[alias.asname] = alias.name.rpartition(".")[2]
    return found


def find(path):
    """Yield (line, name, what to use) of each forbidden use in a file."""
    with open(path, encoding="utf-8") as source:
        tree = ast.parse(source.read(), path)
    names_of = find_other_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value
            owner = getattr(owner, "attr", None) or names_of.get(
                getattr(owner, "id", None), getattr(owner, "id", None))
            names = [(owner, node.attr)]
        elif isinstance(node, ast.ImportFrom):
            names = [(node.module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Call) and not node.args and \
                names_of.get(getattr(node.func, "id", None),
                             getattr(node.func, "id", None)) == "DateTime":
            yield node.lineno, "DateTime()", "clock.now()"
            continue
        else:
            continue
        for name in names:
            if name in FORBIDDEN and not (
                    path == WAITING and name[0] == "threading"):
                yield node.lineno, ".".join(name), FORBIDDEN[name]


def main(package=PACKAGE):
    """Print what was found; return the exit status."""
    status = 0
    for folder, folders, files in os.walk(package):
        folders[:] = sorted(name for name in folders if name != "tests")
        for name in sorted(files):
            path = os.path.join(folder, name)
            if not name.endswith(".py") or path == CLOCK:
                continue
            for line, used, instead in find(path):
                status = 1
                print("{}:{}: {}: use {}".format(path, line, used, instead))
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
