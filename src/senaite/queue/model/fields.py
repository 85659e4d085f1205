# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The fields of a task, in one table: types, bounds and defaults.

`to_task` checks all input (from the network, the store and callers) against
the table; its errors name the wrong field and the expected value.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import collections
import copy
import math
import re

import six

from senaite.queue.model.concealment import conceal
from senaite.queue.model.concealment import CONCEALED
from senaite.queue.model.concealment import is_secret
from senaite.queue.model import states

TASK_UID = re.compile(r"^[0-9a-f]{32}\Z")
OBJECT_UID = re.compile(r"^[A-Za-z0-9_.-]{1,64}\Z")
NAME = re.compile(r"^[A-Za-z0-9_.:-]{1,100}\Z")

# No control characters: paths and names end up in log lines
PATH = re.compile(r"^/[^\x00-\x1f\x7f]*\Z")
USER = re.compile(r"^[^\x00-\x1f\x7f]+\Z")

#: A value nested deeper than this is an accident or an attack
MAX_DEPTH = 32

#: Upper bound of all values in seconds: ten years
MAX_SECONDS = 10 * 366 * 24 * 3600


def to_native(value):
    """Return a string as `str`, which Zope expects for paths, ids and uids.

    :param value: text or bytes (UTF-8); anything else is returned as it is
    """
    if six.PY2:
        return value.encode("utf-8") if isinstance(value, six.text_type) \
            else value
    return to_text(value)


def to_text(value):
    """Return a string as text, which page templates expect.

    :param value: text or bytes (UTF-8); anything else is returned as it is
    """
    if isinstance(value, six.binary_type):
        return value.decode("utf-8", "replace")
    return value


def to_message(error):
    """Return the message of an exception as text, whatever its encoding, and
    also where the exception cannot make one.

    :rtype: six.text_type
    """
    for make in (six.text_type, str):
        try:
            return to_text(make(error))
        except Exception:
            continue
    return u"(its message cannot be shown)"


def show(value):
    """Return a value for an error message, without the secrets in it and cut
    where it gets long."""
    shown = repr(conceal(value))
    return shown if len(shown) <= 80 else shown[:77] + "..."


def is_number(value):
    """Tell whether a value is a finite number; a bool is not."""
    if isinstance(value, bool):
        return False
    if isinstance(value, float):
        return not (math.isnan(value) or math.isinf(value))
    return isinstance(value, six.integer_types)


def refuse(key, value, expected, error=ValueError):
    raise error("Task field '{}': expected {}, got {}".format(
        key, expected, show(value)))


def text(pattern=None, expected="a string", max_length=4096, native=True):
    """Return a check for strings.

    :param pattern: compiled pattern that the whole string must match
    :param expected: description of the valid values, for the error message
    :param max_length: maximum number of characters
    :param native: whether to return `str` instead of text
    """
    convert = to_native if native else to_text

    def check(key, value):
        if not isinstance(value, six.string_types):
            refuse(key, value, expected, TypeError)
        if len(value) > max_length:
            refuse(key, value, "at most {} characters, not {}".format(
                max_length, len(value)))
        if pattern is not None and not pattern.match(value):
            refuse(key, value, expected)
        return convert(value)
    return check


def number(low, high, whole=True):
    """Return a check for numbers within bounds, both included.

    :param whole: whether only integers are allowed
    """
    kind = "a whole number" if whole else "a number"
    expected = "{} from {} to {}".format(kind, low, high)

    def check(key, value):
        if not is_number(value) or whole and int(value) != value:
            refuse(key, value, expected, TypeError)
        if not low <= value <= high:
            refuse(key, value, expected)
        return int(value) if whole else value
    return check


def flag(key, value):
    """Check a yes/no value."""
    if not isinstance(value, bool):
        refuse(key, value, "True or False", TypeError)
    return value


def uid_list(key, value):
    """Check a list of object uids; those that come twice count once."""
    expected = "a list of uids"
    if not isinstance(value, (list, tuple)):
        refuse(key, value, expected, TypeError)
    for uid in value:
        if not isinstance(uid, six.string_types):
            refuse(key, uid, expected, TypeError)
        if not OBJECT_UID.match(uid):
            refuse(key, uid, expected)
    return list(collections.OrderedDict(
        (to_native(uid), True) for uid in value))


