# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The directive `settings`: every setting of the control panel, made from the
schema itself, so that the page cannot tell anything else than the product."""

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList


def describe(schema):
    """Yield the lines of a page about a schema."""
    from zope.schema import getFieldsInOrder
    for name, field in getFieldsInOrder(schema):
        yield ".. describe:: {}".format(name)
        yield ""
        yield "   **{}.** {}".format(plain(field.title),
                                     plain(field.description))
        yield ""
        for label, value in facts(field):
            yield "   - {}: ``{}``".format(label, value)
        yield ""


def plain(message):
    """Return a message as text, with its variables filled in."""
    text = str(message)
    for key, value in (getattr(message, "mapping", None) or {}).items():
        text = text.replace("${%s}" % key, str(value))
    return " ".join(text.split()).replace("*", r"\*")


def facts(field):
    """Yield what the schema knows of a field besides its description."""
    yield "kind", type(field).__name__
    default = field.default
    if isinstance(default, tuple):
        default = ", ".join(default) or "(empty)"
    yield "default", default
    for name, label in (("min", "least"), ("max", "most")):
        value = getattr(field, name, None)
        if value is not None:
            yield label, value


class Settings(Directive):
    """Inserts the page."""

    def run(self):
        from senaite.queue.browser.settings import IQueueSettings
        section = nodes.section()
        section.document = self.state.document
        lines = StringList(list(describe(IQueueSettings)), "settings")
        self.state.nested_parse(lines, self.content_offset, section)
        return section.children


def setup(app):
    app.add_directive("settings", Settings)
    return {"parallel_read_safe": True}
