"""What tools are said to do, they do: targets, hooks, build machines."""

import functools
import os
import re
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))


def read(*parts):
    with open(os.path.join(ROOT, *parts), encoding="utf-8") as source:
        return source.read()


def targets():
    """Return the names of all targets of the Makefile."""
    lines = re.findall(r"^\.PHONY: (.*)$", read("Makefile"), re.MULTILINE)
    return " ".join(lines).split()


@functools.lru_cache()
def shown():
    """Return what `make help` prints."""
    return subprocess.run(["make", "help"], cwd=ROOT, check=True,
                          stdout=subprocess.PIPE).stdout.decode("utf-8")


def variable(name):
    """Return the words of a variable of the Makefile."""
    found = re.search(r"^{} = ((?:.*\\\n)*.*)$".format(name),
                      read("Makefile"), re.MULTILINE)
    return found.group(1).replace("\\\n", " ").split()


@pytest.mark.parametrize("target", targets())
def test_help_has_every_target(target):
    assert target == "help" or re.search(
        r"(?<![\w-]){}(?![\w-])".format(re.escape(target)), shown())


def test_every_rule_is_a_target_by_name():
    rules = re.findall(r"^([a-z][a-z0-9-]*):", read("Makefile"), re.MULTILINE)
    assert sorted(rules) == sorted(targets())


def test_lines_of_the_makefile_are_short():
    assert [line for line in read("Makefile").splitlines()
            if len(line) > 88] == []


def test_every_part_of_the_tests_runs():
    """What is a test target of its own is part of `test` or of `test-long`,
    or stands for some that are."""
    parts = set(variable("TESTS") + variable("LONG"))
    groups = {"test-long", "test-unit", "test-integration", "test-py3"}
    assert {name for name in targets()
            if name.startswith("test-")} - groups == {
        name for name in parts if name.startswith("test-")}
    assert {"killpoints", "storetest", "crashtest", "plants", "concurrency",
            "soak", "fuzz"} <= parts


def recipes():
    """Return the recipes of the Makefile, with their variables replaced."""
    text = read("Makefile").replace("\\\n", " ")
    values = dict(re.findall(r"^([A-Z0-9_]+) = (.*)$", text, re.MULTILINE))

    def value(match):
        return values.get(match.group(1), match.group(0))
    lines = re.findall(r"^\t(.*)$", text, re.MULTILINE)
    for _number in range(3):
        lines = [re.sub(r"\$\(([A-Z0-9_]+)\)", value, line) for line in lines]
    return lines


def long_files():
    """Return the files with tests that are marked as long."""
    found = []
    for folder, _folders, names in os.walk(os.path.join(ROOT, "tests")):
        found.extend(os.path.relpath(os.path.join(folder, name), ROOT)
                     for name in names if name.startswith("test_")
                     and name.endswith(".py"))
    return sorted(name for name in found if re.search(
        r"^(@|pytestmark = )pytest\.mark\.long", read(name), re.MULTILINE))


def test_long_tests_are_found():
    assert "tests/cluster/test_campaign.py" in long_files()


@pytest.mark.parametrize("name", long_files())
def test_every_long_test_is_run_by_a_target(name):
    assert [line for line in recipes()
            if name in line.split() and '"not long"' not in line
            and "--ignore=" + name not in line]


def test_all_cluster_tests_are_in_a_part():
    """Those with a cluster of their own are named; `test-cluster` has the
    rest."""
    for name in variable("OWN"):
        assert os.path.exists(os.path.join(
            ROOT, "tests", "cluster", name + ".py")), name


def test_hooks_run_what_lint_runs():
    chosen = re.search(r"for name in \$\{\*:-([^}]*)\}",
                       read("scripts", "lint.sh")).group(1).split()
    hooks = re.findall(r"entry: scripts/lint\.sh (\S+)",
                       read(".pre-commit-config.yaml"))
    assert hooks == chosen


@pytest.mark.parametrize("path", [
    (".github", "workflows", "ci.yml"), (".travis.yml",)])
def test_build_machines_call_the_same_script(path):
    assert re.search(r"^\s*-( run:)? \.ci/run$", read(*path), re.MULTILINE)


def test_lint_refuses_the_time_of_day(tmp_path):
    """In whatever way a module asks for it."""
    for line in ("import time\nbegan = time.time()",
                 "import time\nread = time.time",
                 "import time as t\nbegan = t.time()",
                 "from datetime import datetime as dt\nat = dt.utcnow()",
                 "from DateTime import DateTime as Date\nat = Date()",
                 "from time import time",
                 "import datetime\nat = datetime.datetime.now()",
                 "from datetime import datetime\nat = datetime.utcnow()",
                 "from DateTime import DateTime\nat = DateTime()",
                 "import threading\nbell = threading.Event()"):
        (tmp_path / "module.py").write_text(line + "\n")
        found = subprocess.run(
            [sys.executable, "scripts/check_clock.py", str(tmp_path)],
            cwd=ROOT, stdout=subprocess.PIPE)
        assert found.returncode == 1, line
        assert b"module.py:" in found.stdout and b": use " in found.stdout
    (tmp_path / "module.py").write_text(
        "import time\ntime.sleep(1)\nshown = time.gmtime(0)\n")
    subprocess.run([sys.executable, "scripts/check_clock.py", str(tmp_path)],
                   cwd=ROOT, check=True)
