# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Where a task was added: what a click sees of the site, for its task to see.

A user sees the site through a proxy, at an address and below a path of its
own, in a language that was negotiated with the browser; SENAITE keeps in its
catalogs paths of URLs, in e-mails links, and in its audit log who sent what.
The work of a task runs in a request of the consumer to itself, in which all of
this is different. Therefore the task carries what its click saw, and the work
sees it, too.

Not carried: the time zone (that of the process, of the site or of the user,
never of a request), the form, the path of the page, and cookies other than the
language.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import contextlib

from plone.i18n.utility import LanguageBinding
from six.moves.urllib.parse import urlsplit
from ZPublisher import HTTPRequest as publisher

from senaite.queue import logger
from senaite.queue.model import fields

#: Part of the origin -> name in the environment of a request
ENVIRON = {
    "host": "HTTP_HOST",
    "accept_language": "HTTP_ACCEPT_LANGUAGE",
    "user_agent": "HTTP_USER_AGENT",
    "referer": "HTTP_REFERER",
    "x_forwarded_for": "HTTP_X_FORWARDED_FOR",
    "x_real_ip": "HTTP_X_REAL_IP",
    "remote_addr": "REMOTE_ADDR",
}

#: Parts of an origin that make links only together
ADDRESS = ("server_url", "virtual_root", "root_path")

#: What ZServer's clock server gives as port; as host, it sends the machine's
#: name, at which nobody sees the site
CLOCK_PORT = "Clock"

#: Cookie with the language that the user has chosen on a page
COOKIE = "I18N_LANGUAGE"

#: Keys of a request that depend on where it came from
OTHER = ("SERVER_URL", "VirtualRootPhysicalPath", "URL", "ACTUAL_URL",
         "LANGUAGE", "LANGUAGE_TOOL")

#: Attributes of a request that do so
ATTRIBUTES = ("_client_addr", "_locale")

#: Attribute in which views keep, among other things, the URL of the site
CACHES = "__annotations__"


def collect(request):
    """Return what a request sees of the site, for a task that it adds.

    Whatever cannot be kept is left out: no click fails for that.

    :param request: the current request, or None
    :returns: the field `click_origin` of a task, see
        `senaite.queue.model.fields.ORIGIN`; None when nobody sent the request
        (scripts, clock) or it names no host
    :rtype: dict
    """
    other = getattr(request, "other", None)
    # Scripts have a request of their own making, that nothing was found for
    if not isinstance(other, dict) or "PUBLISHED" not in other:
        return None
    if request.environ.get("SERVER_PORT") == CLOCK_PORT:
        return None
    found = _valid(fields.ORIGIN, {
        "server_url": other.get("SERVER_URL"),
        "virtual_root": list(request._script),
        "root_path": "/".join(other.get("VirtualRootPhysicalPath", ("",))),
        "languages": _get_languages(other.get("LANGUAGE_TOOL")),
        "chosen_language": request.cookies.get(COOKIE),
        "comments": _cut(request.form.get("comments") or None,
                         fields.MOST_COMMENTS),
        "client": _valid(fields.CLIENT, _get_client(request)),
    })
    if any(name not in found for name in ADDRESS):
        return None
    return fields.CHECKS["click_origin"]("click_origin", found)


def _valid(checks, values):
    """Return the values that pass their checks."""
    found = {}
    for name, value in values.items():
        try:
            found[name] = checks[name](name, value)
        except (TypeError, ValueError):
            logger.debug("event=origin_incomplete part=%s", name)
    return found


def _get_languages(binding):
    """Return the languages that were negotiated, that of the site last."""
    if not isinstance(binding, LanguageBinding):
        return []
    language, default, others = binding.getLanguageBindings()
    found = [language] + list(others)[:fields.MOST_LANGUAGES - 2] + [default]
    return [code for code in found if code]


