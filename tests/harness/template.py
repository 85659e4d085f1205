# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Ready-made databases: the demo site takes a minute to make, seconds to copy.

Two layers, kept under var/templates: stock SENAITE with its demo data, and
the same with the add-on installed. The name of each contains a hash of
everything it is made from: a change makes a new one, and old ones are
removed.
"""

import contextlib
import fcntl
import glob
import hashlib
import os
import re
import shutil
import subprocess
import tempfile

from harness import configs
from harness import paths

HOME = os.path.join(paths.VAR, "templates")
#: How many templates of a kind stay: this one, and one of another branch
KEEP = 2
SECRETS = "secrets.json"

PACKAGE = os.path.join(paths.ROOT, "src", "senaite", "queue")
#: Dotted names of our modules, and of what is in them
NAMES = re.compile(r"senaite\.queue(?:\.\w+)+(?: import \w+)?")

#: What a module has that defines settings
SCHEMA = "from zope import schema"


class SetupFailed(Exception):
    """The demo site could not be made; the message shows the script's end."""


def get(addon=True, say=print):
    """Return the directory of a template, made when it is missing.

    :param addon: with senaite.queue installed
    :param say: called with a line when something takes long
    :returns: path; has filestorage, blobstorage and secrets.json
    """
    with _alone():
        stock = _get_stock(say)
        if not addon:
            return stock
        ready = os.path.join(HOME, "addon-" + _hash(_addon_inputs()))
        if not os.path.isdir(ready):
            say("Installing senaite.queue in the site (half a minute, only "
                "until its profile changes) ...")
            _make(ready, "addon", base=stock)
        return ready


def get_old(commit, zopepy, say=print):
    """Return the directory of a template with a former version installed.

    :param commit: name of that version
    :param zopepy: interpreter that imports it
    :param say: see `get`
    """
    with _alone():
        stock = _get_stock(say)
        old = os.path.join(
            HOME, "old-{}-{}".format(commit, _hash(_stock_inputs())))
        if not os.path.isdir(old):
            say("Installing senaite.queue as of {} ...".format(commit))
            _make(old, "addon", base=stock, zopepy=zopepy)
        return old


def _get_stock(say):
    stock = os.path.join(HOME, "stock-" + _hash(_stock_inputs()))
    if not os.path.isdir(stock):
        say("Making a site with SENAITE's demo data (about a minute, "
            "only the first time) ...")
        _make(stock, "site")
    return stock


@contextlib.contextmanager
def _alone():
    """Wait until no other process makes a template: `make test` runs several
    parts at the same time, which need the same ones."""
    os.makedirs(HOME, exist_ok=True)
    with open(os.path.join(HOME, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def copy(template, target):
    """Copy a template's database and secrets to a new directory."""
    os.makedirs(target, exist_ok=True)
    for name in os.listdir(template):
        source = os.path.join(template, name)
        if os.path.isdir(source):
            shutil.copytree(source, os.path.join(target, name))
        else:
            shutil.copy2(source, target)


def run_script(script, *arguments, zopepy=paths.ZOPEPY, **kw):
    """Run a script in the build's Python 2.7.

    :param zopepy: the interpreter
    :raises SetupFailed: when it ends with an error
    """
    done = subprocess.run(
        [zopepy, script] + list(arguments), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False, **kw)
    if done.returncode:
        lines = done.stdout.decode("utf-8", "replace").splitlines()[-40:]
        raise SetupFailed("{} failed:\n{}".format(
            os.path.basename(script), "\n".join(lines)))


def write_instancehome(home, packages=()):
    """Write the instance home of a cluster: only its site.zcml matters."""
    os.makedirs(os.path.join(home, "etc"), exist_ok=True)
    with open(os.path.join(home, "etc", "site.zcml"), "w") as target:
        target.write(configs.site_zcml(packages))


def _make(target, step, base=None, zopepy=paths.ZOPEPY):
    """Make a template beside its final place and rename it when complete."""
    os.makedirs(HOME, exist_ok=True)
    work = tempfile.mkdtemp(prefix="making-", dir=HOME)
    try:
        data = os.path.join(work, "data")
        if base:
            copy(base, data)
        for name in ("filestorage", "blobstorage"):
            os.makedirs(os.path.join(data, name), exist_ok=True)
        write_instancehome(os.path.join(work, "home"))
        conf = os.path.join(work, "zope.conf")
        cache = os.path.join(paths.VAR, "cache")
        os.makedirs(cache, exist_ok=True)
        with open(conf, "w") as out:
            out.write(configs.zope(
                os.path.join(work, "home"), work, cache,
                os.path.join(work, "setup.log"), configs.file_storage(data)))
        run_script(paths.SITE_SETUP, conf, os.path.join(data, SECRETS), step,
                   zopepy=zopepy)
        for name in os.listdir(os.path.join(data, "filestorage")):
            if name != "Data.fs":
                os.remove(os.path.join(data, "filestorage", name))
        os.rename(data, target)
        _forget_old(os.path.basename(target).split("-")[0])
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _forget_old(kind):
    """Remove all templates of a kind but the newest."""
    all_of_kind = glob.glob(os.path.join(HOME, kind + "-*"))
    for path in sorted(all_of_kind, key=os.path.getmtime)[:-KEEP]:
        shutil.rmtree(path, ignore_errors=True)


def _stock_inputs():
    return [os.path.join(paths.ROOT, "versions.cfg"), paths.SITE_SETUP]


def _addon_inputs():
    profiles = glob.glob(os.path.join(PACKAGE, "profiles", "**", "*"),
                         recursive=True)
    handlers = [os.path.join(PACKAGE, name)
                for name in ("setuphandlers.py", "profiles.zcml",
                             "permissions.zcml")]
    files = handlers + sorted(filter(os.path.isfile, profiles))
    modules = _modules_named_in(files)
    # Defaults of settings become records of the site
    schemas = [path for path in modules if SCHEMA in _read(path)]
    return _stock_inputs() + files + sorted(
        modules | _modules_named_in(schemas))


def _read(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


def _modules_named_in(files):
    """Return the paths of our modules that these files import or name."""
    found = set()
    for path in files:
        for name in NAMES.findall(_read(path)):
            parts = name.replace(" import ", ".").split(".")[2:]
            # The end of a name may be something in a module
            for length in range(len(parts), 0, -1):
                place = os.path.join(PACKAGE, *parts[:length])
                if os.path.isfile(place + ".py"):
                    found.add(place + ".py")
                    break
                if os.path.isdir(place):
                    found.update(glob.glob(os.path.join(place, "*.py")))
                    break
    return found


def _hash(files):
    digest = hashlib.sha256()
    for path in files:
        digest.update(os.path.relpath(path, paths.ROOT).encode("utf-8"))
        with open(path, "rb") as source:
            digest.update(source.read())
    return digest.hexdigest()[:12]
