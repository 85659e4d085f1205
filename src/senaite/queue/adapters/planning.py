# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Plan what a worksheet template asks for: which analyses go to which slot.

The plan is what `Worksheet.applyWorksheetTemplate` of core (senaite.core 2.6.0)
works out before it adds anything, with one difference: analyses that are
queued, usually to be put on another worksheet, count as taken. Without the
queue, they would be there already. Core also sorts the new slots again, with
the variables mixed up. That never changes anything, since analyses come sample
by sample, and is left out.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections

from bika.lims import api
from senaite.core.catalog import ANALYSIS_CATALOG

from senaite.queue import logger

#: Kinds of steps that follow the routine analyses, in this order
DUPLICATES = "duplicates"
REFERENCES = "references"
INSTRUMENT = "instrument"
METHOD = "method"


def make_readable(template):
    """Make sure that core can read the services of a template.

    SENAITE's import of setup data (its own demo data as well) leaves plain
    uids where core expects records, and core fails wherever it reads them:
    when the template is applied, and on the template's own pages. Such uids
    are stored again, as records. A template that core can read is not changed.

    :param template: the worksheet template
    :returns: False when the services are something else, and core would fail
    :rtype: bool
    """
    if is_readable(template):
        return True
    stored = template.services
    if not isinstance(stored, (list, tuple)) or \
            not all(api.is_uid(uid) for uid in stored):
        return False
    template.setServices(list(stored))
    logger.warning("Worksheet template %s: its services were plain uids, and "
                   "are stored as records now", api.get_path(template))
    return True


def is_readable(template):
    """Tell whether core can read the services of a template.

    :param template: the worksheet template
    :rtype: bool
    """
    try:
        return all(api.is_uid(uid) for uid in template.getRawServices())
    except (AttributeError, TypeError):
        return False


def search(template):
    """Return the brains of the routine analyses a template may take.

    :param template: the worksheet template
    :rtype: list of brains, in the order in which they take slots
    """
    services = template.getRawServices()
    if not services:
        return []
    return api.search({
        "portal_type": "Analysis",
        "getServiceUID": services,
        "review_state": "unassigned",
        "sort_on": "getPrioritySortkey",
    }, ANALYSIS_CATALOG)


def routine(worksheet, template, is_taken):
    """Return the routine analyses for a worksheet, with their slots.

    :param worksheet: the worksheet
    :param template: the worksheet template
    :param is_taken: function that tells whether the object of a uid is queued
    :returns: dict from analysis to slot, in order
    :rtype: collections.OrderedDict
    """
    free = collections.deque(sorted(
        worksheet.resolve_available_slots(template, "a")))
    slots = dict(worksheet.get_containers_slots())
    instrument = template.getRawInstrument()
    method = template.getRawRestrictToMethod()
    found = collections.OrderedDict()
    for brain in search(template):
        if is_taken(api.get_uid(brain)):
            continue
        analysis = api.get_object(brain)
        if instrument and not analysis.isInstrumentAllowed(instrument):
            continue
        if method and not analysis.isMethodAllowed(method):
            continue
        sample = analysis.getRequestUID()
        if sample not in slots:
            if not free:
                continue
            slots[sample] = free.popleft()
        found[analysis] = slots[sample]
    return found


def steps(worksheet, template):
    """Return the steps that follow the routine analyses.

    :returns: list of lists that begin with the kind of the step, and contain
        JSON values only

    :param worksheet: the worksheet
    :param template: the worksheet template
    """
    found = [[DUPLICATES, int(row["dup"]), int(row["pos"])]
             for row in template.getTemplateLayout()
             if row["type"] == "d" and row["dup"]]
    for kind in ("b", "c"):
        for wanted in worksheet._resolve_reference_samples(template, kind):
            found.append([
                REFERENCES, wanted["slot"], api.get_uid(wanted["sample"]),
                list(wanted["supported_services"])])
    if template.getRawInstrument():
        found.append([INSTRUMENT])
    if template.getRawRestrictToMethod():
        found.append([METHOD])
    return found


def estimate(worksheet, template):
    """Return the largest number of analyses that a template can add to a
    worksheet.

    Wakes up no analysis, since a user is waiting for the answer.

    :rtype: int
    """
    services = len(template.getRawServices() or ())
    taken = set(worksheet.get_slot_positions("all"))
    free = worksheet.resolve_available_slots(template, "a")
    samples = len(free) + len(worksheet.get_slot_positions("a"))
    count = min(len(search(template)), samples * services)
    for step in steps(worksheet, template):
        if step[0] == REFERENCES:
            count += len(step[3])
        elif step[0] == DUPLICATES and (count or step[1] in taken):
            count += services
    return count
