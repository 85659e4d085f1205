# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The test of the connection to the queue server: what works, and what is
wrong, in plain words, with what to do about it.

Asks step by step, so that the first thing that is wrong is the one that is
told: URL, host, port, certificate, site, key, clock, version.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import email.utils
import socket
import time

import pkg_resources
import requests
from six.moves.urllib.parse import urlsplit
from zope.i18nmessageid import Message

from senaite.queue.auth import answers
from senaite.queue.auth.signer import Signer
from senaite.queue.errors import ConfigError
from senaite.queue.errors import ConnectionFault
from senaite.queue.errors import KeyNotProved
from senaite.queue.errors import NoSuchRoute
from senaite.queue.errors import OtherDatabase
from senaite.queue.errors import ServerFailed
from senaite.queue.errors import ServerRefused
from senaite.queue.http.transport import API_PATH
from senaite.queue.http.transport import INTRODUCTION_WAITS
from senaite.queue import messageFactory as _
from senaite.queue.model import clock
from senaite.queue.model.fields import to_message
from senaite.queue.model.fields import to_text
from senaite.queue import PAS_PLUGIN_ID
from senaite.queue import PRODUCT_NAME

#: Seconds that a step may take
PATIENCE = 4

#: Seconds by which clocks may differ before it is worth a word
WORTH_A_WORD = 5

#: OpenSSL's name of what is wrong, as the `ssl` module gives it
CERTIFICATE_REFUSED = "CERTIFICATE_VERIFY_FAILED"

NO_HTTPS = _(u"No encrypted connection could be made: ${error}. Does this "
             u"port speak https? Zope itself speaks http only.")

NO_SITE = _(u"There is a web server (it answers ${status}), but no SENAITE "
            u"site with the queue at this path. The path of this site is "
            u"${site}.")
WRONG_KEY = _(u"The queue server does not accept our key. All processes need "
              u"the same one: check that SENAITE_QUEUE_KEY has the same value "
              u"everywhere, and that the URL leads to this site.")
NOT_PROVED = _(u"The server at this address does not prove that it has the "
               u"key of this site, so nothing is sent to it. Check the URL, "
               u"and install the same version of senaite.queue everywhere.")
NO_SERVER = _(u"The process there is not a queue server. Set "
              u"SENAITE_QUEUE_ROLE=server for it, or the URL to the process "
              u"that is.")
CANNOT_WORK = _(u"The queue server is there, but cannot work: ${message}")
REFUSES = _(u"The queue server refuses: ${status} ${message}")


def describe(error, site_id):
    """Return what is wrong with a server that answers, in the words of the
    test.

    :param error: an exception of `senaite.queue.http.transport`, or None
    :param site_id: path of this site
    :returns: a message; None when the server does not answer
    """
    if isinstance(error, KeyNotProved):
        return fault(NOT_PROVED).message
    if isinstance(error, ServerRefused):
        if error.status in (401, 403):
            return fault(WRONG_KEY).message
        if error.status == 405:
            return fault(NO_SERVER).message
        return fault(REFUSES, status=error.status,
                     message=error.message).message
    if not isinstance(error, ServerFailed):
        return None
    if error.reason is None:
        return fault(NO_SITE, status=error.answered, site=site_id).message
    if error.answered == 503:
        return fault(CANNOT_WORK, message=error.reason).message
    return fault(REFUSES, status=error.answered,
                 message=error.reason).message


def fault(text, **values):
    """Return the error that says what is wrong, in words for people."""
    return ConnectionFault(Message(text, mapping=values, domain=PRODUCT_NAME))


def test(url, site_id, get_key, membership=None):
    """Test the connection.

    :param url: the setting "server"
    :param site_id: path of this site, see `server.reading.get_site_id`
    :param get_key: function that returns the key to sign with
    :param membership: what this process shows to the server; None: the server
        is not asked whether it sees the same database
    :type membership: senaite.queue.auth.membership.Membership
    :returns: list of (True: works / False: does not / None: worth a look,
        message), in the order in which it was tried
    """
    found = []
    try:
        for step in steps(url, site_id, get_key, membership):
            found.append(step)
    except ConnectionFault as error:
        found.append((False, error.message))
    return found


