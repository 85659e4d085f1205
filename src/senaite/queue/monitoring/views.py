# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The pages `@@queue-health`, for balancers, and `@@queue-metrics`, for
Prometheus.

Health is public. Metrics require the permission to view the queue, or the
header `Authorization: Bearer <token>` with the token of
`senaite.queue.config.METRICS_TOKEN`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import hmac
import json

from AccessControl import getSecurityManager
from Products.Five.browser import BrowserView

from senaite.queue import config
from senaite.queue.monitoring import health
from senaite.queue.permissions import ViewQueue


class HealthView(BrowserView):
    """`@@queue-health[?role=server|client|consumer]`: 200 or 503, as JSON.

    `status` is "ok", "degraded" (the process does its part, but something is
    wrong) or "failing".
    """

    def __call__(self):
        response = self.request.response
        response.setHeader("Content-Type", "application/json")
        response.setHeader("Cache-Control", "no-store")
        role = self.request.form.get("role") or None
        try:
            healthy, checks = health.examine(self.context, role)
        except ValueError as error:
            response.setStatus(400)
            return json.dumps({"success": False, "message": str(error)})
        response.setStatus(200 if healthy else 503)
        return json.dumps({"status": get_status(healthy, checks),
                           "checks": checks}, sort_keys=True)


def get_status(healthy, checks):
    """Return the verdict in one word."""
    if not healthy:
        return "failing"
    well = all(state == health.OK for state in checks.values())
    return "ok" if well else "degraded"


class MetricsView(BrowserView):
    """`@@queue-metrics`: the metrics in the text format of Prometheus."""

    def __call__(self):
        from senaite.queue import is_installed
        response = self.request.response
        response.setHeader("Cache-Control", "no-store")
        response.setHeader("Content-Type", "text/plain; charset=utf-8")
        if not is_installed():
            response.setStatus(404)
            return "The queue is not installed in this site\n"
        if not may_read(self.context, self.request):
            response.setStatus(401)
            response.setHeader("WWW-Authenticate", "Bearer")
            return "Not allowed\n"
        from senaite.queue.monitoring import metrics
        return metrics.render(self.context)


def may_read(portal, request):
    """Tell whether a request may read the metrics."""
    if getSecurityManager().checkPermission(ViewQueue, portal):
        return True
    token = config.read_or_default(config.METRICS_TOKEN)
    scheme, _space, given = get_authorization(request).partition(" ")
    return bool(token) and scheme.lower() == "bearer" and \
        hmac.compare_digest(given.strip(), token)


def get_authorization(request):
    """Return the header `Authorization`, which Zope hides."""
    return getattr(request, "_auth", None) or \
        request.environ.get("HTTP_AUTHORIZATION") or ""
