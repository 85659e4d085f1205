# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The control panel: the settings of the queue, and its key."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import hashlib
import os

from plone.app.registry.browser.controlpanel import ControlPanelFormWrapper
from plone.app.registry.browser.controlpanel import RegistryEditForm
from plone.protect import CheckAuthenticator
from plone.protect import PostOnly
from Products.Five import BrowserView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile
from Products.statusmessages.interfaces import IStatusMessage
from z3c.form.browser.checkbox import CheckBoxFieldWidget

from senaite.queue import api
from senaite.queue.auth import signing_keys
from senaite.queue.browser.monitor.dashboard import describe_consumers
from senaite.queue.browser.settings import advice
from senaite.queue.browser.settings.settings_schema import IQueueSettings
from senaite.queue.browser.settings.widgets import NamesFieldWidget
from senaite.queue.client import diagnosis
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue.server.reading import get_site_id
from senaite.queue.site.plonesite import PREFIX
from senaite.queue.site import surroundings

#: How the settings are grouped; what is in no group comes last
GROUPS = (
    (_(u"Where the queue is"), ("server", "outage_seconds")),
    (_(u"What is queued"),
     ("default", "queued_processes", "min_items", "max_uids",
      "max_payload_bytes")),
    (_(u"Order and pace"), ("top_priority_tasks", "min_seconds_task")),
    (_(u"When something goes wrong"),
     ("max_retries", "max_seconds_unlock", "lease_seconds")),
    (_(u"History"), ("retention_days", "payload_hours")),
)
OTHERS = _(u"More")

#: Digits of the key's fingerprint that are shown
FINGERPRINT_LENGTH = 12


class QueueSettingsForm(RegistryEditForm):
    """The form with the settings."""

    schema = IQueueSettings
    schema_prefix = PREFIX
    label = _(u"Queue Settings")

    # The template that SENAITE 2.6 has for all forms is a page of its own,
    # and would put a page into the page
    template = ViewPageTemplateFile("templates/settings.pt")

    def updateFields(self):
        """Give fields with several values widgets that suit them."""
        super(QueueSettingsForm, self).updateFields()
        self.fields["top_priority_tasks"].widgetFactory = NamesFieldWidget
        self.fields["queued_processes"].widgetFactory = CheckBoxFieldWidget

    @property
    def action(self):
        """Saved by the control panel, whichever page shows the form."""
        return "{}/@@queue-controlpanel".format(self.context.absolute_url())

    def groups_of_widgets(self):
        """Return the widgets, grouped: dicts with `title` and `widgets`."""
        rest = list(self.widgets.keys())
        found = []
        for title, names in GROUPS:
            names = [name for name in names if name in rest]
            rest = [name for name in rest if name not in names]
            found.append((title, names))
        found.append((OTHERS, rest))
        return [{"title": title,
                 "widgets": [self.widgets[name] for name in names]}
                for title, names in found if names]

    # SENAITE switches Plone's automatic protection off for its sites
    enableCSRFProtection = True


class QueueSettingsView(ControlPanelFormWrapper):
    """The page around it, with a button of its own for the key."""

    form = QueueSettingsForm
    index = ViewPageTemplateFile("templates/controlpanel.pt")

    #: What the test of the connection found, see `TestConnectionView`
    report = None

    def consumers(self):
        """Return the consumers, for people; None when the queue server does
        not tell."""
        try:
            return describe_consumers(api.get_queue().get_figures())
        except Exception:
            logger.warning("event=consumers_unknown", exc_info=True)
            return None

    def get_advice(self):
        """Return what there is to say about the set-up."""
        return advice.get_advice(self.context)

    def is_key_from_environment(self):
        """Tell whether the key can be changed here."""
        return bool(os.environ.get(signing_keys.ENVIRONMENT))

    def get_fingerprint(self):
        """Return what tells a key from others and says nothing about it.

        :returns: hex digits, empty when there is no key
        """
        try:
            key = signing_keys.get_key(self.context)
        except ValueError:
            return ""
        digest = hashlib.sha256(key.encode("ascii")).hexdigest()
        return digest[:FINGERPRINT_LENGTH]


class RotateKeyView(BrowserView):
    """Makes a new key; called by the button in the control panel."""

    def __call__(self):
        PostOnly(self.request)
        CheckAuthenticator(self.request)
        grace = signing_keys.GRACE_SECONDS
        if self.request.form.get("leaked"):
            grace = 0
        signing_keys.rotate(self.context, grace)
        logger.info("event=key_rotated by=%s grace_seconds=%s",
                    surroundings.get().get_username(), grace)
        self.say(grace)
        return self.request.response.redirect(
            "{}/@@queue-controlpanel".format(self.context.absolute_url()))

    def say(self, grace):
        """Tell the user what happened."""
        if grace:
            message = _(u"The queue has a new key. The former one is accepted "
                        u"for another ${minutes} minutes.",
                        mapping={"minutes": grace // 60})
        else:
            message = _(u"The queue has a new key. The former one is not "
                        u"accepted any more.")
        IStatusMessage(self.request).addStatusMessage(message, "info")


class TestConnectionView(QueueSettingsView):
    """The same page, with what a test of the connection has found."""

    def __call__(self):
        PostOnly(self.request)
        CheckAuthenticator(self.request)
        found = diagnosis.test(
            surroundings.get().get_setting("server"),
            get_site_id(self.context),
            lambda: signing_keys.get_key(self.context))
        logger.info("event=connection_tested by=%s good=%s",
                    surroundings.get().get_username(),
                    all(good is not False for good, _message in found))
        self.report = [{"class": LEVELS[good], "text": message}
                       for good, message in found]
        # What was pressed is none of the form's buttons
        self.request.form.clear()
        return super(TestConnectionView, self).__call__()


LEVELS = {True: "success", False: "danger", None: "warning"}
