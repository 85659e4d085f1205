# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""JSON routes: the decorator that declares them, the table, the one wrapper.

The decorator declares who may call a route, and the wrapper enforces it: a
route function does not check its caller. A route
function is called with `(context, request, **values of the URL)`, returns a
dict, and raises an error of ours that has an HTTP status (see
`senaite.queue.errors`) when it cannot do what was asked.

senaite.jsonapi swallows every exception of a route, and the publisher then
commits what was written before. The wrapper therefore lets no exception pass:
it aborts the transaction and sets the status of the answer itself.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections
import functools
import json

from senaite.queue.errors import QueueError
from senaite.queue.errors import Refused
from senaite.queue import is_installed
from senaite.queue import logger
from senaite.queue.model import clock
from senaite.queue.model.fields import to_message
from senaite.queue.site.portal import get_portal
from senaite.queue.site import process_role

#: Requests signed with the queue's key; never a person
SIGNED = "signed"
#: Signed requests, and users with the permission to view the queue
VIEW = "view"
#: Signed requests, and users with the permission to consume tasks, if they send
#: their password
CONSUME = "consume"

ACCESS = (SIGNED, VIEW, CONSUME)

#: Routes of this group exist in queue servers only
SERVER_GROUP = "queue_server"

#: A body beyond this many bytes is refused before it is parsed
MAX_BODY_BYTES = 64 * 1024 * 1024

Route = collections.namedtuple(
    "Route", ("group", "rules", "methods", "access", "view", "is_open"))
Route.__new__.__defaults__ = (False,)

#: All routes, in the order of declaration; a test walks it
ROUTES = []

#: Seconds after which a route's error is logged again
LOG_AGAIN_SECONDS = 60

#: Number of different errors that are remembered for that
MAX_LINES = 200

_logged = {}


def route(group, *rules, **options):
    """Declare a function as JSON route; returns it wrapped.

    :param group: first part of the URL below `@@API/senaite/v1/`
    :param rules: rest of the URL, as Werkzeug rules; several are aliases
    :keyword methods: HTTP methods allowed, `["GET"]` by default
    :type methods: list of str
    :keyword access: one of `ACCESS`, who may call it; `SIGNED` by default
    :keyword is_open: signed requests need not show that they come from a
        process that sees the same database (see `senaite.queue.auth.process_marks`)
    :type is_open: bool
    :raises ValueError: for an unknown access
    """
    is_open = options.pop("is_open", False)
    methods = tuple(options.pop("methods", ("GET",)))
    access = options.pop("access", SIGNED)
    if access not in ACCESS:
        raise ValueError("Not an access: {!r}".format(access))
    if options:
        raise ValueError("Not supported: {!r}".format(sorted(options)))

    def declare(function):
        declared = Route(group, rules, methods, access, None, is_open)

        @functools.wraps(function)
        def view(context, request, **values):
            return respond(declared, function, context, request, values)

        ROUTES.append(declared._replace(view=view))
        register(declared, view)
        return view

    return declare


def register(declared, view):
    """Make a route known to senaite.jsonapi.

    No methods are given to the router: a method it does not know would end in
    an answer of its own, with status 200 and a traceback.
    """
    from senaite.jsonapi.v1 import add_route
    endpoint = "senaite.queue.v1.{}.{}".format(declared.group, view.__name__)
    for rule in declared.rules:
        path = "/".join(part for part in (declared.group, rule) if part)
        add_route("/" + path, endpoint)(view)


def respond(declared, function, context, request, values):
    """Check the caller, call the route's function and return the answer.

    :raises BadRequest: when the caller asks for another format than JSON;
        nothing else is raised
    """
    refuse_other_formats(request)
    try:
        check(declared, request)
        answer = function(context, request, **values)
        answer["success"] = True
    except Exception as error:
        import transaction
        transaction.abort()
        answer = explain(error, declared, request)
    request.response.setHeader("Cache-Control", "no-store")
    return answer


def refuse_other_formats(request):
    """Refuse `asbinary` and `asxml`: the API view would answer them itself, with
    errors of its own."""
    accept = request.getHeader("Accept") or ""
    if request.form.get("asbinary") or request.form.get("asxml") \
            or accept in ("application/zip", "application/xml"):
        from zExceptions import BadRequest
        raise BadRequest("The queue speaks JSON only")


def explain(error, declared, request):
    """Set the status that belongs to an exception and return the answer.

    An error of ours names its class in the answer: callers decide by that.
    """
    status, answer = 500, {"message": "Internal error, see the server's log"}
    known = _get_status(error)
    if known is not None:
        status = known
        answer = {"message": to_message(error), "error": type(error).__name__}
        answer.update(error.details)
    if status >= 500 and not isinstance(error, Refused):
        log_failure(error, declared, status)
    request.response.setStatus(status)
    answer["success"] = False
    return answer


