# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Patches of core, each with its reason and the version it was written against.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue import api
from senaite.queue.integration import decisions


def addAnalyses(self, analyses):
    """Add analyses to the worksheet: queued, where the queue takes tasks.

    `bika.lims.content.worksheet.Worksheet.addAnalyses`, senaite.core 2.6.0.
    The worksheets that people create from a selection of samples (the modal
    "Create worksheet") are filled by this method, without any adapter, event
    or view in between that could be ours. Retests are added by `addAnalysis`,
    which stays as it is: who retracts an analysis needs its successor at once.
    """
    if not decisions.is_to_be_queued("task_assign_analyses"):
        return self._old_addAnalyses(analyses)
    analyses = decisions.assignable(analyses, self)
    if analyses:
        api.add_assign_task(self, analyses)
