# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Work for the benchmarks, created in a site that no other process has open.

`prepare.py <zope.conf> <JSON>`: the JSON is a list of [samples, step] or
[samples, step, analyses], one for each worksheet; by default samples have five
analyses. Step "open": the samples are received, and the worksheet is empty.
Step "results": the analyses are on the worksheet, and have results. Prints
what it has created as JSON. Through the pages, the same would take ten times
as long.
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
    """Create a worksheet and its samples; return a description as a dict."""
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
    """Assign analyses to a worksheet: through the queue, if there is one,
    which is faster and has the same result."""
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
    # Nearly all new objects stay, so frequent collections are a waste
    gc.set_threshold(100000)
    import site_setup
    app = site_setup.open_app(conf)
    portal = app[site_setup.SITE]
    site_setup.act_in(app, portal)
    from bika.lims import api
    from senaite.queue import speedups
    from senaite.queue.tests import utils
    utils.act_as(portal, USER)
    # The user who enters the results verifies them as well
    api.get_setup().setSelfVerificationEnabled(True)
    with speedups.session().reading_once():
        # Otherwise, core's repeated reads take half of the time
        made = [make(portal, *sheet) for sheet in sheets]
    print(json.dumps({"sheets": made}))
    app._p_jar.db().close()


if __name__ == "__main__":
    main()
