#!/usr/bin/env python3
# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""The texts of the package and their translations.

    scripts/locales.py pot       # writes senaite.queue.pot from the sources
    scripts/locales.py check     # fails when that would change anything
    scripts/locales.py update    # brings its texts to all translations
    scripts/locales.py compile   # .po to .mo, where they are older
    scripts/locales.py coverage  # how complete each translation is

`pot`, `check` need lingua (requirements-docs.txt), the others polib.
"""

import glob
import os
import subprocess
import sys
import tempfile

import polib

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOMAIN = "senaite.queue"
PACKAGE = os.path.join("src", "senaite", "queue")
LOCALES = os.path.join(ROOT, PACKAGE, "locales")
POT = os.path.join(LOCALES, DOMAIN + ".pot")

HEADER = {
    "Project-Id-Version": DOMAIN,
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=2; plural=n != 1;",
    "Language-Code": "en",
    "Language-Name": "English",
    "Preferred-Encodings": "utf-8",
    "Domain": DOMAIN,
}


def sources():
    """Return the files with texts: no tests, whose texts nobody reads."""
    found = []
    for pattern in ("**/*.py", "**/*.pt", "**/*.zcml"):
        found += glob.glob(os.path.join(ROOT, PACKAGE, pattern),
                           recursive=True)
    return sorted(os.path.relpath(name, ROOT) for name in found
                  if "/tests/" not in name)


def extract():
    """Return the texts of all sources.

    :rtype: polib.POFile
    """
    with tempfile.TemporaryDirectory() as home:
        path = os.path.join(home, "raw.pot")
        listing = os.path.join(home, "files")
        with open(listing, "w") as target:
            target.write("\n".join(sources()) + "\n")
        subprocess.run(
            [os.path.join(os.path.dirname(sys.executable), "pot-create"),
             "-c", os.path.join(ROOT, "scripts", "lingua.cfg"),
             "--no-linenumbers", "-d", DOMAIN, "-k", "_", "-f", listing,
             "-o", path],
            cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        raw = polib.pofile(path)
    texts = {}
    unread = set(unread_texts())
    for entry in list(raw) + list(profile_texts()):
        if entry.msgid in unread:
            continue
        known = texts.setdefault(entry.msgid, polib.POEntry(
            msgid=entry.msgid, msgstr=""))
        known.comment = known.comment or entry.comment
        for occurrence in entry.occurrences:
            place = (occurrence[0], "")
            if place not in known.occurrences:
                known.occurrences.append(place)
    pot = polib.POFile(wrapwidth=78)
    pot.metadata = dict(HEADER)
    for msgid in sorted(texts):
        texts[msgid].occurrences.sort()
        pot.append(texts[msgid])
    return pot


def profile_texts():
    """Yield the texts of the profile's files (lingua does not read them)."""
    from xml.etree import ElementTree
    i18n = "{http://xml.zope.org/namespaces/i18n}"
    for path in sorted(glob.glob(os.path.join(
            ROOT, PACKAGE, "profiles", "*", "*.xml"))):
        for element in ElementTree.parse(path).iter():
            for name in element.get(i18n + "attributes", "").split():
                yield polib.POEntry(
                    msgid=element.get(name), occurrences=[
                        (os.path.relpath(path, ROOT), "")])


def unread_texts():
    """Yield the texts of ZCML that nobody sees in a page: what patches are
    about, and the titles of permissions, which are identifiers."""
    from xml.etree import ElementTree
    for name in sources():
        if not name.endswith(".zcml"):
            continue
        for element in ElementTree.parse(os.path.join(ROOT, name)).iter():
            tag = element.tag.rpartition("}")[2]
            for kind, attribute in (("patch", "description"),
                                    ("permission", "title")):
                if tag == kind and element.get(attribute):
                    yield " ".join(element.get(attribute).split())


def translations():
    """Return the paths of all translations."""
    return sorted(glob.glob(os.path.join(
        LOCALES, "*", "LC_MESSAGES", DOMAIN + ".po")))


def language(path):
    return os.path.basename(os.path.dirname(os.path.dirname(path)))


def write_pot():
    extract().save(POT)


def check_pot():
    """Return 1 when the sources have other texts than the .pot."""
    wanted = {entry.msgid for entry in extract()}
    found = {entry.msgid for entry in polib.pofile(POT)}
    for msgid in sorted(wanted - found):
        print("not in the .pot: {!r}".format(msgid))
    for msgid in sorted(found - wanted):
        print("in no source any more: {!r}".format(msgid))
    if wanted == found:
        return 0
    print("Run 'make pot' and translate what is new.")
    return 1


def update():
    """Bring new texts to all translations, drop old ones."""
    pot = polib.pofile(POT)
    for path in translations():
        po = polib.pofile(path, wrapwidth=78)
        po.merge(pot)
        for entry in po.obsolete_entries():
            po.remove(entry)
        po.save(path)
    coverage()


def compile_all():
    """Write the .mo of each .po that is newer."""
    for path in translations():
        target = path[:-len("po")] + "mo"
        if not os.path.exists(target) or \
                os.path.getmtime(target) < os.path.getmtime(path):
            polib.pofile(path).save_as_mofile(target)


def coverage():
    """Print how many texts of the .pot each translation has."""
    wanted = {entry.msgid for entry in polib.pofile(POT)}
    for path in translations():
        done = {entry.msgid for entry in polib.pofile(path)
                if entry.translated()}
        print("translated: {} {} of {} texts".format(
            language(path), len(wanted & done), len(wanted)))
        for msgid in sorted(wanted - done):
            print("  missing: {!r}".format(msgid[:70]))


COMMANDS = {"pot": write_pot, "check": check_pot, "update": update,
            "compile": compile_all, "coverage": coverage}

if __name__ == "__main__":
    sys.exit(COMMANDS[sys.argv[1]]() or 0)