def _get_status(error):
    """Return the status that an error of ours asks for, or None."""
    if isinstance(error, Refused):
        return error.status
    # of the class: that of `ServerRefused` is what another server has said
    return type(error).status if isinstance(error, QueueError) else None


def log_failure(error, declared, status):
    """Log an error, but not the same one with every poll."""
    line = "route={}/{} status={} error={!r}".format(
        declared.group, declared.rules[0], status, to_message(error))
    now = clock.monotonic()
    if now > _logged.get(line, 0):
        if len(_logged) >= MAX_LINES:
            _logged.clear()
        _logged[line] = now + LOG_AGAIN_SECONDS
        logger.error("event=route_failed %s", line, exc_info=status == 500)


def check(declared, request):
    """Raise `Refused` unless this request may use this route, here and now."""
    if get_portal() is None or not is_installed():
        raise Refused(404, "The queue is not installed in this site")
    if declared.group == SERVER_GROUP and not process_role.is_queue_server():
        raise Refused(405, "This process is not the queue server")
    if request.environ.get("REQUEST_METHOD", "GET") not in declared.methods:
        request.response.setHeader("Allow", ", ".join(declared.methods))
        raise Refused(405, "Use {}".format(" or ".join(declared.methods)))
    check_access(declared.access, request)
    if declared.group == SERVER_GROUP and not declared.is_open:
        check_database(request)


def check_access(access, request):
    """Raise `Refused` (401, 403) unless the caller has this access."""
    from senaite.queue.auth import tokens
    from senaite.queue.auth.pas import request_claims
    if request_claims(request) is not None:
        # Signed requests come from no browser, there is nothing to forge
        from plone.protect.interfaces import IDisableCSRFProtection
        from zope.interface import alsoProvides
        alsoProvides(request, IDisableCSRFProtection)
        return
    if request.getHeader(tokens.HEADER):
        raise Refused(401, "Not authenticated")

    from AccessControl import getSecurityManager
    manager = getSecurityManager()
    if manager.getUser().getId() is None:
        raise Refused(401, "Not authenticated")
    permission = get_permission(access)
    if not permission or not manager.checkPermission(permission, get_portal()):
        raise Refused(403, "Not allowed")
    if access == CONSUME:
        from senaite.queue.auth.passwords import has_password
        if not has_password(request, get_portal()):
            raise Refused(403, "A password is expected: cookies are not "
                               "accepted here")


def check_database(request):
    """Raise `OtherDatabase` (403) for a process that sees another database.

    People are not asked: they see this one.
    """
    from senaite.queue.auth import process_marks
    from senaite.queue.auth.pas import request_claims
    claims = request_claims(request)
    if claims is not None:
        process_marks.require(get_portal(), request, claims)


def get_permission(access):
    """Return the permission a user needs; None when no permission is
    sufficient."""
    from senaite.queue import permissions
    return {
        VIEW: permissions.ViewQueue,
        CONSUME: permissions.ConsumeTasks,
    }.get(access)


def get_payload(request):
    """Return the JSON object in the body of the request.

    :returns: an empty dict when there is no body
    :rtype: dict
    :raises Refused: 400, when the body is anything else
    """
    from senaite.queue.auth.pas import get_body
    body = get_body(request, MAX_BODY_BYTES + 1)
    if not body:
        return {}
    if len(body) > MAX_BODY_BYTES:
        raise Refused(400, "The body is larger than {} bytes".format(
            MAX_BODY_BYTES))
    # Other sites can make a browser send forms, but not JSON
    content_type = request.getHeader("Content-Type") or ""
    if not content_type.lower().startswith("application/json"):
        raise Refused(400, "The body must be JSON (application/json)")
    try:
        payload = json.loads(body.decode("utf-8"), parse_constant=not_json)
    except (ValueError, RuntimeError):  # RuntimeError: nested too deeply
        raise Refused(400, "The body is not valid JSON")
    if not isinstance(payload, dict):
        raise Refused(400, "The body must be a JSON object")
    return payload


def not_json(name):
    """Refuse NaN and the infinities, which Python reads but JSON does not
    have."""
    raise ValueError(name)


def get_params(request):
    """Return the parameters of a route that may be read with GET and POST.

    :returns: the query's keys and, on POST, those of the JSON body, which win
    :rtype: dict
    """
    params = dict(request.form)
    if request.environ.get("REQUEST_METHOD", "GET") == "POST":
        params.update(get_payload(request))
    return params
