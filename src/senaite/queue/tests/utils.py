# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Helpers of tests with a site: temporary settings, content, and a queue that
is processed in the test's own thread.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib

import transaction
from AccessControl.SecurityManagement import newSecurityManager
from bika.lims import api
from bika.lims.interfaces import IWorkflowActionAdapter
from bika.lims.utils.analysisrequest import create_analysisrequest
from DateTime import DateTime
from Products.CMFCore.indexing import processQueue
from zope.component import queryMultiAdapter
from zope.globalrequest import getRequest

from senaite.queue.api import get_task_adapter
from senaite.queue.client import agent as agents
from senaite.queue.client import snapshot
from senaite.queue.model.current import working_on
from senaite.queue.model.queue_task import to_task
from senaite.queue.model import surroundings
from senaite.queue.records import outbox
from senaite.queue.site import click_origin
from senaite.queue.site import plonesite


class OtherSettings(object):
    """Surroundings with some settings replaced."""

    def __init__(self, former, values):
        self.former = former
        self.values = values

    def __getattr__(self, name):
        return getattr(self.former, name)

    def get_setting(self, name):
        if name in self.values:
            return self.values[name]
        return self.former.get_setting(name)


@contextlib.contextmanager
def settings(**values):
    """Apply settings for the `with` block, e.g. `default=0`.

    :param values: keys of `senaite.queue.model.surroundings.DEFAULTS`
    """
    former = surroundings.get()
    surroundings.provide(OtherSettings(former, values))
    try:
        yield
    finally:
        surroundings.provide(former)


@contextlib.contextmanager
def not_installed():
    """Make the add-on appear not installed in this site."""
    former = plonesite.is_installed
    plonesite.is_installed = lambda: False
    try:
        yield
    finally:
        plonesite.is_installed = former


def hold_agent(test, portal):
    """Return the agent of a site, stopped: what this process knows of the
    queue is what the test says, for the rest of the test.

    :param test: the test case
    """
    agent = agents.get_agent(portal)
    agent.stop()
    agent.join(30)
    agent.ensure = agent.wake = lambda task_uid=None: None
    test.addCleanup(agents._agents.pop, agent.site.key, None)
    agents._agents[agent.site.key] = agent
    agent._trouble_since = agent.trouble = None
    agent.unattended_seconds = 0
    have_answer(portal)
    return agent


def have_answer(portal):
    """Have this process know what the queue server says, unless it does: at
    first that there are no tasks.

    :rtype: senaite.queue.client.agent.Agent
    """
    agent = agents.get_agent(portal)
    if agent.state.version is None:
        agent.state = snapshot.State("epoch:0")
    return agent


def form_adapter(context, action):
    """Return the form channel's adapter of a workflow action."""
    return queryMultiAdapter(
        (context, getRequest()), IWorkflowActionAdapter,
        name="workflow_action_{}".format(action))


def pending(portal):
    """Return the unprocessed tasks of the outbox.

    :rtype: list of senaite.queue.model.queue_task.QueueTask
    """
    return [to_task(data) for data, _at in outbox.pending(portal)]


def process(portal, task):
    """Process a task in this thread and transaction, as its user, and commit.

    :returns: the task, with its note
    """
    work_on(portal, task, transaction.commit)
    return task


def work_on(portal, task, end=processQueue):
    """Process a task in this thread and transaction, as its user.

    :param end: called at the end, while the request still shows what the click
        saw: what waits to be indexed is indexed there
    """
    request = getRequest()
    act_as(portal, task.username)
    context = task.get_context()
    request.set("queue_tuid", task.task_uid)
    if api.get_portal_type(context) == "Worksheet":
        request.set("ws_uid", task.context_uid)
    try:
        with click_origin.put_back(request, task["click_origin"], portal):
            with working_on(task):
                get_task_adapter(task.name, context).process(task)
            outbox.forget(portal, task.task_uid)
            end()
    finally:
        for key in ("queue_tuid", "ws_uid"):
            request.other.pop(key, None)
        clear_caches(request)


def act_as(portal, user_id):
    """Become a user of the site, or of Zope's root."""
    folders = (portal.acl_users, portal.aq_parent.acl_users)
    users = [folder.getUserById(user_id) for folder in folders]
    user = [found for found in users if found is not None][0]
    newSecurityManager(None, user)


def clear_caches(request):
    """Clear the values that views and guards memoize on the request, and what
    catalogs have answered."""
    from zope.annotation.interfaces import IAnnotations
    annotations = IAnnotations(request)
    for key in list(annotations):
        if key.startswith("plone.memoize") or "guards" in key:
            del annotations[key]
    request.other.pop("__catalog_cache__", None)


def drain(portal, limit=100):
    """Process all tasks of the outbox, follow-ups included.

    :param portal: root object of the site
    :param limit: maximum number of tasks; with more the test fails
    :returns: the tasks, in the order in which they were processed
    """
    done = []
    while len(done) < limit:
        transaction.begin()
        tasks = pending(portal)
        if not tasks:
            return done
        done.append(process(portal, tasks[0]))
    raise AssertionError("More than {} tasks".format(limit))


def create_samples(portal, count, keywords=("Ca", "Cu", "Mg")):
    """Create samples of the demo client, and receive them.

    :param count: number of samples
    :param keywords: keywords of the services of their analyses
    :returns: the samples
    """
    client = portal.clients["client-1"]
    services = api.search({"portal_type": "AnalysisService",
                           "getKeyword": list(keywords)},
                          "senaite_catalog_setup")
    values = {
        "Client": api.get_uid(client),
        "Contact": api.get_uid(client.getContacts()[0]),
        "DateSampled": DateTime().strftime("%Y-%m-%d"),
        "SampleType": api.get_uid(portal.setup.sampletypes["sampletype-1"]),
    }
    samples = []
    for _index in range(count):
        sample = create_analysisrequest(
            client, getRequest(), dict(values),
            [api.get_uid(service) for service in services])
        api.do_transition_for(sample, "receive")
        samples.append(sample)
    return samples


def create_worksheet(portal):
    """Create an empty worksheet."""
    return api.create(portal.worksheets, "Worksheet")


def analyses_of(samples):
    """Return the analyses of samples, sample by sample."""
    return [analysis for sample in samples
            for analysis in sorted(sample.getAnalyses(full_objects=True),
                                   key=lambda an: an.getKeyword())]
