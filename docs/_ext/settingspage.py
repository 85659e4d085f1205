# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The directives `settings` and `variables`: all settings of a site, and all
variables of a process, made from the tables in `senaite.queue.config`, so that
the page cannot differ from the product."""

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

import configtext


class Lines(Directive):
    """Inserts lines as if they were part of the page."""

    def describe(self):
        """Yield the lines."""
        raise NotImplementedError

    def run(self):
        section = nodes.section()
        section.document = self.state.document
        lines = StringList(list(self.describe()), self.name)
        self.state.nested_parse(lines, self.content_offset, section)
        return section.children


class Settings(Lines):
    """All settings of a site."""

    def describe(self):
        """See `configtext.describe_settings`."""
        return configtext.describe_settings()


class Variables(Lines):
    """All variables of a process."""

    def describe(self):
        """See `configtext.describe_variables`."""
        return configtext.describe_variables()


def setup(app):
    app.add_directive("settings", Settings)
    app.add_directive("variables", Variables)
    return {"parallel_read_safe": True}
