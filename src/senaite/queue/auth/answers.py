# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Signatures of answers: made by routes, verified by callers.

An answer to a signed request carries a Fernet message, made with the key that
signed the request, which names the nonce of that request, the status and the
hash of the body. Only a process that has the key can read the nonce, so
nobody else can answer, and an answer cannot be used for another request.

Pure: imports neither Zope nor `requests`.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import json

from senaite.queue.auth import tokens
from senaite.queue.errors import BadAnswer
from senaite.queue.model.fields import to_native
from senaite.queue.model.fields import to_text

#: The HTTP header that carries the signature
HEADER = "X-Queue-Answer-Token"

CLAIMS = ("nonce", "status", "body")


def sign(key, nonce, status, body):
    """Sign the answer to a signed request.

    :param key: the key that signed the request
    :param nonce: nonce of the request, see `tokens.verify_token`
    :param status: HTTP status of the answer
    :type status: int
    :param body: the body as sent, bytes
    :returns: the value of the header `HEADER`
    :rtype: str
    """
    message = json.dumps({
        "nonce": to_text(nonce),
        "status": int(status),
        "body": tokens.hash_body(body),
    }, sort_keys=True).encode("utf-8")
    return to_native(tokens.Fernet(tokens.to_bytes(key)).encrypt(message))


def is_signed(response, signer):
    """Tell whether an answer is signed, for the request of this signer.

    :param response: `requests.Response`
    :param signer: what has signed the request
    :type signer: senaite.queue.auth.signer.Signer
    :rtype: bool
    """
    try:
        verify(signer.key, response.headers.get(HEADER), signer.nonce,
               response.status_code, response.content)
    except BadAnswer:
        return False
    return True


def verify(key, signature, nonce, status, body):
    """Make sure that an answer comes from a process that has the key, and is
    the one to this request.

    :param key: the key that signed the request
    :param signature: value of the header `HEADER`, or None
    :param nonce: nonce of the request
    :param status: HTTP status of the answer
    :param body: the body as received, bytes
    :raises BadAnswer: in any other case
    """
    if not tokens.is_string(signature) or \
            len(signature) > tokens.MAX_TOKEN_BYTES:
        raise BadAnswer()
    try:
        message = tokens.Fernet(tokens.to_bytes(key)).decrypt(
            tokens.to_bytes(signature))
        claims = json.loads(message.decode("utf-8"))
    except (tokens.InvalidToken, ValueError, TypeError):
        raise BadAnswer()
    if not isinstance(claims, dict) or set(claims) != set(CLAIMS) or \
            claims["status"] != status or \
            not tokens.same(to_text(claims["nonce"]), to_text(nonce)) or \
            not tokens.same(to_text(claims["body"]),
                            to_text(tokens.hash_body(body))):
        raise BadAnswer()
