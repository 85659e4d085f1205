# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Makes the demo site in an empty database (Python 2.7, run by bin/zopepy).

`site_setup.py <zope.conf> <secrets.json> <step>`; step "site" makes SENAITE
with its own demo data, step "addon" installs senaite.queue in it. Every user
gets a random password, written to secrets.json.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import base64
import io
import json
import os
import sys

SITE = "senaite"
ADMIN = "admin"
CONSUMER = "queue_consumer"
#: Lab users of the demo data; analyst1 may do all that an analyst may
LAB_USERS = ("labman1", "labclerk1", "analyst1", "analyst2", "ritamo")


def new_password():
    """Return a random password, without characters that need quoting."""
    return base64.b64encode(os.urandom(12), b"xy").decode("ascii")


def read_secrets(path):
    if not os.path.exists(path):
        return {}
    with io.open(path, encoding="utf-8") as source:
        return json.load(source)


def write_secrets(path, secrets):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as target:
        json.dump(secrets, target, indent=1, sort_keys=True)


def open_app(conf):
    """Start Zope without servers and return its root, as an administrator."""
    from ZServer.Zope2.Startup.run import configure
    # Zope's options read the command line, ours is not theirs
    del sys.argv[1:]
    configure(conf)
    import Zope2
    from AccessControl.SecurityManagement import newSecurityManager
    from AccessControl.users import system
    from zope.globalrequest import setRequest
    root = Zope2.app()
    # Not before: importing `Testing` makes Zope open a sandbox database
    from Testing.makerequest import makerequest
    app = makerequest(root)
    setRequest(app.REQUEST)
    newSecurityManager(None, system.__of__(app.acl_users))
    return app


def add_admin(app, secrets):
    """Add Zope's administrator, and act as him from now on."""
    from AccessControl.SecurityManagement import newSecurityManager
    secrets[ADMIN] = new_password()
    if app.acl_users.getUser(ADMIN) is None:
        app.acl_users._doAddUser(ADMIN, secrets[ADMIN], ["Manager"], [])
    else:
        app.acl_users.users.updateUserPassword(ADMIN, secrets[ADMIN])
    user = app.acl_users.getUser(ADMIN).__of__(app.acl_users)
    newSecurityManager(None, user)


def add_site(app):
    """Add the SENAITE site and return it."""
    from Products.CMFPlone.factory import addPloneSite
    from zope.component.hooks import setSite
    portal = addPloneSite(
        app, SITE, title="SENAITE LIMS", setup_content=False,
        default_language="en", portal_timezone="UTC",
        extension_ids=("senaite.lims:default",))
    setSite(portal)
    return portal


def act_in(app, portal):
    """Prepare the request as the publisher does when it meets the site."""
    from zope.component.hooks import setSite
    from zope.event import notify
    from zope.traversing.interfaces import BeforeTraverseEvent
    setSite(portal)
    notify(BeforeTraverseEvent(portal, app.REQUEST))
    portal.setupCurrentSkin(app.REQUEST)


def import_demo_data(portal):
    """Import the demo data that SENAITE brings for its own tests."""
    import senaite.core.tests
    from Products.GenericSetup.context import TarballImportContext
    path = os.path.join(os.path.dirname(senaite.core.tests.__file__),
                        "setup_tool-demodata.tar.gz")
    with open(path, "rb") as tarball:
        context = TarballImportContext(
            tool=portal.portal_setup, archive_bits=tarball.read(),
            encoding="UTF-8", should_purge=True)
    portal.portal_setup._doRunImportStep("senaite.core.import", context)


def repair_templates(portal):
    """Store the worksheet templates of the demo data as core reads them.

    The demo data has plain uids of services and titles of reference
    definitions, where SENAITE 2.6 expects records and uids: every use of its
    template, "Hardness", is an error page without this.
    """
    from bika.lims import api
    definitions = {}
    for brain in api.search({"portal_type": "ReferenceDefinition"},
                            "senaite_catalog_setup"):
        definitions[api.get_title(brain)] = api.get_uid(brain)
    for template in portal.setup.worksheettemplates.objectValues():
        template.setServices(list(template.services))
        template.setTemplateLayout([
            repair_row(row, definitions)
            for row in template.getTemplateLayout()])
        template.reindexObject()


def repair_row(row, definitions):
    """Return a row of a template's layout as core's own form stores it.

    :param definitions: uids of reference definitions by title
    """
    blank = definitions.get(row["blank_ref"])
    control = definitions.get(row["control_ref"])
    dup = int(row["dup"]) if row["dup"] else None
    return {
        "pos": int(row["pos"]), "type": row["type"],
        "blank_ref": [blank] if blank else [],
        "control_ref": [control] if control else [],
        "reference_proxy": blank or control, "dup": dup, "dup_proxy": dup}


def set_passwords(portal, secrets):
    """Give every user of the site a random password of their own."""
    users = portal.acl_users.source_users
    for user_id in users.getUserIds():
        password = new_password()
        users.updateUserPassword(user_id, password)
        if user_id in LAB_USERS:
            secrets[user_id] = password


def make_site(app, secrets):
    add_admin(app, secrets)
    portal = add_site(app)
    act_in(app, portal)
    import_demo_data(portal)
    repair_templates(portal)
    set_passwords(portal, secrets)


def install_addon(app, secrets):
    """Install senaite.queue, and add the user of the consumers' clocks."""
    portal = app[SITE]
    act_in(app, portal)
    portal.portal_setup.runAllImportStepsFromProfile(
        "profile-senaite.queue:default")
    secrets[CONSUMER] = new_password()
    portal.acl_users.source_users.addUser(
        CONSUMER, CONSUMER, secrets[CONSUMER])
    portal.acl_users.portal_role_manager.assignRoleToPrincipal(
        "QueueConsumer", CONSUMER)


STEPS = {"site": make_site, "addon": install_addon}


def main(conf, secrets_path, step):
    import transaction
    app = open_app(conf)
    secrets = read_secrets(secrets_path)
    STEPS[step](app, secrets)
    transaction.commit()
    app._p_jar.db().close()
    write_secrets(secrets_path, secrets)


if __name__ == "__main__":
    main(*sys.argv[1:])
