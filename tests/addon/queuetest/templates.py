# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What the JSON API can't store: blanks and controls of worksheet templates,
and settings of the queue.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api
from plone.registry.interfaces import IRegistry
from queuetest.views import JSONView
from zope.component import getUtility


class TemplateView(JSONView):
    """Gives a worksheet template a layout: two samples, a duplicate of the
    first one between them, a control and a blank.

    Request: `template`, `control` and `blank`, uids.
    """

    def tell(self):
        template = api.get_object_by_uid(self.request["template"])
        slots = (("a", {}), ("d", {"dup": 1}), ("a", {}),
                 ("c", {"control_ref": self.request["control"]}),
                 ("b", {"blank_ref": self.request["blank"]}))
        template.setTemplateLayout([
            dict({"pos": position, "type": kind, "dup": 0, "control_ref": "",
                  "blank_ref": ""}, **values)
            for position, (kind, values) in enumerate(slots, 1)])
        return {"slots": len(slots)}


class SettingView(JSONView):
    """Changes a setting that is a number or a text.

    Request: `name` and `value`.
    """

    def tell(self):
        record = "senaite.queue.{}".format(self.request["name"])
        registry, value = getUtility(IRegistry), self.request["value"]
        registry[record] = int(value) if isinstance(registry[record], int) \
            else value.decode("utf-8")
        return {"name": self.request["name"]}
