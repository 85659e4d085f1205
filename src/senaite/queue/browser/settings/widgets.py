# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.
"""A text area with one name per line."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile
from z3c.form.browser.textlines import TextLinesWidget
from z3c.form.interfaces import IFieldWidget
from z3c.form.interfaces import NO_VALUE
from z3c.form.widget import FieldWidget
from zope.interface import implementer


class NamesWidget(TextLinesWidget):
    """Ignore blank lines, and escape the value.

    The template of z3c.form 3.7.1 does not escape it, so that a link to the
    settings page could contain a script.
    """

    template = ViewPageTemplateFile("templates/lines.pt")

    def extract(self, default=NO_VALUE):
        """Return what was typed, without blank lines."""
        value = super(NamesWidget, self).extract(default)
        if value is default:
            return value
        lines = (line.strip() for line in value.splitlines())
        return u"\n".join(line for line in lines if line)


@implementer(IFieldWidget)
def NamesFieldWidget(field, request):
    """Make the widget of a field."""
    return FieldWidget(field, NamesWidget(request))
