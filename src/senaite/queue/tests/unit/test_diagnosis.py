# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The connection test, against misconfigured and broken servers."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import datetime
import email.utils
import json
import os
import shutil
import ssl
import tempfile
import threading
import time
import unittest
import warnings

import six
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from cryptography import x509
    from cryptography.hazmat.backends import default_backend
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID
from six.moves.BaseHTTPServer import BaseHTTPRequestHandler
from six.moves.BaseHTTPServer import HTTPServer

from senaite.queue.auth import tokens
from senaite.queue.client import diagnosis
from senaite.queue.tests import wire

SITE = "/senaite"
KEY = tokens.make_key()


def self_signed():
    """Return a self-signed certificate and its key, as PEM."""
    key = rsa.generate_private_key(65537, 2048, default_backend())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, u"127.0.0.1")])
    now = datetime.datetime.utcnow()
    certificate = x509.CertificateBuilder().subject_name(name).issuer_name(
        name).public_key(key.public_key()).serial_number(1).not_valid_before(
        now).not_valid_after(now + datetime.timedelta(1)).sign(
        key, hashes.SHA256(), default_backend())
    return (certificate.public_bytes(serialization.Encoding.PEM),
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption()))


class Handler(BaseHTTPRequestHandler):

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, content, ahead, location = self.server.answer
        body = json.dumps(content).encode("utf-8") \
            if isinstance(content, dict) else content
        self.send_response_only(status) if hasattr(
            self, "send_response_only") else self.wfile.write(
            "HTTP/1.0 {} x\r\n".format(status))
        self.send_header("Date", email.utils.formatdate(time.time() + ahead))
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Log nothing."""


class TestDiagnosis(unittest.TestCase):

    def setUp(self):
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=self.server.serve_forever)
        thread.daemon = True
        thread.start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def ask(self, status, content, ahead=0, location=None):
        """Return the last line of the test's report as users read it."""
        self.server.answer = (status, content, ahead, location)
        found = diagnosis.test("http://127.0.0.1:{}/senaite".format(
            self.server.server_port), SITE, lambda: KEY)
        self.found = found
        message = found[-1][1]
        return found[-1][0], str(message), dict(message.mapping or {})

    def good(self, **kw):
        return dict({"success": True, "site": SITE, "version": "0"}, **kw)

    def test_fast_clock_is_reported(self):
        refusal = {"success": False, "message": "Not authenticated"}
        for ahead in (1000, -1000):
            good, text, values = self.ask(401, refusal, ahead=ahead)
            # That clocks differ is no reason to refuse, but to set them
            self.assertIs(good, False)
            self.assertIn("our key", text)
            good, message = self.found[-2]
            self.assertIsNone(good)
            self.assertIn("clocks", message)
            values = message.mapping
            self.assertTrue(990 < values["seconds"] < 1010, values)
        self.assertIn("our key", self.ask(401, refusal)[1])
        good, text, values = self.ask(200, self.good(), ahead=20)
        self.assertIsNone(good)
        self.assertIn("clocks", text)
        self.assertIs(self.ask(200, self.good())[0], True)

    def test_clock_of_the_store_is_reported(self):
        good, text, values = self.ask(200, self.good(store_ahead=-7200.4))
        self.assertIsNone(good)
        self.assertIn("was set", text)
        self.assertEqual(values["seconds"], 7200)
        self.assertIs(self.ask(200, self.good(store_ahead=0.5))[0], True)

    def test_incompatible_version_is_reported(self):
        self.server.answer = (200, self.good(), 0, None)
        found = diagnosis.test("http://127.0.0.1:{}/senaite".format(
            self.server.server_port), SITE, lambda: KEY)
        self.assertEqual([good for good, _text in found],
                         [True, True, True, None, True])
        self.assertIn("has version", found[3][1])
        old = {"success": False, "message": "No such route",
               "error": "NoSuchRoute"}
        self.assertIn("older version", self.ask(404, old)[1])

    def test_unexpected_answers_are_explained(self):
        for status, content, part in (
                (200, b"<html>Welcome", "no SENAITE site"),
                (200, b"[]", "no SENAITE site"),
                (404, b"", "no SENAITE site"),
                (200, self.good(site="/x"), "another"),
                (405, {"success": False}, "not a queue server"),
                (503, {"success": False, "message": "full"}, "cannot work"),
                (418, {"success": False}, "refuses")):
            good, text, _values = self.ask(status, content)
            self.assertIs(good, False, text)
            self.assertIn(part if part != "another" else "leads to", text)
        self.assertIn("redirect", self.ask(
            302, b"", location="http://x/")[1])

    def test_untrusted_certificate_is_reported(self):
        certificate, key = self_signed()
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        path = os.path.join(directory, "both.pem")
        with open(path, "wb") as target:
            target.write(key + certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_SSLv23 if six.PY2
                                 else ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True)
        found = diagnosis.test("https://127.0.0.1:{}/senaite".format(
            self.server.server_port), SITE, lambda: KEY)
        self.assertIs(found[-1][0], False)
        self.assertIn("certificate of the queue server", found[-1][1])

    def test_port_without_https_is_reported(self):
        found = diagnosis.test("https://127.0.0.1:{}/senaite".format(
            self.server.server_port), SITE, lambda: KEY)
        self.assertIs(found[-1][0], False)
        self.assertIn("speak https", found[-1][1])

    def test_invalid_port_numbers_are_reported(self):
        for url in ("http://127.0.0.1:99999/x", "http://127.0.0.1:x/x"):
            found = diagnosis.test(url, SITE, lambda: KEY)
            self.assertIs(found[-1][0], False)


