# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The directive `openapi`: the routes in docs/openapi.json, as text."""

import json
import os

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

DOCS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def describe(document):
    """Yield the lines of a page about an OpenAPI document."""
    for path, methods in sorted(document["paths"].items()):
        for method, operation in sorted(methods.items()):
            if not isinstance(operation, dict) or \
                    "responses" not in operation:
                continue
            yield ".. describe:: {} {}".format(method.upper(), path)
            yield ""
            text = operation.get("description") or operation.get("summary")
            for line in (text or "").splitlines():
                yield "   " + line
            yield ""
            for parameter in operation.get("parameters", ()):
                if "name" in parameter:
                    yield "   - ``{}`` ({}): {}".format(
                        parameter["name"], parameter["in"],
                        " ".join((parameter.get("description")
                                  or "").split()))
            yield ""
            yield "   Answers: {}".format(", ".join(
                "``{}``".format(status)
                for status in sorted(operation["responses"])))
            yield ""


class OpenAPI(Directive):
    """Inserts the page."""

    def run(self):
        section = nodes.section()
        section.document = self.state.document
        path = os.path.join(DOCS, "openapi.json")
        self.state.document.settings.env.note_dependency(path)
        if not os.path.exists(path):
            return [nodes.paragraph(text="This checkout has no openapi.json.")]
        with open(path, encoding="utf-8") as source:
            lines = list(describe(json.load(source)))
        self.state.nested_parse(
            StringList(lines, path), self.content_offset, section)
        return section.children


def setup(app):
    app.add_directive("openapi", OpenAPI)
    return {"parallel_read_safe": True}
