# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Installs the add-on in a site, and uninstalls it without leftovers."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import transaction
from plone.registry import field
from plone.registry.interfaces import IRegistry
from plone.registry import Record
from Products.CMFCore.interfaces import ISiteRoot
from Products.CMFPlone.interfaces import INonInstallable
from Products.PluggableAuthService.interfaces.authservice import \
    IPluggableAuthService
from Products.statusmessages.interfaces import IStatusMessage
from zope.component import getUtility
from zope.globalrequest import getRequest
from zope.interface import alsoProvides
from zope.interface import implementer
from zope.interface import noLongerProvides

from senaite.queue import api
from senaite.queue.auth import pas
from senaite.queue.auth import process_marks
from senaite.queue.auth import signing_keys
from senaite.queue import config
from senaite.queue.errors import QueueHeld
from senaite.queue.interfaces import ISenaiteQueueLayer
from senaite.queue.interfaces import IServerQueueUtility
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue.model.fields import to_text
from senaite.queue.model.states import ACTIVE
from senaite.queue.model.states import FAILED
from senaite.queue.permissions import CONSUMER_ROLE
from senaite.queue.permissions import PERMISSIONS
from senaite.queue.records import ledger
from senaite.queue.records import outbox
from senaite.queue.records import store_mark
from senaite.queue.site.plonesite import has_profile
from senaite.queue.site.plonesite import PREFIX
from senaite.queue.site.plonesite import PROFILE

#: Maximum number of tasks lost at uninstallation that are logged one by one
MOST_LISTED = 100


@implementer(INonInstallable)
class HiddenProfiles(object):
    """Hides the uninstall profile in the list of add-ons."""

    def getNonInstallableProfiles(self):
        return ["senaite.queue:uninstall"]

    def getNonInstallableProducts(self):
        return []


def pre_install(setup):
    """Make a record of text of the URL of the server, before the import.

    Profile versions 20600 and 20601 kept it as bytes in Python 2. The import
    gives a record of another type its default, which is the address of another
    process; the upgrade may come later than a repeated import.

    :param setup: portal_setup
    """
    records = getUtility(IRegistry).records
    name = PREFIX + ".server"
    if name not in records or isinstance(records[name].field, field.TextLine):
        return
    value = to_text(records[name].value)
    if not value or config.check_url(value):
        # The queue stays off, as after an upgrade
        value = None
    # The import gives it the field of the schema
    records[name] = Record(field.TextLine(required=False), value)


def post_install(setup):
    """Complete the installation after the import of the profile.

    Existing data is kept, so that the installation can be repeated.

    :param setup: portal_setup
    """
    portal = get_site(setup)
    signing_keys.make_key(portal)
    process_marks.install(portal)
    outbox.install(portal)
    ledger.install(portal)
    store_mark.install(portal)
    for acl_users in (portal.acl_users, get_root_users(portal)):
        if IPluggableAuthService.providedBy(acl_users):
            pas.install(acl_users)
    add_layer()
    logger.info("event=installed site=%s", "/".join(portal.getPhysicalPath()))


def pre_uninstall(setup):
    """Log the tasks that are lost, and remove them from the queue.

    Tasks in the outbox are not delivered, because no consumer would process
    them. Tasks that stayed in the queue would run when the add-on is installed
    again.

    :param setup: portal_setup
    """
    portal = get_site(setup)
    if not has_profile(portal):
        return
    prepare_purge()
    try:
        lost = list(api.get_queue().get_tasks(ACTIVE + (FAILED,)))
    except Exception:
        logger.exception("event=queue_not_read reason=uninstalling")
        lost = [task for task, _at in outbox.pending(portal)]
    for task in lost[:MOST_LISTED]:
        logger.warning(
            "event=task_lost reason=uninstalled task=%s name=%s user=%s "
            "context=%s", task.get("task_uid"), task.get("name"),
            task.get("username"), task.get("context_path"))
    if lost:
        logger.warning("event=tasks_lost reason=uninstalled count=%s",
                       len(lost))
        say(_(u"Tasks that had not finished when SENAITE QUEUE was "
              u"uninstalled: ${count}. The event log lists them.",
              mapping={"count": len(lost)}))


def say(message):
    """Add a status message to the page, if there is one."""
    request = getRequest()
    messages = request is not None and IStatusMessage(request, None)
    if messages:
        messages.addStatusMessage(message, "warning")


