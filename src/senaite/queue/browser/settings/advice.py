# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""How the queue is set up, as this process sees it, and what to improve.

For the settings page. Nothing here asks another process: it uses what the
agent knows already, so that the page is shown at once when the queue server is
down.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections

from senaite.queue.auth import server_time
from senaite.queue.auth import signing_keys
from senaite.queue.client import agent as agents
from senaite.queue.client import diagnosis
from senaite.queue.client import trust
from senaite.queue.client import view
from senaite.queue import config
from senaite.queue.consumer import loop as consumers
from senaite.queue.integration import core_patches
from senaite.queue.integration import notices
from senaite.queue import logger
from senaite.queue import messageFactory as _
from senaite.queue.model import surroundings
from senaite.queue.server.reading import get_site_id
from senaite.queue.server.server_utility import get_server_utility
from senaite.queue.site import alone
from senaite.queue.site import connections
from senaite.queue.site import hotfix
from senaite.queue.site import process_role
from senaite.queue import speedups

INFO = "info"
WARNING = "warning"

#: What is said of a site without other processes
SINGLE_PROCESS = _(u"This site runs in a single process, which is queue server "
                   u"and consumer, whatever the URL in 'Queue server'.")

#: Maximum number of seconds to wait until this process has asked the queue
#: server at a URL that has just been entered
PATIENCE = 3

#: Seconds since its last sign of life for which a consumer counts as running
ALIVE_SECONDS = 60

#: `level` is INFO or WARNING, `text` what is seen, `advice` what to do, or
#: None; both are messages for people
Advice = collections.namedtuple("Advice", ("level", "text", "advice"))


def get_advice(portal):
    """Return how the queue is set up and what to improve.

    :param portal: root object of the current site
    :returns: the most important first
    :rtype: list of Advice
    """
    found = _about_hotfix() + [Advice(
        WARNING, _(u"The configuration of this Zope process is wrong: "
                   u"${error}", mapping={"error": str(error)}), None)
             for error in config.get_errors()]
    if signing_keys.is_legacy(portal):
        found.append(_about_upgrade())
    url = surroundings.get().get_setting("server")
    if not url:
        return found + [Advice(
            WARNING, _(u"The queue is off, because 'Queue server' is empty."),
            _(u"In a site that runs in a single process, enter any URL, such "
              u"as the default; in a site with several clients, the URL of "
              u"the client that is to keep the queue."))] + _about_patches()
    if config.get_errors(config.CRITICAL):
        return found + _about_patches()
    found.append(_about_role(portal, url))
    hold = view.get_hold(portal)
    if hold is not None:
        found.append(Advice(WARNING, notices.tell_held(hold), None))
    difference = server_time.get_difference(url.rstrip("/"))
    if difference:
        found.append(Advice(
            WARNING, diagnosis.about_difference(difference), None))
    if process_role.is_queue_server():
        found += _about_consumers(portal)
    elif view.unattended_seconds(portal) > view.UNATTENDED_SECONDS:
        found.append(_no_consumer())
    return found + _about_patches()


def _about_hotfix():
    """Return that SENAITE's security hotfix is missing, if it is."""
    if not hotfix.is_missing():
        return []
    values = {"hotfix": hotfix.NAME}
    return [Advice(
        WARNING, _(u"In this process, the security hotfix ${hotfix} of "
                   u"SENAITE is missing: users who can reach the JSON API can "
                   u"run code, without logging in.", mapping=values),
        _(u"Add ${hotfix} to the eggs of all Zope processes and restart them.",
          mapping=values))]


def _about_upgrade():
    """Return what is missing until the key has left the site."""
    return Advice(
        WARNING, _(u"The upgrade step of senaite.queue has not been run in "
                   u"this site: exports of the site contain the key, and a "
                   u"server that does not have it would be trusted."),
        _(u"When all processes run this version, run the step: 'Site Setup', "
          u"'Add-ons'."))


def _about_patches():
    """Return which functions of other packages are not those that patches and
    speedups were written for, and whether speedups are switched off."""
    found = [_about_function(changed)
             for changed in core_patches.get_changed()]
    if not speedups.is_on():
        return found + [Advice(
            INFO, _(u"Speedups are switched off: tasks take longer."), None)]
    return found + [_about_speedup(changed)
                    for changed in speedups.get_changed()]