def _get_client(request):
    """Return what the client sent, and from where."""
    values = dict((name, request.environ.get(key))
                  for name, key in ENVIRON.items())
    values["address"] = request.getClientAddr() or None
    return dict((name, _cut(value, fields.CLIENT_LIMITS[name]))
                for name, value in values.items())


def _cut(value, most):
    """Return at most so many bytes (UTF-8) of a string, as text."""
    text = fields.to_text(value)
    if not isinstance(text, type(u"")):
        return value
    return text.encode("utf-8")[:most].decode("utf-8", "ignore")


@contextlib.contextmanager
def put_back(request, origin, portal):
    """Have a request see the site as the click of a task did, for the `with`
    block. Afterwards it is as before, whatever happened.

    :param request: the current request
    :param origin: the field `click_origin` of the task, checked; None: nothing
        is changed
    :param portal: root object of the site
    """
    if not origin or not _is_of(portal, origin):
        yield
        return
    kept = _keep(request)
    try:
        _show(request, origin)
        yield
    finally:
        _restore(request, kept)


def _is_of(portal, origin):
    """Tell whether a virtual root is the site, above it or in it; it is not
    when the site was moved, or somebody has changed the task."""
    site = portal.getPhysicalPath()
    root = tuple(origin["root_path"].split("/"))
    depth = min(len(site), len(root))
    if site[:depth] == root[:depth]:
        return True
    logger.warning("event=origin_ignored root=%s: not of the site %s",
                   origin["root_path"], "/".join(site))
    return False


def _keep(request):
    """Return all that `_show` changes."""
    return {
        "other": _pick(request.other, OTHER),
        "environ": _pick(request.environ, ENVIRON.values()),
        "form": _pick(request.form, ("comments",)),
        "cookies": _pick(request.cookies, (COOKIE,)),
        "attributes": _pick(vars(request), ATTRIBUTES + (CACHES,)),
        "script": list(request._script),
    }


def _pick(mapping, keys):
    """Return items of a mapping: (key, whether it is there, value)."""
    return [(key, key in mapping, mapping.get(key)) for key in keys]


def _show(request, origin):
    """Have a request see the site as the click did."""
    other = request.other
    other["SERVER_URL"] = origin["server_url"]
    other["VirtualRootPhysicalPath"] = tuple(origin["root_path"].split("/"))
    request._script[:] = origin["virtual_root"]
    request._resetURLS()
    other["ACTUAL_URL"] = other["URL"]

    client = dict(origin["client"])
    if not client["host"]:
        client["host"] = urlsplit(origin["server_url"]).netloc
    for name, key in ENVIRON.items():
        _put(request.environ, key, client[name])
    request._client_addr = client["address"] or ""
    _put(request.form, "comments", origin["comments"])

    _put(request.cookies, COOKIE, origin["chosen_language"])
    languages = origin["languages"]
    if languages:
        binding = LanguageBinding()
        binding.LANGUAGE = other["LANGUAGE"] = languages[0]
        binding.LANGUAGE_LIST = languages[1:-1]
        binding.DEFAULT_LANGUAGE = languages[-1]
        other["LANGUAGE_TOOL"] = binding
    # It is made of the languages when somebody asks for it
    request._locale = publisher._marker
    vars(request).pop(CACHES, None)


def _put(mapping, key, value):
    """Set a value, or remove it when it is None."""
    if value is None:
        mapping.pop(key, None)
    else:
        mapping[key] = value


def _restore(request, kept):
    """Undo `_show`."""
    request._script[:] = kept["script"]
    # Before the rest: it computes the URL, and forgets those that depend on it
    request._resetURLS()
    for mapping, name in ((request.other, "other"),
                          (request.environ, "environ"),
                          (request.form, "form"),
                          (request.cookies, "cookies"),
                          (vars(request), "attributes")):
        for key, was_there, value in kept[name]:
            if was_there:
                mapping[key] = value
            else:
                mapping.pop(key, None)
