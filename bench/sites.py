# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Sites to measure in, with work in them."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile

from harness import configs
from harness import paths
from harness import template

HERE = os.path.dirname(os.path.abspath(__file__))

#: Sites that exist or are being created, by their orders: futures of the
#: functions that remove them, and of the results of `with_sheets`
_ordered = {}


def zopepy(script, *arguments):
    """Run a script of this directory; return the JSON that it prints."""
    done = subprocess.run(
        [paths.ZOPEPY, os.path.join(HERE, script)] + list(arguments),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    text = done.stdout.decode()
    if done.returncode:
        raise RuntimeError(done.stderr.decode("utf-8", "replace")[-2000:])
    return json.loads(text[text.index("{"):])


@contextlib.contextmanager
def directory():
    """Context manager: a directory that is removed at the end."""
    parent = os.path.join(paths.VAR, "clusters")
    os.makedirs(parent, exist_ok=True)
    home = tempfile.mkdtemp(dir=parent)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def site(addon=True):
    """Context manager: the directory of a new site, and its configuration for
    a Zope without ZEO.

    :param addon: whether senaite.queue is installed
    """
    with directory() as home:
        template.copy(template.get(addon), home)
        instance = os.path.join(home, "instance")
        template.write_instancehome(instance)
        cache = os.path.join(paths.VAR, "cache")
        os.makedirs(cache, exist_ok=True)
        conf = os.path.join(home, "zope.conf")
        with open(conf, "w") as target:
            target.write(configs.zope(
                instance, home, cache, os.path.join(home, "zope.log"),
                configs.file_storage(home)))
        yield home, conf


@contextlib.contextmanager
def with_sheets(sheets, addon=True):
    """Context manager: the directory of a site with worksheets, and their
    description; a copy, if one was ordered in advance.

    :param sheets: see `bench/prepare.py`
    """
    made = _ordered.get(_key(sheets, addon))
    with contextlib.ExitStack() as stack:
        if made is None:
            yield _make(stack, sheets, addon)
        else:
            _stack, (original, found) = made.result()
            home = stack.enter_context(directory())
            template.copy(original, home)
            yield home, found


def _make(stack, sheets, addon):
    home, conf = stack.enter_context(site(addon))
    return home, zopepy("prepare.py", conf, json.dumps(sheets))["sheets"]


def _key(sheets, addon):
    return json.dumps([sheets, addon])


@contextlib.contextmanager
def ordered(orders, pool):
    """Context manager: create sites in advance, for `with_sheets` to find, so
    that minutes of set-up are over before anything is measured.

    :param orders: tuples of the arguments of `with_sheets`; equal ones are
        created once
    :param pool: executor that creates the sites
    :type pool: concurrent.futures.Executor
    """
    def make(*order):
        with contextlib.ExitStack() as stack:
            found = _make(stack, *order)
            return stack.pop_all(), found
    for order in orders:
        if _key(*order) not in _ordered:
            _ordered[_key(*order)] = pool.submit(make, *order)
    try:
        yield
    finally:
        for future in _ordered.values():
            if not future.exception():
                future.result()[0].close()
        _ordered.clear()