def state(key, value):
    """Check a state."""
    if value not in states.STATES:
        refuse(key, value, "one of " + ", ".join(states.STATES))
    return to_native(value)


def optional(check):
    """Return a check that also accepts None."""
    return lambda key, value: None if value is None else check(key, value)


def list_of(check_item, most):
    """Return a check for lists.

    :param check_item: the check of an item
    :param most: maximum number of items
    """
    def check(key, value):
        if not isinstance(value, (list, tuple)):
            refuse(key, value, "a list", TypeError)
        if len(value) > most:
            refuse(key, value, "at most {} items, not {}".format(
                most, len(value)))
        return [check_item(key, item) for item in value]
    return check


def record(checks, defaults):
    """Return a check for objects with named parts.

    Parts of other names are left out: a newer version may have them.

    :param checks: name of a part -> its check, whose errors name it
    :param defaults: name of a part -> value where it is missing; parts without
        one must be there
    """
    def check(key, value):
        if not isinstance(value, dict):
            refuse(key, value, "an object", TypeError)
        found = {}
        for name in checks:
            part = "{}.{}".format(key, name)
            if name in value:
                found[name] = checks[name](part, value[name])
            elif name in defaults:
                found[name] = copy.copy(defaults[name])
            else:
                refuse(part, None, "a value")
        return found
    return check


def dict_list(key, value):
    """Check a list of objects with JSON values."""
    if not isinstance(value, (list, tuple)) \
            or not all(isinstance(item, dict) for item in value):
        refuse(key, value, "a list of objects", TypeError)
    return check_json(key, value)


_task_uid = text(TASK_UID, "32 hexadecimal digits (lower case)", 32)
_object_uid = text(OBJECT_UID, "the uid of an object", 64)
_seconds = number(0, MAX_SECONDS, whole=False)

# Hosts as they are in URLs: no user, no password and no path
_HOST = r"([A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?"
SERVER_URL = re.compile(r"^https?://" + _HOST + r"\Z")
HOST = re.compile(r"^" + _HOST + r"\Z")

# Quoted as in URLs, and no way up
SEGMENT = re.compile(
    r"^(?!\.{1,2}\Z)([A-Za-z0-9_.~+@-]|%[0-9A-Fa-f]{2}){1,100}\Z")

LANGUAGE = re.compile(r"^[A-Za-z]{1,8}([_-][A-Za-z0-9]{1,8}){0,3}\Z")

# No control characters: a header ends with its line
HEADER = re.compile(r"^[^\x00-\x1f\x7f]*\Z")

_language = text(LANGUAGE, "the code of a language", 35)

#: What the client of a click sent, and from where (`address`): some of it is
#: kept in SENAITE's audit log. Name -> maximum number of bytes
CLIENT_LIMITS = {
    "host": 262,
    "accept_language": 500,
    "user_agent": 1000,
    "referer": 1000,
    "x_forwarded_for": 500,
    "x_real_ip": 100,
    "remote_addr": 100,
    "address": 100,
}

CLIENT = dict(
    (name, optional(text(HEADER, "printable characters", most)))
    for name, most in CLIENT_LIMITS.items())
CLIENT["host"] = optional(text(HOST, "a host, with or without a port",
                               CLIENT_LIMITS["host"]))

#: Maximum numbers of languages of a click, and of bytes of its comment
MOST_LANGUAGES = 50
MOST_COMMENTS = 4000

