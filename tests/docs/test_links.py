"""Links of the documentation, and names of modules in it, lead somewhere.

`make docs` checks the built pages with `scripts/check_links.py`; here that
check is tested, and the sources are read.
"""

import glob
import os
import re
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
CHECK = os.path.join(ROOT, "scripts", "check_links.py")
SOURCE = os.path.join(ROOT, "src")

PAGES = sorted(glob.glob(os.path.join(ROOT, "docs", "*.rst"))) + [
    os.path.join(ROOT, name) for name in (
        "README.rst", "CHANGES.rst", "CONTRIBUTING.rst")]

#: `text <target>`_, the targets of pictures and downloads
TARGETS = (
    re.compile(r"<([^<>`\s:]+)>`_"),
    re.compile(r"^\.\. (?:image|figure|include):: (\S+)", re.MULTILINE),
    re.compile(r":(?:target): (\S+)"),
    re.compile(r":download:`[^`<]*<([^>]+)>`"),
)
DOCS = re.compile(r":doc:`(?:[^`<]*<)?([^`>]+)>?`")
MODULE = re.compile(r"\bsenaite\.queue(?:\.\w+)+")

#: Names that look like modules: files, and a setting's prefix
FILES = re.compile(r"\.(db|pot?|mo|svg)$")


def read(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


def name_of(path):
    return os.path.relpath(path, ROOT)


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_targets_exist(path):
    text, here = read(path), os.path.dirname(path)
    for pattern in TARGETS:
        for target in pattern.findall(text):
            if "://" not in target:
                assert os.path.exists(os.path.join(here, target)), target
    for name in DOCS.findall(text):
        assert os.path.exists(os.path.join(here, name + ".rst")), name


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_pages_are_linked_as_pages(path):
    """A link to another page's source is dead in the built documentation."""
    if os.path.dirname(path) == os.path.join(ROOT, "docs"):
        assert re.findall(r"<[\w-]+\.rst>`_", read(path)) == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_modules_exist(path):
    for name in set(MODULE.findall(read(path))):
        if not FILES.search(name):
            assert exists(name), name


def exists(dotted):
    """Tell whether a dotted name is a module or package of ours, or something
    that one of them defines or imports."""
    parts = dotted.split(".")
    for end in range(len(parts), 1, -1):
        path = os.path.join(SOURCE, *parts[:end])
        for candidate in (path + ".py", os.path.join(path, "__init__.py")):
            if os.path.exists(candidate):
                rest = parts[end:]
                return not rest or bool(re.search(
                    r"\b{}\b".format(re.escape(rest[0])), read(candidate)))
    return False


def test_the_check_of_modules_sees_something():
    assert exists("senaite.queue.storage.backup")
    assert exists("senaite.queue.pasplugin.QueueAuth")
    assert not exists("senaite.queue.storage.no_such_module")


def check(*arguments):
    return subprocess.run([sys.executable, CHECK] + list(arguments),
                          stdout=subprocess.PIPE, check=False)


def test_dead_links_of_built_pages_are_found(tmp_path):
    (tmp_path / "index.html").write_text(
        '<a href="other.html#here">good</a> <a href="other.html#gone">bad</a>'
        '<a href="missing.yml">bad</a> <img src="picture.png">'
        '<a href="https://example.org/">not ours</a> <a href="#top">bad</a>')
    (tmp_path / "other.html").write_text('<h1 id="here">Here</h1>')
    done = check(str(tmp_path))
    assert done.returncode == 1
    assert done.stdout.decode().splitlines() == [
        "index.html: {} leads nowhere".format(target) for target in (
            "other.html#gone", "missing.yml", "picture.png", "#top")]


def test_good_built_pages_pass(tmp_path):
    (tmp_path / "index.html").write_text(
        '<h1 id="top">Top</h1><a href="#top">up</a>')
    assert check(str(tmp_path)).returncode == 0


def test_pages_that_were_not_built_do_not_pass(tmp_path):
    assert check(str(tmp_path)).returncode == 1


def test_long_description_has_no_relative_targets():
    """The package index has neither the pages nor the pictures."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "setup.py", "-q",
         "--long-description"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    text = done.stdout.decode("utf-8")
    assert "SENAITE LIMS" in text
    for pattern in TARGETS:
        for target in pattern.findall(text):
            assert "://" in target, target
