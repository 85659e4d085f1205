# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Work for the benchmarks, made in a site that nobody else has open.

`prepare.py <zope.conf> <JSON>`: the JSON is a list of [samples, step] or
[samples, step, analyses], one for each worksheet, with five analyses to a
sample if nothing else is said. Step "open": the samples are
received, the worksheet is empty; step "results": the analyses are on the
worksheet, and their results typed. Prints what it has made as JSON. By hand,
through the pages, the same takes ten times as long.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import gc
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "tests", "harness"))

USER = "labman1"
KEYWORDS = ("Ca", "Cu", "Fe", "Mg", "Mn")
OPEN, RESULTS = "open", "results"


def make(portal, samples, step, services=len(KEYWORDS)):
    """Make a worksheet and what is to go there; returns what it is."""
    import transaction
    from bika.lims import api
    from senaite.queue.tests import utils
    from zope.globalrequest import getRequest
    analyses = utils.analyses_of(
        utils.create_samples(portal, samples, KEYWORDS[:services]))
    worksheet = utils.create_worksheet(portal)
    worksheet.setAnalyst(USER)
    if step == RESULTS:
        _assign(portal, worksheet, analyses)
        for number, analysis in enumerate(analyses):
            analysis.setResult(str(10 + number))
            analysis.reindexObject()
    worksheet.reindexObject()
    transaction.commit()
    utils.clear_caches(getRequest())
    return {"path": "worksheets/" + worksheet.getId(),
            "uid": api.get_uid(worksheet),
            "samples": [api.get_uid(analyses[number].getRequest())
                        for number in range(0, len(analyses), services)],
            "uids": [api.get_uid(analysis) for analysis in analyses]}


def _assign(portal, worksheet, analyses):
    """Put analyses on a worksheet: through the queue, if there is one, which
    takes less time and ends the same."""
    import transaction
    from senaite.queue import api
    from senaite.queue import is_installed
    from senaite.queue.tests import utils
    if not is_installed():
        worksheet.addAnalyses(analyses)
        return
    api.add_assign_task(worksheet, analyses)
    transaction.commit()
    utils.drain(portal)


def main():
    conf, sheets = sys.argv[1], json.loads(sys.argv[2])
    # Much is made, and nearly all of it stays
    gc.set_threshold(100000)
    import site_setup
    app = site_setup.open_app(conf)
    portal = app[site_setup.SITE]
    site_setup.act_in(app, portal)
    from bika.lims import api
    from senaite.queue import speedups
    from senaite.queue.tests import utils
    utils.act_as(portal, USER)
    # Who has typed the results verifies them as well
    api.get_setup().setSelfVerificationEnabled(True)
    with speedups.session().reading_once():
        # What core reads several times over takes half of the time
        made = [make(portal, *sheet) for sheet in sheets]
    print(json.dumps({"sheets": made}))
    app._p_jar.db().close()


if __name__ == "__main__":
    main()
