# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Worksheets made by a template: the two pages that apply one, queued.

Core applies the template within the click, and judges by the worksheet's
layout whether something was added. With the queue, that is not known yet.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api as senaite_api
from bika.lims import bikaMessageFactory
from bika.lims.browser.worksheet.views import AddAnalysesView
from bika.lims.browser.worksheet.views import AddWorksheetView
from bika.lims.utils import tmpID
from Products.CMFPlone.utils import _createObjectByType

from senaite.queue.adapters import planning
from senaite.queue.adapters import worksheet_template as templates
from senaite.queue import api
from senaite.queue.integration import decisions
from senaite.queue import messageFactory as _


def get_template(uid):
    """Return a worksheet template, or None.

    :param uid: what the form says
    """
    if not senaite_api.is_uid(uid):
        return None
    obj = senaite_api.get_object_by_uid(uid, default=None)
    if senaite_api.is_object(obj) and \
            senaite_api.get_portal_type(obj) == "WorksheetTemplate":
        return obj
    return None


def apply_template(worksheet, template):
    """Queue the application of a template, or do it at once.

    Where there is little or nothing to add, it is done at once: that takes no
    time, and people are told.

    :param worksheet: the worksheet
    :param template: the worksheet template
    :returns: True when it was queued
    :rtype: bool
    """
    count = planning.estimate(worksheet, template)
    if not count or not decisions.is_to_be_queued(templates.TASK, count):
        worksheet.applyWorksheetTemplate(template)
        return False
    templates.set_template(worksheet, template)
    api.add_apply_template_task(worksheet, template)
    return True


def queued_message(template):
    """Return what people are told when a template was queued."""
    title = senaite_api.safe_unicode(senaite_api.get_title(template))
    return _(u"The worksheet template ${title} is applied in the background.",
             mapping={"title": title})


class QueuedAddAnalysesView(AddAnalysesView):
    """Core's page "Add analyses", with its form "Apply template" queued."""

    #: the message about what was queued
    message = None

    def handle_submit(self):
        """Apply the template that was chosen.

        :returns: False when nothing was added, nor will be
        """
        template = get_template(self.request.form.get("getWorksheetTemplate"))
        if template is None:
            return super(QueuedAddAnalysesView, self).handle_submit()
        self.request["context_uid"] = senaite_api.get_uid(self.context)
        before = len(self.context.getLayout())
        if apply_template(self.context, template):
            self.message = queued_message(template)
            return True
        return len(self.context.getLayout()) != before

    def template(self, *args, **kw):
        """Render the page, unless another one is to tell what was queued:
        core renders it even when it redirects, which uses the message up."""
        if self.message is not None:
            return u""
        return super(QueuedAddAnalysesView, self).template(*args, **kw)

    def add_status_message(self, message, level="info"):
        """Say what happened: that changes were saved is not all of it."""
        super(QueuedAddAnalysesView, self).add_status_message(
            self.message or message, level)


class QueuedAddWorksheetView(AddWorksheetView):
    """Core's form "Create worksheet", with the template queued.

    The worksheet itself is made at once: people go there from here.
    """

    def __call__(self):
        template = get_template(self.request.get("template", ""))
        if template is None or not self.request.get("analyst", ""):
            return super(QueuedAddWorksheetView, self).__call__()
        worksheet = self.create_worksheet()
        if apply_template(worksheet, template):
            return self.leave(worksheet, "manage_results",
                              queued_message(template))
        if worksheet.getLayout():
            return self.leave(worksheet, "manage_results")
        return self.leave(worksheet, "add_analyses",
                          bikaMessageFactory(u"No analyses were added"))

    def create_worksheet(self):
        """Return a new worksheet, with what else the form says."""
        worksheet = _createObjectByType("Worksheet", self.context, tmpID())
        worksheet.processForm()
        # Before the analyses: they take both over
        worksheet.setAnalyst(self.request.get("analyst"))
        instrument = self.request.get("instrument", "")
        if instrument:
            worksheet.setInstrument(instrument)
        worksheet.setResultsLayout(
            self.context.bika_setup.getWorksheetLayout())
        # For subscribers of events: the context is another one from now on
        self.request["context_uid"] = senaite_api.get_uid(worksheet)
        return worksheet

    def leave(self, worksheet, page, message=None):
        """Go to a page of the worksheet."""
        if message is not None:
            self.context.plone_utils.addPortalMessage(message)
        self.request.response.redirect("{}/{}".format(
            senaite_api.get_url(worksheet), page))
