# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Free keys that name secrets, and tasks without their values.

Callers may send along with a task what they need when it is processed: the
cookie of a session, a password, a token. It travels and is kept with the task,
but nobody who looks at the task has to see it.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import re

import six

#: What is shown instead of a secret
CONCEALED = u"***"

#: A key names a secret when one of its words is among these, ...
_WORDS = frozenset(("ac", "auth", "bearer", "csrf", "jwt", "key", "keys",
                    "pass", "pwd", "sid"))
#: ... or when one of these is part of it
_PARTS = ("accesskey", "apikey", "authenticator", "authoriz", "cookie",
          "credential", "passphrase", "passwd", "password", "privatekey",
          "secret", "sessid", "session", "token", "zopeid")

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")


def is_secret(key):
    """Tell whether a key names a cookie, password, token, key or the like.

    :param key: the key of a task, or of an object in a value of it
    :rtype: bool
    """
    if not isinstance(key, six.string_types):
        return False
    words = _SEPARATORS.split(_CAPITAL.sub("_", key).lower())
    if any(word.rstrip("0123456789") in _WORDS for word in words):
        return True
    joined = "".join(words)
    return any(part in joined for part in _PARTS)


def conceal(value):
    """Return a value with the secrets in it replaced, however deep.

    :param value: a task, its dict, or any value in it; is not changed
    :returns: a copy, dicts for tasks
    """
    if isinstance(value, dict):
        return dict(
            (key, CONCEALED if is_secret(key) and item else conceal(item))
            for key, item in value.items())
    if isinstance(value, list):
        return [conceal(item) for item in value]
    if isinstance(value, tuple):
        return tuple(conceal(item) for item in value)
    return value
