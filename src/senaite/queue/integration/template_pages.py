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

Core applies the template within the request, and checks the worksheet's layout
to find out whether something was added. When the template is queued, that is
not known yet.
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
    """Return a worksheet template, or None when there is none with this uid.

    :param uid: value of the form
    """
    if not senaite_api.is_uid(uid):
        return None
    obj = senaite_api.get_object_by_uid(uid, default=None)
    if senaite_api.is_object(obj) and \
            senaite_api.get_portal_type(obj) == "WorksheetTemplate":
        return obj
    return None


def queue_template(worksheet, template):
    """Queue the application of a template, if it is to be queued.

    Not with few or no analyses to add: that is fast, and the user sees the
    result.

    :param worksheet: the worksheet
    :param template: the worksheet template
    :returns: True when it was queued
    :rtype: bool
    """
    if not decisions.is_to_be_queued(templates.TASK) or \
            not planning.is_readable(template):
        return False
    count = planning.estimate(worksheet, template)
    if not count or not decisions.is_to_be_queued(templates.TASK, count):
        return False
    templates.set_template(worksheet, template)
    api.add_apply_template_task(worksheet, template)
    return True


def apply_template(worksheet, template):
    """Queue the application of a template, or do it at once.

    :param worksheet: the worksheet
    :param template: the worksheet template
    :returns: True when it was queued
    :rtype: bool
    """
    # Core's method is patched to do the same, unless the patch stepped aside
    return queue_template(worksheet, template) or \
        bool(worksheet.applyWorksheetTemplate(template))


def queued_message(template):
    """Return the message for users whose template was queued."""
    title = senaite_api.safe_unicode(senaite_api.get_title(template))
    return _(u"The worksheet template ${title} will be applied in the "
             u"background.",
             mapping={"title": title})


def unreadable_message(template):
    """Return the message for users whose template core cannot read."""
    title = senaite_api.safe_unicode(senaite_api.get_title(template))
    return _(u"The worksheet template ${title} cannot be used: SENAITE cannot "
             u"read its analysis services. Create the template again.",
             mapping={"title": title})


class QueuedAddAnalysesView(AddAnalysesView):
    """Core's page "Add analyses", with its form "Apply template" queued."""

    #: the message about what was queued
    message = None

    #: the message about why nothing was added, when it is not core's
    problem = None

    def update(self):
        """Offer the filters of the worksheet's template, if there is one that
        core can read."""
        template = self.context.getWorksheetTemplate()
        if template is None or planning.is_readable(template):
            super(QueuedAddAnalysesView, self).update()
        else:
            # Past core's own method, which would fail
            super(AddAnalysesView, self).update()

    def handle_submit(self):
        """Apply the selected template.

        :returns: False when nothing was added or queued
        """
        template = get_template(self.request.form.get("getWorksheetTemplate"))
        if template is None:
            return super(QueuedAddAnalysesView, self).handle_submit()
        if not planning.make_readable(template):
            self.problem = unreadable_message(template)
            return False
        self.request["context_uid"] = senaite_api.get_uid(self.context)
        before = len(self.context.getLayout())
        if apply_template(self.context, template):
            self.message = queued_message(template)
            return True
        return len(self.context.getLayout()) != before

    def template(self, *args, **kw):
        """Render the page, except before a redirect after something was
        queued: core would render it as well, and use up the message."""
        if self.message is not None:
            return u""
        return super(QueuedAddAnalysesView, self).template(*args, **kw)

    def add_status_message(self, message, level="info"):
        """Show a more precise message than core's, if there is one."""
        super(QueuedAddAnalysesView, self).add_status_message(
            self.message or self.problem or message, level)


class QueuedAddWorksheetView(AddWorksheetView):
    """Core's form "Create worksheet", with the template queued.

    The worksheet itself is created at once, because the user is redirected to
    it.
    """

    def __call__(self):
        template = get_template(self.request.get("template", ""))
        if template is None or not self.request.get("analyst", ""):
            return super(QueuedAddWorksheetView, self).__call__()
        if not planning.make_readable(template):
            return self.leave(
                self.context, message=unreadable_message(template),
                level="warning")
        worksheet = self.create_worksheet()
        if apply_template(worksheet, template):
            return self.leave(worksheet, "manage_results",
                              queued_message(template))
        if worksheet.getLayout():
            return self.leave(worksheet, "manage_results")
        return self.leave(worksheet, "add_analyses",
                          bikaMessageFactory(u"No analyses were added"))

    def create_worksheet(self):
        """Return a new worksheet with the other values of the form."""
        worksheet = _createObjectByType("Worksheet", self.context, tmpID())
        worksheet.processForm()
        # Before the analyses are added: they copy both
        worksheet.setAnalyst(self.request.get("analyst"))
        instrument = self.request.get("instrument", "")
        if instrument:
            worksheet.setInstrument(instrument)
        worksheet.setResultsLayout(
            self.context.bika_setup.getWorksheetLayout())
        # Subscribers of events read the current context from the request
        self.request["context_uid"] = senaite_api.get_uid(worksheet)
        return worksheet

    def leave(self, target, page="", message=None, level="info"):
        """Redirect to a page, and show a message there.

        :param target: content object
        :param page: name of one of its views; by default the object itself
        """
        if message is not None:
            self.context.plone_utils.addPortalMessage(message, level)
        url = senaite_api.get_url(target)
        self.request.response.redirect("{}/{}".format(url, page).rstrip("/"))
