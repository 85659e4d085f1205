"""The page about the configuration has what the product has."""

import glob
import importlib.util
import os
import re

from senaite.queue import config

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
DOCS = os.path.join(ROOT, "docs")
NAME = re.compile(config.VARIABLE_PREFIX + r"[A-Z_]+\b")


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as source:
        return source.read()


def load_text():
    spec = importlib.util.spec_from_file_location(
        "configtext", os.path.join(DOCS, "_ext", "configtext.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


configtext = load_text()


def test_page_is_made_from_the_tables():
    page = read("docs", "configuration.rst")
    assert ".. settings::\n" in page
    assert ".. variables::\n" in page
    # nothing of the tables is written by hand as well
    assert not [name for name in config.SETTINGS
                if "``{}``".format(name) in page]
    assert NAME.findall(page) == []


def test_every_setting_is_complete():
    text = "\n".join(configtext.describe_settings())
    positions = []
    for title, settings in config.GROUPS:
        positions.append(text.index(".. rubric:: {}\n".format(title)))
        for setting in settings:
            start = text.index(".. describe:: {}\n".format(setting.name))
            positions.append(start)
            part = text[start:].split("\n.. ")[0]
            assert "**{}.** {}".format(
                setting.title, setting.description) in part
            assert (setting.consequence or "") in part
            assert "- Type: " + setting.kind in part
            if setting.fallback:
                assert "- Default: empty: ``{}`` counts\n".format(
                    setting.fallback) in part
            else:
                assert "- Default: ``" in part
            if setting.kind == config.INTEGER:
                assert setting.fallback or "- Default: ``{}``\n".format(
                    setting.default) in part
                assert "- Allowed: {} to {}\n".format(
                    setting.low, setting.high) in part
            for name, choice in setting.choices:
                assert "- ``{}``: {}\n".format(name, choice) in part
    assert positions == sorted(positions)


def test_every_variable_is_complete():
    text = "\n".join(configtext.describe_variables())
    for variable in config.VARIABLES:
        part = text[text.index("``{}``".format(variable.variable)):]
        part = part.split("\n``")[0]
        for words in (variable.description, variable.consequence,
                      "Allowed: " + variable.allowed,
                      "Not set: " + variable.default_text,
                      "Wrong value: " + variable.when_wrong):
            assert words in part
        if variable.key:
            assert "(``{}``)".format(variable.key) in part


def test_other_pages_name_variables_that_exist():
    known = {variable.variable for variable in config.VARIABLES}
    pages = glob.glob(os.path.join(DOCS, "*.rst")) + [
        os.path.join(ROOT, "README.rst")]
    named = {name for page in pages for name in NAME.findall(read(page))}
    assert named
    assert named - known == set()


def test_other_pages_call_settings_by_their_titles():
    former = ("Items per task", "Most items per task", "Most items of a task",
              "Tasks at a time", "Queued from so many items on",
              "Tasks that come first", "Pause between tasks",
              "Longest time of a task", "Patience with the queue server")
    for page in glob.glob(os.path.join(DOCS, "*.rst")):
        text = " ".join(read(page).split())
        assert [title for title in former if title in text] == [], page


def test_other_pages_name_keys_that_exist():
    known = {variable.key for variable in config.VARIABLES}
    keys = set()
    for page in glob.glob(os.path.join(DOCS, "*.rst")):
        for section in re.findall(
                r"<product-config senaite\.queue>\n(.*?)</product-config>",
                read(page), re.DOTALL):
            keys |= {line.split()[0] for line in section.splitlines()
                     if line.strip()}
    assert keys
    assert keys - known == set()
