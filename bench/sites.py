# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Sites to measure in: made once, copied for each cluster."""

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
DATA = ("filestorage", "blobstorage")


def zopepy(script, *arguments):
    """Run a script of this directory; returns the JSON it prints."""
    done = subprocess.run(
        [paths.ZOPEPY, os.path.join(HERE, script)] + list(arguments),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    text = done.stdout.decode()
    if done.returncode:
        raise RuntimeError(done.stderr.decode("utf-8", "replace")[-2000:])
    return json.loads(text[text.index("{"):])


@contextlib.contextmanager
def directory():
    """Give a directory that is removed at the end."""
    parent = os.path.join(paths.VAR, "clusters")
    os.makedirs(parent, exist_ok=True)
    home = tempfile.mkdtemp(dir=parent)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def site(addon=True):
    """Give the directory of a site of its own, and its configuration for a
    Zope without ZEO.

    :param addon: with senaite.queue installed
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
    """Give the directory of a site with worksheets, and what is on them.

    :param sheets: see `bench/prepare.py`
    """
    with site(addon) as (home, conf):
        made = zopepy("prepare.py", conf, json.dumps(sheets))["sheets"]
        yield home, made


@contextlib.contextmanager
def copied(home):
    """Give a directory with a copy of a site's data."""
    with directory() as copy:
        for name in DATA:
            shutil.copytree(os.path.join(home, name),
                            os.path.join(copy, name))
        shutil.copy(os.path.join(home, template.SECRETS), copy)
        yield copy
