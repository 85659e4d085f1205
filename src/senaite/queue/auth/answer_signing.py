# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Signs the answers to signed requests, when the publisher has finished them.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.auth import answers
from senaite.queue.auth import pas


def on_publication_success(event):
    """Sign the answer, if the request was signed.

    After the commit nothing changes the body any more. Costs other requests
    one look-up.

    :param event: ZPublisher's IPubSuccess
    """
    signed = pas.get_signed(event.request)
    if signed is None:
        return
    key, claims = signed
    response = event.request.response
    response.setHeader(answers.HEADER, answers.sign(
        key, claims["nonce"], response.getStatus(), response.body))