class Strict(object):
    """The membership of a process in a site that insists on trust."""

    def __init__(self, mark="m" * 32):
        self.mark = mark

    def insists(self):
        return True

    def get_mark(self):
        return self.mark


class TrustedServer(wire.Wire):
    """Answers pings, and serves who shows the mark of its database."""

    forges = False

    def __init__(self):
        self.marks = []
        wire.Wire.__init__(self)

    def check(self, claims):
        self.marks.append(tokens.get_mark(claims))

    def sign(self, nonce, status, raw):
        return "forged" if self.forges else wire.Wire.sign(
            self, nonce, status, raw)

    def answer(self, route, payload, user):
        if route == "queue_server/join" and self.marks[-1] != "m" * 32:
            raise wire.Refused(403, "Not here", error="OtherDatabase")
        return {"success": True, "site": SITE, "version": "0"}


class TestTrust(unittest.TestCase):

    def setUp(self):
        self.server = TrustedServer()
        self.addCleanup(self.server.close)

    def ask(self, membership):
        return diagnosis.test(
            self.server.url, SITE, lambda: wire.KEY, membership)

    def test_server_that_sees_the_database_is_good(self):
        found = self.ask(Strict())
        self.assertNotIn(False, [good for good, _text in found])
        texts = [str(text) for _good, text in found]
        self.assertTrue(any("same database" in text for text in texts), texts)
        self.assertTrue(any("same key" in text for text in texts), texts)

    def test_copy_is_told(self):
        good, text = self.ask(Strict("c" * 32))[-1]
        self.assertIs(good, False)
        self.assertIn("copy of the site", text)

    def test_server_without_the_key_is_told(self):
        self.server.forges = True
        good, text = self.ask(Strict())[-1]
        self.assertIs(good, False)
        self.assertIn("does not prove", text)
        # and it was shown no mark
        self.assertEqual(self.server.marks, [""])

    def test_missing_plugin_is_told(self):
        self.assertEqual(diagnosis.about_user_folders([]), [])
        (good, text), = diagnosis.about_user_folders(["/senaite/acl_users"])
        self.assertIs(good, False)
        self.assertEqual(text.mapping["folders"], u"/senaite/acl_users")