def _about_function(changed):
    """Return what is wrong with a function that the queue patches, or relies
    on.

    :type changed: senaite.queue.site.patching.Declaration
    """
    values = describe(changed)
    if changed.is_gone:
        return Advice(
            WARNING, _(u"In this process, ${function} is missing: the queue "
                       u"was written for ${version}.", mapping=values),
            _(u"The queue works without its patch. Look for a new release of "
              u"senaite.queue."))
    text = _(u"In this process, ${function} is not the function that the "
             u"queue was written for (${version}).", mapping=values)
    if changed.origin:
        text = _(u"In this process, ${function} is not the function that the "
                 u"queue was written for (${version}): it comes from "
                 u"${origin}.", mapping=values)
    if changed.replacement is None:
        return Advice(WARNING, text, _(
            u"The queue relies on it. Look for a new release of "
            u"senaite.queue."))
    if changed.is_patched_over:
        return Advice(WARNING, text, _(
            u"It was patched after the queue had patched it: whether the "
            u"queue's patch still works depends on that add-on."))
    return Advice(WARNING, text, _(
        u"It is patched nevertheless. Look for a new release of "
        u"senaite.queue."))


def _about_speedup(changed):
    """Return why a speedup is not used.

    :type changed: senaite.queue.site.patching.Declaration
    """
    values = describe(changed)
    text = _(u"In this process, ${function} is not the function that the "
             u"speedup '${speedup}' was written for (${version}).",
             mapping=values)
    if changed.origin:
        text = _(u"In this process, ${function} is not the function that the "
                 u"speedup '${speedup}' was written for (${version}): it "
                 u"comes from ${origin}.", mapping=values)
    return Advice(WARNING, text, _(
        u"Tasks are processed without this speedup, and take longer. Look "
        u"for a new release of senaite.queue."))


def describe(changed):
    """Return what messages say about a function that has changed.

    :type changed: senaite.queue.site.patching.Declaration
    """
    return {"function": changed.function, "version": changed.version,
            "speedup": changed.speedup, "origin": changed.origin}


def _about_role(portal, url):
    role = process_role.get_configured_role()
    if role == process_role.SERVER:
        return Advice(INFO, _(u"This process is the queue server: its "
                              u"configuration says so."), None)
    if asks_nobody():
        return Advice(INFO, SINGLE_PROCESS, None)
    if role is None and process_role.is_queue_server():
        return Advice(
            INFO, _(u"This process is the queue server, because 'Queue "
                    u"server' is its address. It also runs the tasks when "
                    u"no other process does."),
            _(u"If there is a lot of work, reserve one client for the queue "
              u"server, and others for consumers."))
    return _about_server(portal, url)


def asks_nobody():
    """Tell whether this process is the only one of the site: it uses no
    connection to a queue server, whatever the setting.

    :rtype: bool
    """
    return process_role.get_configured_role() is None and \
        surroundings.get().has_own_database()


def _about_server(portal, url):
    """Return what is known about a queue server in another process."""
    if trust.is_refused(portal):
        return Advice(
            WARNING, notices.tell_other_database(surroundings.get()), None)
    agent = agents.get_agent(portal)
    if not agent.has_asked(url, PATIENCE):
        return Advice(INFO, _(
            u"The queue server is at ${url}. This process has not asked it "
            u"yet.", mapping={"url": url}), None)
    if not agent.outage_seconds():
        return Advice(INFO, _(u"The queue server is at ${url}.",
                              mapping={"url": url}), None)
    refusal = diagnosis.describe(agent.trouble, get_site_id(portal))
    if refusal is not None:
        return Advice(WARNING, refusal, None)
    # the role "client" keeps this process from being the server
    own = process_role.get_configured_role() is None and \
        process_role.get_site_url(portal)
    advice = _(u"Start the process at that address, or enter the address at "
               u"which one of the clients serves this site as 'Queue server'.")
    if own:
        advice = _(u"Start the process at that address, or enter the address "
                   u"of this process as 'Queue server': ${url}",
                   mapping={"url": own})
    return Advice(WARNING, _(u"The queue server at ${url} does not answer.",
                             mapping={"url": url}), advice)


def _about_consumers(portal):
    """Return what the queue server knows about its consumers.

    :returns: a list, empty when there is no consumer but this process takes
        tasks as soon as some are waiting
    """
    try:
        store = get_server_utility(portal).store
        now = store.now()
        ahead = store.ahead()
        count = len([item for item in store.consumers()
                     if now - item["last_seen"] < ALIVE_SECONDS])
    except Exception as error:
        logger.warning("event=consumers_not_read reason=%s", error)
        return [Advice(
            WARNING, _(u"The store of the queue cannot be read."),
            _(u"See the event log of this process for the reason."))]
    found = []
    if abs(ahead) >= diagnosis.WORTH_A_WORD:
        found.append(Advice(
            WARNING, diagnosis.about_store_clock(ahead), None))
    if count or consumers.is_running(connections.Site.of(portal)):
        return found + [
            Advice(INFO, _(u"Running consumers: ${count}",
                           mapping={"count": max(count, 1)}), None)]
    if alone.may_volunteer():
        return found
    return found + [_no_consumer()]


def _no_consumer():
    return Advice(
        WARNING, _(u"No consumer has been running for at least a minute."),
        _(u"Tasks are waiting. Start a consumer: a client with a "
          u"clock-server, or the program queue-consumer. If it runs, check "
          u"the site, the user and the password of its clock-server."))