def prepare_purge():
    """Have the task store emptied, or say that its tasks stay."""
    try:
        queue = api.get_queue()
    except Exception:
        logger.exception("event=store_kept reason=uninstalled_in_an_outage")
        say_not_emptied()
    else:
        purge_after_commit(queue)


def purge_after_commit(queue):
    """Empty the queue when the uninstallation is committed.

    Only the queue server can empty it. Other processes say that its tasks
    remain: when the commit is known to have succeeded, they have no key any
    more that the server would accept.

    :param queue: the queue utility
    """
    if not IServerQueueUtility.providedBy(queue):
        logger.warning("event=store_kept reason=uninstalled_elsewhere")
        say(_(u"This process is not the queue server: the tasks of the site "
              u"stay in the task store. If the add-on is installed again, the "
              u"queue waits until an administrator decides about them. To "
              u"remove them, delete the store, or install the add-on and "
              u"choose 'Remove everything' in the monitor."))
        return

    def purge(committed):
        if not committed:
            return
        # What is raised here, nobody but the log is told
        try:
            queue.remove_all()
        except QueueHeld as error:
            logger.error("event=store_kept reason=not_ours error=%r",
                         str(error))
            say(_(u"The task store belongs to another database, or may: its "
                  u"tasks were not removed."))
        except Exception:
            logger.exception("event=store_kept reason=not_emptied")
            say_not_emptied()

    transaction.get().addAfterCommitHook(purge)


def say_not_emptied():
    """Say that the queue server could not empty its store."""
    say(_(u"The task store could not be emptied: the tasks of the site stay "
          u"in the task store. If the add-on is installed again, the queue "
          u"waits until an administrator decides about them. To remove them, "
          u"delete the store, or install the add-on and choose 'Remove "
          u"everything' in the monitor."))


def post_uninstall(setup):
    """Remove what the import of the uninstall profile cannot remove.

    :param setup: portal_setup
    """
    portal = get_site(setup)
    signing_keys.remove(portal)
    process_marks.uninstall(portal)
    outbox.uninstall(portal)
    ledger.uninstall(portal)
    store_mark.uninstall(portal)
    remove_permissions(portal)
    remove_role(portal)
    setup.unsetLastVersionForProfile(PROFILE)

    pas.uninstall(portal.acl_users)
    root_users = get_root_users(portal)
    if IPluggableAuthService.providedBy(root_users) and \
            not any(map(has_profile, get_sites(portal.getPhysicalRoot()))):
        pas.uninstall(root_users)
    remove_layer()
    logger.info("event=uninstalled site=%s",
                "/".join(portal.getPhysicalPath()))


def get_site(setup):
    """Return the site of a setup tool."""
    return setup._getImportContext("profile-" + PROFILE).getSite()


def get_root_users(portal):
    """Return the user folder of Zope's root."""
    return getattr(portal.getPhysicalRoot(), "acl_users", None)


def get_sites(folder):
    """Return all sites below a folder that is not part of a site.

    :param folder: Zope's root, or a folder in it
    """
    found = []
    for item in folder.objectValues():
        if ISiteRoot.providedBy(item):
            found.append(item)
        elif item.meta_type in ("Folder", "Folder (Ordered)"):
            found.extend(get_sites(item))
    return found


def remove_permissions(portal):
    """Reset the add-on's permissions: they are acquired from Zope's root."""
    for permission in PERMISSIONS:
        portal.manage_permission(permission, roles=[], acquire=1)


def remove_role(portal):
    """Remove the role of consumers from the site and from its users."""
    if CONSUMER_ROLE in portal.userdefined_roles():
        portal._delRoles([CONSUMER_ROLE])
    manager = portal.acl_users.get("portal_role_manager")
    if manager is not None and CONSUMER_ROLE in manager.listRoleIds():
        manager.removeRole(CONSUMER_ROLE)


def add_layer():
    """Add the browser layer to the current request."""
    request = getRequest()
    if request is not None and not ISenaiteQueueLayer.providedBy(request):
        alsoProvides(request, ISenaiteQueueLayer)


def remove_layer():
    """Remove the browser layer from the current request."""
    request = getRequest()
    if request is not None and ISenaiteQueueLayer.providedBy(request):
        noLongerProvides(request, ISenaiteQueueLayer)
