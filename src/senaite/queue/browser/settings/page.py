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

from plone.app.registry.browser.controlpanel import ControlPanelFormWrapper
from plone.app.registry.browser.controlpanel import RegistryEditForm
from plone.protect import CheckAuthenticator
from plone.protect import PostOnly
from plone.registry.interfaces import IRegistry
from Products.Five import BrowserView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile
from Products.statusmessages.interfaces import IStatusMessage
from z3c.form.browser.checkbox import CheckBoxFieldWidget
from z3c.form.interfaces import DISPLAY_MODE
from zope.component import getUtility

from senaite.queue import api
from senaite.queue.auth.membership import get_membership
from senaite.queue.auth import signing_keys
from senaite.queue.browser.monitor.dashboard import describe_consumers
from senaite.queue.browser.settings import advice
from senaite.queue.browser.settings.settings_schema import IQueueSettings
from senaite.queue.browser.settings import trust_guard
from senaite.queue.browser.settings.widgets import NamesFieldWidget
from senaite.queue.client import diagnosis
from senaite.queue.client import trust
from senaite.queue import config
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue.model import surroundings
from senaite.queue.server.reading import get_site_id
from senaite.queue.site.plonesite import PREFIX

#: Title of the group with the fields of other add-ons
OTHERS = _(u"Settings of other add-ons")

#: Why some fields are shown, but cannot be changed
LOCKED = _(u"Only administrators may change this, because it decides which "
           u"process is trusted.")

#: Digits of the key's fingerprint that are shown
FINGERPRINT_LENGTH = 12


class QueueSettingsForm(RegistryEditForm):
    """The form with the settings."""

    schema = IQueueSettings
    schema_prefix = PREFIX
    label = _(u"Queue Settings")

    # SENAITE 2.6's template for forms renders a whole page, which would end
    # up inside of ours
    template = ViewPageTemplateFile("templates/settings.pt")

    def updateFields(self):
        """Give fields with several values widgets that suit them."""
        super(QueueSettingsForm, self).updateFields()
        self.fields["top_priority_tasks"].widgetFactory = NamesFieldWidget
        self.fields["queued_processes"].widgetFactory = CheckBoxFieldWidget
        for name, setting in config.SETTINGS.items():
            if self.is_locked(setting):
                self.fields[name].mode = DISPLAY_MODE

    def is_locked(self, setting):
        """Tell whether the current user may not change a setting.

        :param setting: senaite.queue.config.Setting
        """
        return setting.decides_trust and \
            not trust_guard.may_decide(self.context)

    @property
    def action(self):
        """The URL that saves the form, whichever page shows it."""
        return "{}/@@queue-controlpanel".format(self.context.absolute_url())

    def getContent(self):
        """Return the records, also where some are missing: those of settings
        that are newer than the site. Their fields show the default."""
        return getUtility(IRegistry).forInterface(
            self.schema, check=False, prefix=self.schema_prefix)

    def applyChanges(self, data):
        """Save the values; records that are missing are added first.

        Those that are there stay: to replace a record that decides who is
        trusted takes an administrator, whatever its value.
        """
        registry = getUtility(IRegistry)
        registry.registerInterface(
            self.schema, prefix=self.schema_prefix,
            omit=[name for name in self.schema.names(all=True)
                  if "{}.{}".format(self.schema_prefix, name) in registry])
        return super(QueueSettingsForm, self).applyChanges(data)

    def groups_of_widgets(self):
        """Return the widgets as `config.GROUPS` has them; the fields of other
        add-ons come last, in the fieldsets of their schema.

        :returns: dicts with `title` and `fields`; each field is a dict with
            `widget`, `locked` (why it cannot be changed, or None),
            `consequence`, `facts` and `is_small` (whether there are many like
            it, so that they are shown side by side)
        """
        groups = [
            {"title": title,
             "fields": [self.describe(setting) for setting in settings]}
            for title, settings in config.GROUPS]
        others = [_describe_widget(widget)
                  for name, widget in self.widgets.items()
                  if name not in config.SETTINGS]
        if others:
            groups.append({"title": OTHERS, "fields": others})
        groups.extend(
            {"title": group.label, "fields": [
                _describe_widget(widget) for widget in group.widgets.values()]}
            for group in self.groups)
        return groups

    def describe(self, setting):
        """Return the widget of a setting, and what is said below it."""
        return {"widget": self.widgets[setting.name],
                "locked": LOCKED if self.is_locked(setting) else None,
                "consequence": setting.consequence,
                "facts": get_facts(setting),
                "is_small": setting.fallback is not None}

    # SENAITE switches off Plone's automatic protection
    enableCSRFProtection = True

    # The groups of other add-ons are below each other, as ours are
    enable_form_tabbing = False


