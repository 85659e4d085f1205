# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""Tokens that sign one request each: made by callers, verified by routes.

A token is a Fernet message (encrypted and authenticated with the queue's key)
that names the user, the HTTP method, the route and the hash of the body of
the very request it was made for, and that is accepted once, within seconds.
Only holders of the key can make one, and a stolen one is of no use.

Pure: knows neither Zope nor `requests`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import binascii
import hashlib
import hmac
import json
import os
import re
import threading
import warnings

import six
from six.moves.urllib.parse import parse_qsl
from six.moves.urllib.parse import unquote
from six.moves.urllib.parse import urlencode
from six.moves.urllib.parse import urlsplit

from senaite.queue.errors import BadToken
from senaite.queue.errors import StaleToken
from senaite.queue.model import clock
from senaite.queue.model.fields import to_native
from senaite.queue.model.fields import to_text

with warnings.catch_warnings():
    # Administrators of this Plone know that Python 2 is out of support
    warnings.simplefilter("ignore")
    from cryptography.fernet import Fernet
    from cryptography.fernet import InvalidToken
    from cryptography.fernet import MultiFernet

#: The HTTP header that carries the token
HEADER = "X-Queue-Auth-Token"

#: What comes before a route in its URL. Virtual hosting may rewrite all of
#: the URL before it, so a token cannot be bound to more.
API_ROOT = "API/senaite/v1/"

#: Seconds a token may be used
TTL = 60

#: Seconds by which the clocks of two machines may differ
LEEWAY = 30

#: A token longer than this is refused unread
MAX_TOKEN_BYTES = 8192

CLAIMS = ("user", "exp", "iat", "method", "route", "body", "nonce")

#: The claim of a token that is dated by the time of another process, and
#: accepted by no other one; see `senaite.queue.auth.server_time`
PROCESS = "for"


# base64 itself reads past what does not belong there
_KEY = re.compile(r"^[A-Za-z0-9_-]{43}=\Z")
_TOKEN = re.compile(r"^[A-Za-z0-9_-]+={0,2}\Z")


def make_key():
    """Return a new random key: 32 bytes, url-safe base64.

    :rtype: str
    """
    return to_native(Fernet.generate_key())


def is_key(key):
    """Tell whether a value may be used as a key.

    :param key: 32 bytes as url-safe base64, text or bytes
    """
    return bool(_KEY.match(to_text(key))) if is_string(key) else False


def get_route(url):
    """Return the part of a URL or path that a token is bound to.

    :param url: URL or path of a route, query string included
    :type url: str
    :returns: path after `@@API/senaite/v1/`, unquoted, without slashes at its
        ends, and the query string, if any, in a fixed order; the whole path
        when it is no route at all
    :rtype: str
    """
    parts = urlsplit(url)
    return join_route(to_native(unquote(to_native(parts.path))), parts.query)


def get_server(url):
    """Return what comes before the route in a URL: server and site.

    :param url: URL of a route
    :rtype: str
    """
    return url.partition("@@" + API_ROOT)[0].rstrip("/")


def join_route(path, query=""):
    """Return what a token is bound to, for a path that is unquoted already.

    :param path: e.g. PATH_INFO of a WSGI environment
    :param query: raw query string
    """
    before, found, route = path.partition(API_ROOT)
    route = (route if found else path).strip("/")
    pairs = sorted(parse_qsl(to_native(query), keep_blank_values=True))
    return "{}?{}".format(route, urlencode(pairs)) if pairs else route


def make_nonce(mark=""):
    """Return a new nonce.

    :param mark: the mark of this process in the database, see
        `senaite.queue.auth.process_marks`; it travels in the nonce, which
        servers of all versions accept
    :rtype: str
    """
    fresh = to_native(binascii.hexlify(os.urandom(16)))
    return "{}-{}".format(mark, fresh) if mark else fresh


def get_mark(claims):
    """Return the mark of the process that signed a request; "" without one.

    :param claims: what `verify_token` returned
    :rtype: str
    """
    return to_native(claims["nonce"].rpartition("-")[0])


def make_token(key, username, method, route, body, now=None, ttl=TTL,
               process=None, nonce=None):
    """Sign a request.

    :param key: the queue's key
    :param username: id of the user the request is made for, or "" for a
        request between the processes of the queue, which logs no user in
    :param method: HTTP method
    :param route: see `get_route`
    :param body: the body as sent; text is taken as UTF-8, None as empty
    :param now: UTC epoch seconds, the steady clock by default
    :param ttl: seconds the token may be used
    :param process: name of the only process that is to accept it, or None
    :param nonce: see `make_nonce`; a new one by default
    :returns: the value of the header `HEADER`
    :rtype: str
    :raises ValueError: when the key is not a key
    """
    if not is_key(key):
        raise ValueError("Not a key: 32 bytes, url-safe base64, are expected")
    now = clock.steady() if now is None else now
    claims = {
        "user": to_text(username or ""),
        "iat": now,
        "exp": now + ttl,
        "method": method.upper(),
        "route": to_text(route),
        "body": hash_body(body),
        "nonce": nonce or make_nonce(),
    }
    if process is not None:
        claims[PROCESS] = process
    message = json.dumps(claims, sort_keys=True).encode("utf-8")
    return to_native(Fernet(to_bytes(key)).encrypt(message))


def verify_token(keys, token, method, route, body, now=None, leeway=LEEWAY):
    """Return the claims of a token, if it was made for this request.

    Does not know whether the token was used before: see `NonceCache`.

    :param keys: the keys in force, newest first
    :type keys: list
    :param token: value of the header
    :param method: HTTP method of the request
    :param route: see `get_route`
    :param body: bytes of the body, or None
    :param now: UTC epoch seconds, the steady clock by default
    :param leeway: seconds by which the caller's clock may differ
    :returns: dict with the keys `CLAIMS`, and perhaps `PROCESS`; all but iat and
        exp (float) are text
    :rtype: dict
    :raises StaleToken: when it is dated too early or too late
    :raises BadToken: in any other case
    """
    now = clock.steady() if now is None else now
    claims = decrypt(keys, token)
    expected = (
        ("method", to_text(method.upper())),
        ("route", to_text(route)),
        ("body", to_text(hash_body(body))),
    )
    for name, value in expected:
        if not same(claims[name], value):
            raise BadToken()
    if not claims["iat"] - leeway <= now <= claims["exp"] + leeway:
        raise StaleToken(claims["nonce"])
    return claims


def find_key(keys, token):
    """Return which of the keys a token was made with.

    :raises BadToken: none of them
    """
    for key in keys[1:]:
        try:
            decrypt([key], token)
            return key
        except BadToken:
            continue
    decrypt(keys[:1], token)
    return keys[0]


def decrypt(keys, token):
    """Return the claims of a token made with one of these keys.

    :raises BadToken: when it was not, or does not carry what a token carries
    """
    keys = [to_bytes(key) for key in keys if is_key(key)]
    if not keys or not is_string(token) or len(token) > MAX_TOKEN_BYTES \
            or not _TOKEN.match(to_text(token)):
        raise BadToken()
    try:
        message = MultiFernet([Fernet(key) for key in keys]).decrypt(
            to_bytes(token))
        claims = json.loads(message.decode("utf-8"))
    except (InvalidToken, ValueError, TypeError):
        raise BadToken()
    if not isinstance(claims, dict) or \
            set(claims) - set((PROCESS,)) != set(CLAIMS):
        raise BadToken()
    for name, value in claims.items():
        types = (int, float) if name in ("iat", "exp") else six.text_type
        if not isinstance(value, types) or isinstance(value, bool):
            raise BadToken()
    return claims


def hash_body(body):
    """Return the SHA-256 of a body, in hex.

    :param body: bytes, text (taken as UTF-8) or None (empty)
    """
    return hashlib.sha256(to_bytes(body or b"")).hexdigest()


def same(left, right):
    """Compare two texts in constant time."""
    return hmac.compare_digest(to_bytes(left), to_bytes(right))


def is_string(value):
    """Tell whether this is text or bytes."""
    return isinstance(value, (bytes, six.text_type))


def to_bytes(value):
    """Return text as UTF-8; bytes as they are."""
    return value.encode("utf-8") if isinstance(value, six.text_type) else value


class NonceCache(object):
    """The nonces seen: makes tokens good for one use in this process.

    Holds a nonce as long as its token could be accepted: the steady clock
    never comes back to a time at which it could be accepted again. A process
    that has just started has seen nothing, so it takes no token that is older
    than itself, and none that is dated by the clock of a former one.

    :param leeway: see `verify_token`
    :param now: when the process started, the steady clock's now by default
    """

    def __init__(self, leeway=LEEWAY, now=None):
        self.leeway = leeway
        self.started = clock.steady() if now is None else now
        #: tells this process from others
        self.process = to_text(binascii.hexlify(os.urandom(8)))
        self.lock = threading.Lock()
        self.expiries = {}
        self.next_sweep = 0

    def use(self, claims, now=None):
        """Spend the nonce of a token.

        :param claims: what `verify_token` returned
        :param now: UTC epoch seconds, the steady clock by default
        :raises StaleToken: when it is older than the process, or for another
            one
        :raises BadToken: when it was spent before
        """
        now = clock.steady() if now is None else now
        if claims["iat"] < self.started - self.leeway or \
                claims.get(PROCESS, self.process) != self.process:
            raise StaleToken(claims["nonce"])
        with self.lock:
            if now >= self.next_sweep:
                self.sweep(now)
            if claims["nonce"] in self.expiries:
                raise BadToken()
            self.expiries[claims["nonce"]] = claims["exp"] + self.leeway

    def sweep(self, now):
        """Forget the nonces whose tokens are too old anyway."""
        self.next_sweep = now + self.leeway
        self.expiries = dict((nonce, expiry) for nonce, expiry
                             in self.expiries.items() if expiry >= now)

    def __len__(self):
        return len(self.expiries)
