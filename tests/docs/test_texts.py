"""Nothing that people read is untranslatable, translations are well-formed."""

import ast
import glob
import os
import re
import string

import polib
import pytest
from lxml import etree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PACKAGE = os.path.join(ROOT, "src", "senaite", "queue")
LOCALES = os.path.join(PACKAGE, "locales")
POT = os.path.join(LOCALES, "senaite.queue.pot")
LANGUAGES = ("ca", "cs", "de", "es", "fr", "zh_CN")

#: Tests, and what speaks to programs: answers of routes are English
UNREAD = ("/tests/", "/storage/", "/routes/")

TRANSLATE = ("i18n:translate",)
REPLACED = ("tal:content", "tal:replace")
#: The same, for elements that are of TAL altogether: tal:comment
TAL_REPLACED = ("content", "replace")
ATTRIBUTES = ("title", "alt", "placeholder", "aria-label")
#: Of which arguments people read the value
ARGUMENTS = ("title", "label", "message", "description")


def templates():
    return sorted(glob.glob(os.path.join(PACKAGE, "**", "*.pt"),
                            recursive=True))


def modules():
    return sorted(
        path for path in glob.glob(os.path.join(PACKAGE, "**", "*.py"),
                                   recursive=True)
        if not any(part in path for part in UNREAD))


def short(path):
    return os.path.relpath(path, PACKAGE)


def has_words(text):
    """Tell whether a text has words of a language, variables left out."""
    text = re.sub(r"\$\{[^}]*\}|\$\w+", "", text or "")
    return bool(re.search(r"[^\W\d_]{2,}", text))


def is_translated(element):
    """Tell whether an element, or one around it, is a message, or is
    replaced by a value."""
    while element is not None:
        names = TRANSLATE + REPLACED
        if element.tag.startswith("tal:"):
            names += TAL_REPLACED
        if any(name in element.attrib for name in names):
            return True
        element = element.getparent()
    return False


def untranslatable(path):
    with open(path, "rb") as source:
        tree = etree.fromstring(b"<div>" + re.sub(
            rb"<\?xml[^>]*\?>|<!DOCTYPE[^>]*>", b"", source.read()) +
            b"</div>", etree.HTMLParser(encoding="utf-8"))
    for element in tree.iter(etree.Element):
        if element.tag in ("script", "style"):
            continue
        texts = [(element, element.text)] + [
            (element, child.tail) for child in element]
        for owner, text in texts:
            if has_words(text) and not is_translated(owner):
                yield text.strip()
        named = element.get("i18n:attributes", "")
        dynamic = element.get("tal:attributes", "")
        names = ATTRIBUTES + (("value",) if element.get("type") in (
            "submit", "button") else ())
        for name in names:
            if has_words(element.get(name)) and \
                    not re.search(r"\b{}\b".format(name), named + " " + dynamic) \
                    and "tal:replace" not in element.attrib:
                yield "{}={}".format(name, element.get(name))


@pytest.mark.parametrize("path", templates(), ids=short)
def test_template(path):
    assert list(untranslatable(path)) == []


def test_the_check_of_templates_sees_something(tmp_path):
    page = tmp_path / "page.pt"
    page.write_text('<p>Some words</p><p i18n:translate="">Others</p>'
                    '<input type="submit" value="Send" />'
                    '<a title="x" tal:content="y">word</a>'
                    '<tal:comment replace="nothing">Unseen</tal:comment>')
    assert list(untranslatable(str(page))) == ["Some words", "value=Send"]


def is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str) \
        and " " in node.value.strip() and has_words(node.value)


def python_texts(path):
    """Yield what people read that does not go through `_`."""
    with open(path, encoding="utf-8") as source:
        tree = ast.parse(source.read())
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in ("addStatusMessage", "add_status_message", "Invalid") and \
                node.args and is_text(node.args[0]):
            yield node.args[0].value
        if name in ("ArgumentParser", "add_argument", "Route"):
            continue
        for keyword in node.keywords:
            if keyword.arg in ARGUMENTS and is_text(keyword.value):
                yield keyword.value.value


@pytest.mark.parametrize("path", modules(), ids=short)
def test_module(path):
    assert list(python_texts(path)) == []


def variables(text):
    return set(re.findall(r"\$\{(\w+)\}", text))


def test_pot_can_be_read():
    assert len(polib.pofile(POT, check_for_duplicates=True)) > 50


@pytest.mark.parametrize("language", LANGUAGES)
def test_translation(language):
    """Well-formed and complete."""
    path = os.path.join(LOCALES, language, "LC_MESSAGES", "senaite.queue.po")
    po = polib.pofile(path, check_for_duplicates=True)
    for entry in po:
        if not entry.translated():
            continue
        assert variables(entry.msgid) == variables(entry.msgstr), entry.msgid
        edges = (entry.msgid[:1].isspace(), entry.msgid[-1:].isspace())
        assert edges == (entry.msgstr[:1].isspace(),
                         entry.msgstr[-1:].isspace()), entry.msgid
        assert set(entry.msgstr) <= set(string.printable) or \
            entry.msgstr.encode("utf-8")
    assert po.metadata["Language-Code"] == language
    assert re.match(r"nplurals=[1-6]; plural=.+;$",
                    po.metadata["Plural-Forms"])
    wanted = {entry.msgid for entry in polib.pofile(POT)}
    done = {entry.msgid for entry in po if entry.translated()}
    assert sorted(wanted - done) == []