def _describe_widget(widget):
    """Return the field of another add-on as `groups_of_widgets` has it."""
    return {"widget": widget, "locked": None, "consequence": None,
            "facts": None, "is_small": False}


def get_facts(setting):
    """Return default and bounds of a setting, for people.

    :param setting: senaite.queue.config.Setting
    :returns: a message, or None where the default is more than a word
    """
    if setting.fallback:
        return _(u"Leave it empty to use '${title}'. Allowed: ${low} to "
                 u"${high}.",
                 mapping={"title": config.SETTINGS[setting.fallback].title,
                          "low": setting.low, "high": setting.high})
    if setting.kind == config.INTEGER:
        return _(u"Default: ${default}. Allowed: ${low} to ${high}.",
                 mapping={"default": setting.default, "low": setting.low,
                          "high": setting.high})
    if setting.kind == config.BOOLEAN:
        return _(u"Default: on") if setting.default else _(u"Default: off")
    if setting.kind == config.URL:
        return _(u"Default: ${default}",
                 mapping={"default": setting.default})
    if setting.choices:
        return _(u"Default: all")
    return None


class QueueSettingsView(ControlPanelFormWrapper):
    """The page around the form, with a button for the key."""

    form = QueueSettingsForm
    index = ViewPageTemplateFile("templates/controlpanel.pt")

    #: What the test of the connection found, see `TestConnectionView`
    report = None

    def consumers(self):
        """Return the consumers for the page; None when the queue server does
        not respond."""
        try:
            return describe_consumers(api.get_queue().get_figures())
        except Exception:
            logger.warning("event=consumers_unknown", exc_info=True)
            return None

    def get_advice(self):
        """Return how the queue is set up and what to improve."""
        return advice.get_advice(self.context)

    def may_decide(self):
        """Tell whether the current user may make a new key."""
        return trust_guard.may_decide(self.context)

    def is_key_from_environment(self):
        """Tell whether the key is in the environment, where this page cannot
        change it."""
        return config.get_source(config.KEY) is not None

    def get_fingerprint(self):
        """Return a fingerprint of the key, which does not reveal it.

        :returns: hex digits; empty when there is no valid key
        """
        try:
            key = signing_keys.get_key(self.context)
        except ValueError:
            return ""
        digest = hashlib.sha256(key.encode("ascii")).hexdigest()
        return digest[:FINGERPRINT_LENGTH]


class RotateKeyView(BrowserView):
    """Make a new key: the target of the button on the settings page."""

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
            message = _(u"The queue has a new key. The previous key is "
                        u"accepted for another ${minutes} minutes.",
                        mapping={"minutes": grace // 60})
        else:
            message = _(u"The queue has a new key. The previous key is no "
                        u"longer accepted.")
        IStatusMessage(self.request).addStatusMessage(message, "info")


class TestConnectionView(QueueSettingsView):
    """The settings page with the result of a test of the connection."""

    def __call__(self):
        PostOnly(self.request)
        CheckAuthenticator(self.request)
        found = self.find()
        found += diagnosis.about_user_folders(
            trust.find_broken_user_folders(self.context))
        logger.info("event=connection_tested by=%s good=%s",
                    surroundings.get().get_username(),
                    all(good is not False for good, _message in found))
        self.report = [{"class": LEVELS[good], "text": message}
                       for good, message in found]
        # The button is not one of the form's
        self.request.form.clear()
        return super(TestConnectionView, self).__call__()

    def find(self):
        """Return what is found, see `diagnosis.test`: nothing of the URL where
        nobody asks it, because a failure would look like a fault."""
        url = surroundings.get().get_setting("server")
        if url and advice.asks_nobody():
            return [(True, advice.SINGLE_PROCESS)]
        return diagnosis.test(
            url, get_site_id(self.context),
            lambda: signing_keys.get_key(self.context),
            get_membership(self.context))


LEVELS = {True: "success", False: "danger", None: "warning"}