def steps(url, site_id, get_key, membership=None):
    """Yield what was found out, step by step.

    :raises ConnectionFault: saying what is wrong
    """
    if not url:
        raise fault(_(u"The setting 'Queue server' is empty: the queue is "
                    u"off, and all actions run at once."))
    host, port = check_url(url)
    check_host(host)
    check_port(host, port)
    yield True, _(u"Something listens at port ${port} of ${host}.",
                  mapping={"host": host, "port": port})
    signer = Signer("", get_key)
    response, skew = ask(url, signer)
    if response.status_code == 401 and skew is not None:
        # Not the reason, but a server of an older version may refuse for it
        yield about_clock(skew)
    answer = read(response, site_id)
    yield True, _(u"The queue server answers, and accepts our key.")
    if membership is not None and membership.insists():
        if not answers.is_signed(response, signer):
            raise fault(NOT_PROVED)
        yield True, _(u"It proves that it has the same key.")
    if answer.get("site") != site_id:
        raise fault(_(u"The URL leads to the site ${theirs}, this one is "
                    u"${ours}: tasks of one would end up in the other. "
                    u"Correct the path of the URL."),
                    theirs=answer.get("site"), ours=site_id)
    yield True, _(u"It is the queue of this site (${site}).",
                  mapping={"site": site_id})
    if membership is not None and membership.insists():
        check_database(url, get_key, membership, site_id)
        yield True, _(u"It sees the same database as this process.")
    yield about_version(answer.get("version"))
    if skew is not None:
        yield about_clock(skew)
    if abs(answer.get("store_ahead") or 0) >= WORTH_A_WORD:
        yield None, about_store_clock(answer["store_ahead"])


