# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Which work of failed tasks is still undone.

A failed task stays until a manager removes it or has it tried again. Meanwhile
somebody may have done its work, by another click or by hand, and nothing tells
the task. Pages therefore ask the catalogs in which state its objects are, once
for all failed tasks and for each state of the catalogs.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import hashlib

from bika.lims import api as senaite_api
from senaite.core.catalog import ANALYSIS_CATALOG
from senaite.core.catalog import SAMPLE_CATALOG
from senaite.core.catalog import WORKSHEET_CATALOG

from senaite.queue.client import view

UID_CATALOG = "uid_catalog"
CATALOGS = (ANALYSIS_CATALOG, SAMPLE_CATALOG, WORKSHEET_CATALOG)

#: Tasks that are named after their workflow action, and others with one
PREFIX = "task_action_"
ACTIONS = {"task_assign_analyses": "assign"}

#: Maximum number of items of failed tasks that are looked up in advance, and
#: whose changes are told to open pages at once
MOST_ITEMS = 2000

#: Maximum number of states of sites that are remembered
MOST_KNOWN = 8

_known = {}


class Known(object):
    """What is known of failed tasks, as of one state of the catalogs.

    Threads share it: what they add is the same.
    """

    __slots__ = ("tasks", "places", "version")

    def __init__(self, tasks):
        #: see `senaite.queue.client.view.failed_tasks`
        self.tasks = tasks
        #: task uid -> uids, see `find_places`; only what stays so until the
        #: catalogs change
        self.places = {}
        #: differs whenever `places` may differ for the tasks looked up first
        self.version = ""

    def is_undone(self, task, uid):
        """Tell whether the work of a failed task with an object is still
        undone.

        An item is undone if it can do the action of the task in its present
        state. Whether the user may is not asked: that would ask each guard for
        each row. A sample is undone if one of its own analyses is, and the
        context if any item is. (The primary sample of an item that is a
        partition is not undone for that reason.)

        Only workflow actions tell it. Of other tasks, such as worksheet
        templates, nothing says whether their work was done since: they count
        as undone until they are removed; see `is_decidable`.

        :param task: dict of the change feed
        :param uid: uid of an item, of the sample of an item, or of the context
        :rtype: bool
        """
        if not is_decidable(task):
            return True
        places = self.places.get(task["task_uid"])
        if places is None:
            places, is_lasting = find_places([task])[task["task_uid"]]
            if is_lasting:
                self.places[task["task_uid"]] = places
        return uid in places


def is_decidable(task):
    """Tell whether the states of objects tell that the work of a task was
    done.

    :param task: dict of the change feed
    :rtype: bool
    """
    return get_action(task) is not None


def get_action(task):
    """Return the id of the workflow action of a task, or None."""
    name = task["name"]
    if name.startswith(PREFIX):
        return name[len(PREFIX):]
    return ACTIONS.get(name)


def version_of(portal):
    """Return a text that differs whenever the work of failed tasks was done or
    is undone again; empty without failed tasks.

    Of more than `MOST_ITEMS` items, the rest is not looked at, nor are items
    that are in none of the catalogs: pages learn of these with the next change
    of the queue.

    :param portal: root object of the site
    :rtype: str
    """
    return get_known(portal).version if view.failed_tasks(portal) else ""


def get_known(portal):
    """Return what is known of the failed tasks of a site, for one answer.

    Looks at the catalogs only after they or the queue have changed.

    :param portal: root object of the site
    :rtype: Known
    """
    key = get_key(portal)
    failed = view.failed_tasks(portal)
    known = _known.get(key)
    if known is not None and known.tasks is failed:
        return known
    known = Known(failed)
    tasks = list_first(failed)
    if tasks:
        known.places = dict(
            (task_uid, places) for task_uid, (places, is_lasting)
            in find_places(tasks).items() if is_lasting)
        known.version = hashlib.sha256(repr(sorted(
            (str(task_uid), sorted(map(str, places)))
            for task_uid, places in known.places.items())).encode(
                "ascii")).hexdigest()[:20]
    if key is not None:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[key] = known
    return known


