# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Tasks that apply a worksheet template to a worksheet, step by step.

The task makes a plan first, in a transaction of its own. No two plans are made
at the same time, so that two templates never count on the same analysis. The
routine analyses follow in chunks, and then what depends on them: duplicates,
blanks and controls, slot by slot, the instrument, the method.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api as senaite_api

from senaite.queue.adapters.assign import QueuedAssignAnalysesTaskAdapter
from senaite.queue.adapters import planning
from senaite.queue.adapters.settle import Settlement
from senaite.queue.adapters import skipped
from senaite.queue.api import add_copy
from senaite.queue.api import is_queued
from senaite.queue.site.objects import get_object
from senaite.queue.site import samples
from senaite.queue import speedups

TASK = "task_apply_worksheet_template"


class QueuedWorksheetTemplateTaskAdapter(QueuedAssignAnalysesTaskAdapter):
    """Applies the template of the task's key `template`."""

    def process(self, task):
        """Make the plan, add a chunk of routine analyses, or do a step.

        :param task: task with the uid of the template and, once the plan is
            made, with `steps`, `uids` and `slots`
        :type task: senaite.queue.model.queue_task.QueueTask
        """
        template = get_object(task["template"])
        if template is None:
            self.give_up(task, task["template"], skipped.GONE,
                         u"The worksheet template was removed meanwhile")
        elif not planning.make_readable(template):
            problem = (
                u"The worksheet template cannot be used: SENAITE cannot read "
                u"its analysis services")
            self.give_up(task, template, problem, problem)
        elif task.get("steps") is None:
            self.make_plan(task, template)
        elif task["uids"]:
            super(QueuedWorksheetTemplateTaskAdapter, self).process(task)
        else:
            self.do_step(task, template)

    def give_up(self, task, template, reason, note):
        """Note that the template is not applied.

        :param template: worksheet template, or its uid
        :param reason: see `skipped.Notes.skip`
        """
        notes = skipped.Notes()
        notes.skip(reason, template)
        notes.keep(task)
        # None of what is left is added
        task["skipped"] = len(task["uids"]) or 1
        task["note"] = note

    def make_plan(self, task, template):
        """Find out what to add, and add it as the next task of the job."""
        set_template(self.context, template)
        slots = planning.routine(self.context, template, is_queued)
        steps = planning.steps(self.context, template)
        if not slots and not steps:
            task["note"] = u"No analyses to add"
            return
        uids = [senaite_api.get_uid(analysis) for analysis in slots]
        add_copy(task, uids=uids, steps=steps, note="",
                 slots=dict(zip(uids, slots.values())),
                 locks=get_locks(slots, steps), job_total=max(len(uids), 1))

    def process_item(self, obj, task, notes):
        if self.is_slot_lost(obj, task):
            notes.skip(skipped.SLOT_TAKEN, obj)
        else:
            super(QueuedWorksheetTemplateTaskAdapter, self).process_item(
                obj, task, notes)

    def is_slot_lost(self, analysis, task):
        """Tell whether something else took the slot in the meantime: a
        template does not fill slots that it does not have."""
        sample = self.context.get_container_for(analysis)
        if sample in dict(self.context.get_containers_slots()):
            return False
        return self.get_slot(analysis, task) is None

    def follow_up(self, task, rest, size):
        """Continue with the routine analyses, or with the first step."""
        if rest or task["steps"]:
            self.add_rest(task, rest, chunk_size=size)

    def do_step(self, task, template):
        """Do the first of the steps, and add a task for the others."""
        step, rest = task["steps"][0], task["steps"][1:]
        settlement = Settlement(self.context, speedups.session().chunk(task))
        notes = skipped.Notes()
        for analysis in self.changed_by(step, template, notes):
            # Core leaves them to be reindexed by the next change
            analysis.reindexObject()
        settlement.settle()
        notes.keep(task)
        if rest:
            self.add_rest(task, [], steps=rest)

    def changed_by(self, step, template, notes):
        """Do a step, and return the analyses that were made or changed."""
        kind, worksheet = step[0], self.context
        if kind == planning.DUPLICATES:
            return worksheet.addDuplicateAnalyses(step[1], step[2])
        if kind == planning.REFERENCES:
            reference = get_object(step[2])
            if reference is None:
                notes.skip(skipped.GONE, step[2])
                return []
            return worksheet.addReferenceAnalyses(reference, step[3], step[1])
        before = dict((an, equipment(an)) for an in worksheet.getAnalyses())
        if kind == planning.INSTRUMENT:
            worksheet.setInstrument(template.getInstrument(), True)
        elif kind == planning.METHOD:
            worksheet.setMethod(template.getRestrictToMethod(), True)
        return [an for an in before if equipment(an) != before[an]]


def get_locks(analyses, steps):
    """Return what has to stay locked until the last step is done: references,
    and the samples of the routine analyses where a step comes back to them.

    :param analyses: routine analyses to add
    :param steps: see `planning.steps`
    :returns: uids of samples and reference samples
    :rtype: list of str
    """
    references = [step[2] for step in steps if step[0] == planning.REFERENCES]
    come_back = any(step[0] != planning.REFERENCES for step in steps)
    return (samples.get_uids(analyses) if come_back else []) + references


def set_template(worksheet, template):
    """Record on the worksheet which template it was made with.

    :param worksheet: the worksheet
    :param template: the worksheet template
    """
    if worksheet.getWorksheetTemplateUID() != senaite_api.get_uid(template):
        worksheet.getField("WorksheetTemplate").set(worksheet, template)
        worksheet.reindexObject(idxs=["getWorksheetTemplateTitle"])


def equipment(analysis):
    """Return the uids of the instrument and the method of an analysis."""
    return analysis.getRawInstrument(), analysis.getRawMethod()