def check_url(url):
    """Return host and port of a URL."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    port = port or {"http": 80, "https": 443}.get(parts.scheme)
    if not parts.hostname or not port:
        raise fault(_(u"'${url}' is not the URL of a site; it should look like "
                    u"http://localhost:8080/senaite"), url=url)
    return parts.hostname, port


def check_host(host):
    """Look the host up."""
    try:
        socket.getaddrinfo(host, None)
    except (socket.error, UnicodeError):
        raise fault(_(u"The host ${host} is not known. Check how it is "
                    u"written in the URL, and the name service of this "
                    u"machine."),
                    host=host)


def check_port(host, port):
    """Connect to the port."""
    try:
        socket.create_connection((host, port), PATIENCE).close()
    except socket.timeout:
        raise fault(_(u"${host} does not answer at port ${port}. Is the "
                    u"machine on, and does a firewall let us through?"),
                    host=host, port=port)
    except (socket.error, OverflowError):
        raise fault(_(u"Nothing listens at port ${port} of ${host}. Check the "
                    u"port in the URL, and that the Zope process of the queue "
                    u"server runs."), host=host, port=port)


def check_database(url, get_key, membership, site_id):
    """Make sure that the queue server sees the mark of this process."""
    signer = Signer("", get_key, membership.get_mark)
    for wait in INTRODUCTION_WAITS:
        time.sleep(wait)
        response, _skew = ask(url, signer, "queue_server/join")
        if response.status_code != OtherDatabase.status:
            read(response, site_id)
            return
    raise fault(_(u"The queue server does not see the database of this "
                u"process: one of them belongs to a copy of the site. Enter "
                u"the URL of the queue server of this database."))


def about_user_folders(broken):
    """Return what is wrong with the plugin that logs in the users of tasks.

    :param broken: paths of the user folders without it
    :returns: list like that of `test`
    """
    if not broken:
        return []
    return [(False, _(
        u"Tasks cannot run as their users: the plugin '${plugin}' was deleted "
        u"or switched off in ${folders}. Switch it on there for extraction "
        u"and authentication, or install the add-on again.",
        mapping={"plugin": PAS_PLUGIN_ID,
                 "folders": u", ".join(map(to_text, broken))}))]


def ask(url, signer, route="queue_server/ping"):
    """Ask the queue server, who it is by default.

    :param signer: see `senaite.queue.auth.signer.Signer`
    :param route: a route that needs no payload
    :returns: response, and by how many seconds its clock is ahead of ours
        (None: it does not say)
    """
    session = requests.Session()
    session.trust_env = False
    try:
        began = clock.now()
        response = session.post(
            url.rstrip("/") + API_PATH + route, data=b"{}",
            headers={"Accept": "application/json", "Connection": "close",
                     "Accept-Encoding": "identity",
                     "Content-Type": "application/json"},
            allow_redirects=False, auth=signer,
            timeout=PATIENCE)
    except requests.exceptions.SSLError as error:
        if not is_about_certificate(error):
            raise fault(NO_HTTPS, error=brief(error))
        raise fault(_(u"The certificate of the queue server is not accepted: "
                    u"${error}. Renew it, or make its authority known to this "
                    u"machine."), error=brief(error))
    except requests.RequestException as error:
        if url.startswith("https:"):
            raise fault(NO_HTTPS, error=brief(error))
        raise fault(_(u"The connection was made, but there was no answer to "
                    u"our question: ${error}"), error=brief(error))
    except ConfigError as error:
        raise fault(_(u"The configuration of this Zope process is wrong: "
                    u"${error}"), error=str(error))
    except ValueError as error:
        raise fault(_(u"This site has no key to sign with: ${error}. Make a "
                    u"new one below."), error=brief(error))
    date = email.utils.parsedate_tz(response.headers.get("Date") or "")
    if date is None:
        return response, None
    return response, email.utils.mktime_tz(date) - (began + clock.now()) / 2


def read(response, site_id):
    """Return the answer of the queue server.

    :raises ConnectionFault: when it is a refusal, or not that of a queue server
    """
    status = response.status_code
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if status in (301, 302, 303, 307, 308):
        raise fault(_(u"The URL is answered with a redirect to ${url}. Use "
                    u"the address of the Zope process itself."),
                    url=response.headers.get("Location", ""))
    if not isinstance(answer, dict) or "success" not in answer:
        raise fault(NO_SITE, status=status, site=site_id)
    if answer.get("success"):
        return answer
    message = answer.get("message") or ""
    if status == 401:
        raise fault(WRONG_KEY)
    if status == 405:
        raise fault(NO_SERVER)
    if status == 503:
        raise fault(CANNOT_WORK, message=message)
    if answer.get("error") == NoSuchRoute.__name__:
        raise fault(_(u"The queue server has an older version of "
                    u"senaite.queue: it does not know our question. Install "
                    u"the same version everywhere."))
    raise fault(REFUSES, status=status, message=message)


def about_version(theirs):
    """Compare the versions."""
    ours = pkg_resources.get_distribution(PRODUCT_NAME).version
    if theirs == ours:
        return True, _(u"Both have version ${version}.",
                       mapping={"version": ours})
    return None, _(u"The queue server has version ${theirs}, this process "
                   u"${ours}. Install the same version everywhere.",
                   mapping={"theirs": theirs, "ours": ours})


def about_clock(skew):
    """Tell how far the clocks differ."""
    # The server tells whole seconds
    if abs(skew) <= WORTH_A_WORD:
        return True, _(u"The clocks agree.")
    return None, about_difference(skew)


def about_difference(skew):
    """Return the message that says how far clocks differ.

    :param skew: by how many seconds the server's clock is ahead of ours
    """
    return _(u"The clocks of this machine and of the queue server differ by "
             u"${seconds} seconds. Set them with NTP.",
             mapping={"seconds": int(round(abs(skew)))})


def about_store_clock(ahead):
    """Return the message that says how far the times of tasks are off.

    :param ahead: by how many seconds the store's clock is ahead of the time of
        day
    """
    return _(u"The clock of the queue server was set forward or back by "
             u"${seconds} seconds or more: the times of tasks differ from the "
             u"time of day by that much, and by less every minute.",
             mapping={"seconds": int(round(abs(ahead)))})


def is_about_certificate(error):
    """Tell whether the encryption failed because of the certificate.

    :param error: exception of `requests`, which wraps that of the `ssl`
        module once or several times
    """
    seen = []
    todo = [error]
    while todo:
        found = todo.pop()
        if found in seen:
            continue
        seen.append(found)
        # The class of Python 3.7 is that of Python 2.7, and of urllib3
        if type(found).__name__ in ("CertificateError",
                                    "SSLCertVerificationError") \
                or getattr(found, "reason", None) == CERTIFICATE_REFUSED:
            return True
        todo.extend(other for other in list(found.args) + [
            getattr(found, "reason", None)] if isinstance(other, Exception))
    return False


def brief(error):
    """Return the message of an error, not too long."""
    return to_message(error)[-200:]