def get_key(portal):
    """Return what tells one state of the catalogs from another; None when
    this transaction has changed anything.

    Of a catalog, that is the number of changes so far. Another transaction may
    count to the same number with other content as long as neither is
    committed.
    """
    connection = portal._p_jar
    # False since the first change, whether in a savepoint or not
    if not connection._needs_to_join:
        return None
    return (portal.getPhysicalPath(), id(connection.db()), tuple(
        senaite_api.get_tool(name).getCounter() for name in CATALOGS))


def list_first(tasks):
    """Return the first decidable tasks, with about `MOST_ITEMS` items."""
    found, count = [], 0
    for task in tasks:
        if count >= MOST_ITEMS:
            break
        if is_decidable(task):
            found.append(task)
            count += len(get_items(task))
    return found


def get_items(task):
    """Return the uids of a task's items; a task without items is about its
    context."""
    return task.get("uids") or [task.get("context_uid")]


def find_places(tasks):
    """Return the uids of the objects with which tasks are undone.

    :param tasks: decidable ones
    :returns: dict of task uid -> tuple: set of uids, see `Known.is_undone`,
        and whether it stays so until the catalogs change
    :rtype: dict
    """
    uids = set(uid for task in tasks for uid in get_items(task) if uid)
    found, others = find_objects(uids)
    told, places = {}, {}
    for task in tasks:
        action = get_action(task)
        undone = set()
        for uid in get_items(task):
            if uid not in found:
                # It is gone
                continue
            obj, ancestors = found[uid]
            key = senaite_api.get_portal_type(obj), get_state(obj), action
            if key not in told:
                told[key] = find_transition(*key)
            transition = told[key]
            if transition is None or is_repeatable(transition, key[1]) and \
                    was_done(obj, action, task.get("job_created")):
                continue
            undone.add(uid)
            undone.update(ancestors)
        if undone and task.get("context_uid"):
            undone.add(task["context_uid"])
        places[task["task_uid"]] = \
            undone, others.isdisjoint(get_items(task))
    return places


def find_objects(uids):
    """Return the objects with these uids, whoever may see them.

    :returns: dict of uid -> tuple of brain or object, and the uids of the
        samples that it is an analysis of; and the uids of those that are in
        none of the catalogs
    :rtype: tuple
    """
    found, others = {}, set()
    for name in CATALOGS:
        rest = [uid for uid in uids if uid not in found]
        if not rest:
            break
        catalog = senaite_api.get_tool(name)
        ancestors = catalog._catalog.indexes.get("getAncestorsUIDs")
        for brain in catalog.unrestrictedSearchResults(UID=rest):
            found[brain.UID] = brain, ancestors.getEntryForObject(
                brain.getRID(), ()) if ancestors is not None else ()
    rest = [uid for uid in uids if uid not in found]
    if rest:
        # It knows no states, but which of them exist
        for brain in senaite_api.get_tool(UID_CATALOG)(UID=rest):
            found[brain.UID] = senaite_api.get_object(brain), ()
            others.add(brain.UID)
    return found, others


def get_state(obj):
    """Return the state of an object or brain."""
    return senaite_api.get_workflow_status_of(obj)


def find_transition(portal_type, state, action):
    """Return a transition that starts in a state, or None.

    :param portal_type: type of the object
    :param state: id of its state
    :param action: id of the transition
    """
    tool = senaite_api.get_tool("portal_workflow")
    for workflow in tool.getWorkflowsFor(portal_type):
        start = workflow.states.get(state)
        if start is not None and action in start.transitions:
            return workflow.transitions.get(action)
    return None


def is_repeatable(transition, state):
    """Tell whether a transition leads back to where it starts, such as one of
    several verifications."""
    return transition.new_state_id in ("", None, state)


def was_done(obj, action, since):
    """Tell whether an object has done an action since a job was started.

    :param obj: object or brain
    :param since: in epoch seconds, or None
    """
    # The guard of the history is that of the user who looks
    obj = obj._unrestrictedGetObject() \
        if senaite_api.is_brain(obj) else obj
    return any(entry.get("action") == action and
               float(entry["time"]) >= (since or 0)
               for entry in senaite_api.get_review_history(obj))