#: Where a task was added: what its work needs in order to see the site as the
#: click did, and to leave behind what the click would have left
ORIGIN = {
    # of the links that the click saw
    "server_url": text(
        SERVER_URL, "http or https, a host, and nothing but a port", 270),
    # path of the virtual root in URLs, and its physical path
    "virtual_root": list_of(text(SEGMENT, "a part of a path", 300), 20),
    "root_path": text(re.compile(r"^(/[^/\x00-\x1f\x7f]+)*\Z"),
                      "a physical path", 2048),
    # the negotiated one first, that of the site last
    "languages": list_of(_language, MOST_LANGUAGES),
    # the one that the user has chosen on a page: a cookie
    "chosen_language": optional(_language),
    "comments": optional(text(None, "a comment", MOST_COMMENTS)),
    "client": record(CLIENT, dict.fromkeys(CLIENT)),
}

#: Parts of an origin that may be missing
ORIGIN_DEFAULTS = {
    "virtual_root": [],
    "root_path": "",
    "languages": [],
    "chosen_language": None,
    "comments": None,
    "client": dict.fromkeys(CLIENT),
}

#: Fields without a default
REQUIRED = ("task_uid", "name", "context_uid", "context_path", "created")

#: field -> check(key, value), which returns the value to keep
CHECKS = {
    "task_uid": _task_uid,
    "name": text(NAME, "letters, digits and _ . : - (at most 100)", 100),
    "context_uid": _object_uid,
    "context_path": text(PATH, "a physical path", 2048),
    "uids": uid_list,
    "username": optional(text(USER, "a user id", 256)),
    "priority": number(0, 100000),
    "created": number(0, 1e11, whole=False),
    "status": state,
    "retries": number(0, 1000),
    "min_seconds": _seconds,
    "max_seconds": number(1, MAX_SECONDS, whole=False),
    "chunk_size": number(0, 1000000),
    "unique": flag,
    "ghost": flag,
    "delay": _seconds,
    "error_message": optional(
        text(None, "a message", 100000, native=False)),
    "started": optional(number(0, 1e11, whole=False)),
    "consumer_id": optional(text(None, "a consumer id", 200)),
    "job_uid": _task_uid,
    "job_total": number(0, 10000000),
    "job_created": optional(number(0, 1e11, whole=False)),
    "attempt": number(0, 1000000),
    "locks": uid_list,
    "note": optional(text(None, "a note", 100000, native=False)),
    "click_origin": optional(record(ORIGIN, ORIGIN_DEFAULTS)),
    # Why it has failed, see `senaite.queue.model.failures`
    "error_code": optional(text(NAME, "a code", 100)),
    # How many items were left out, and some of them, see
    # `senaite.queue.model.left_out`
    "skipped": number(0, 10000000),
    "skipped_items": dict_list,
    # What people have done to it, see `senaite.queue.model.human_acts`
    "interventions": dict_list,
}


def check_json(key, value, names=()):
    """Check that a value of a free key is one that JSON knows.

    :param key: the free key, named in the error
    :param value: the value, or a part of it
    :param names: the keys and positions that lead to the part
    :returns: the value, tuples turned into lists
    :raises TypeError: naming the key, when JSON has no such value
    """
    if len(names) > MAX_DEPTH:
        raise TypeError("Task key '{}': nested deeper than {} levels".format(
            key, MAX_DEPTH))
    if value is None or isinstance(value, (bool, six.text_type)):
        return value
    if is_number(value):
        return value
    if isinstance(value, six.binary_type) and six.PY2:
        return _check_bytes(key, value, names)
    if isinstance(value, (list, tuple)):
        return [check_json(key, item, names + (None,)) for item in value]
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, six.string_types):
                raise TypeError(
                    "Task key '{}': the keys of an object must be strings, "
                    "got {}".format(key, show(name)))
        return dict((name, check_json(key, item, names + (name,)))
                    for name, item in value.items())
    raise TypeError(
        "Task key '{}': expected a JSON value (string, number, list, object, "
        "true, false, null), got {}".format(
            key, _show_part(key, value, names)))


def _show_part(key, value, names):
    if any(is_secret(name) for name in (key,) + names):
        return CONCEALED
    return show(value)


def _check_bytes(key, value, names):
    # Native strings of Python 2 are accepted if they are UTF-8 text
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        raise TypeError("Task key '{}': expected a JSON value, got bytes that "
                        "are not UTF-8 text: {}".format(
                            key, _show_part(key, value, names)))
    return value
