# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A queue server and a consumer process on real sockets, without Zope.

The routes answer from a real store like `senaite.queue.server.routes`; the
real code makes and checks the tokens. A test can take the server down, drop
answers, and look at the requests.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import abc
import json
import threading

import six
from six.moves import BaseHTTPServer
from six.moves import socketserver
from six.moves.urllib.parse import parse_qsl
from six.moves.urllib.parse import urlsplit

from senaite.queue.auth import answers
from senaite.queue.auth import server_time
from senaite.queue.auth import tokens
from senaite.queue.errors import BadToken
from senaite.queue.errors import NotRunning
from senaite.queue.errors import OtherDatabase
from senaite.queue.errors import StaleToken
from senaite.queue.errors import TaskNotFound
from senaite.queue.model import clock
from senaite.queue.model.queue_task import to_task
from senaite.queue.model.states import FINISHED
from senaite.queue.server.attendance import Attendance
from senaite.queue.server.upkeep_turn import UpkeepTurn

KEY = tokens.make_key()


class Refused(Exception):
    """An answer with a status other than 200."""

    def __init__(self, status, message, **details):
        Exception.__init__(self, message)
        self.status = status
        self.answer = dict(details, success=False, message=message)


class NotJSON(Exception):
    """An answer that is a page, as proxies send them."""

    def __init__(self, status):
        Exception.__init__(self, status)
        self.status = status


class _Server(socketserver.ThreadingMixIn, BaseHTTPServer.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        """Ignore clients that do not wait for the answer, as tests want."""


@six.add_metaclass(abc.ABCMeta)
class Wire(object):
    """An HTTP server on a free port; subclasses answer the requests."""

    def __init__(self, port=0, now=clock.steady):
        """
        :param now: function that returns the time that the server counts
        """
        wire = self
        self.now = now

        class Handler(BaseHTTPServer.BaseHTTPRequestHandler):
            def do_GET(self):
                wire._handle(self)

            do_POST = do_GET

            def log_message(self, *args):
                pass

        self.calls = []
        #: status of each answer, refused requests included
        self.statuses = []
        self.drop_answers = 0
        #: size of the largest body that the proxy before the server lets
        #: through (bytes), or None without a proxy
        self.most_bytes = None
        self.nonces = tokens.NonceCache(now=now())
        self.server = _Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = "http://127.0.0.1:{}/senaite".format(self.port)
        self.thread = threading.Thread(
            target=self.server.serve_forever, args=(0.02,))
        self.thread.daemon = True
        self.thread.start()

    def close(self):
        """Take the server down: connections are refused."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def check(self, claims):
        """Refuse callers; subclasses do."""

    def sign(self, nonce, status, raw):
        """Return the signature of an answer, as real servers make it."""
        return answers.sign(KEY, nonce, status, raw)

    @abc.abstractmethod
    def answer(self, route, payload, user):
        """Return the answer of a route; implemented by subclasses."""

    def _handle(self, handler):
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length)
        status, answer, claims = 200, None, None
        headers, page = {}, None
        try:
            if self.most_bytes is not None and length > self.most_bytes:
                raise NotJSON(413)
            claims = tokens.verify_token(
                [KEY], handler.headers.get(tokens.HEADER), handler.command,
                tokens.get_route(handler.path), body, now=self.now())
            self.nonces.use(claims, now=self.now())
            parts = urlsplit(handler.path)
            payload = dict(parse_qsl(parts.query))
            if body:
                payload.update(json.loads(body.decode("utf-8")))
            route = tokens.get_route(parts.path)
            self.calls.append((route, payload))
            self.check(claims)
            answer = self.answer(route, payload, claims["user"])
        except BadToken as error:
            if isinstance(error, StaleToken):
                headers[server_time.HEADER] = server_time.make(
                    KEY, error.nonce, self.now(), self.nonces.process)
            status, answer = 401, {"success": False, "message": str(error)}
        except Refused as refusal:
            status, answer = refusal.status, refusal.answer
        except NotJSON as error:
            status, page = error.status, b"<html>No</html>"
        self.statuses.append(status)
        if self.drop_answers > 0:
            self.drop_answers -= 1
            handler.close_connection = True
            return
        raw = page or json.dumps(answer).encode("utf-8")
        handler.send_response(status)
        handler.send_header("Content-Type", "text/html" if page
                            else "application/json")
        if claims is not None and not page:
            handler.send_header(answers.HEADER, self.sign(
                claims["nonce"], status, raw))
        handler.send_header("Content-Length", str(len(raw)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(raw)


class QueueServer(Wire):
    """The routes of `queue_server/`, on a store."""

    def __init__(self, store, port=0, lease_seconds=30, has_mark=None):
        """
        :param has_mark: function(mark): is it in the database? None: all
            callers are served
        """
        self.store = store
        self.has_mark = has_mark
        self.lease_seconds = lease_seconds
        self.upkeep_turn = UpkeepTurn()
        self.attendance = Attendance(store)
        Wire.__init__(self, port)

    def check(self, claims):
        if self.has_mark and not self.has_mark(tokens.get_mark(claims)):
            raise Refused(403, "Not here", error=OtherDatabase.__name__)

    def routes(self):
        """Return the routes called so far."""
        return [route.split("/")[-1] for route, _payload in self.calls]

    def answer(self, route, payload, user):
        verb = route.split("/", 1)[1]
        method = getattr(self, "do_" + verb, None)
        try:
            if method is None:
                return self.do_task(verb)
            return method(payload)
        except (TaskNotFound, NotRunning) as error:
            raise Refused(error.status, str(error),
                          error=type(error).__name__, **error.details)

    def do_task(self, task_uid):
        task = self.store.get(task_uid)
        if task is None:
            raise TaskNotFound(task_uid)
        return dict(task, url="", zeo="")

    def do_add(self, payload):
        results = {}
        for data in payload["tasks"]:
            try:
                results[data["task_uid"]] = self.store.add(to_task(data))
            except (TypeError, ValueError) as error:
                results[data["task_uid"]] = "invalid: {}".format(error)
        return {"results": results, "version": self.store.version()}

    def do_ping(self, payload):
        return {"success": True, "site": self.store.site_id,
                "store_now": self.store.now()}

    def do_pop(self, payload):
        task = self.store.pop(payload["consumer_id"], self.lease_seconds)
        due = self.store.next_due()
        if due is not None:
            due = max(0, due - self.store.now())
        return {"task": task, "next_due": due}

    def do_done(self, payload):
        self.store.acknowledge(
            payload["task_uid"], payload["consumer_id"],
            processed=payload["processed"], note=payload["note"],
            skipped=payload.get("skipped", 0),
            skipped_items=payload.get("skipped_items"))
        return self.do_pop(payload) if payload["next"] else {}

    def do_fail(self, payload):
        return {"status": self.store.fail(
            payload["task_uid"], payload["consumer_id"], payload["kind"],
            payload["error_message"], traceback=payload["traceback"],
            error_code=payload.get("error_code"))}

    def do_timeout(self, payload):
        return {"status": self.store.fail(
            payload["task_uid"], payload["consumer_id"], "timeout",
            "took too long")}

    def do_heartbeat(self, payload):
        return {"held": self.store.heartbeat(
            payload["consumer_id"], payload["task_uid"], self.lease_seconds)}

    def do_join(self, payload):
        return {}

    def do_hello(self, payload):
        return {"requeued": self.store.hello(
            payload["consumer_id"], payload.get("stopped") or ())}

    def do_over(self, payload):
        if not self.upkeep_turn.take(
                payload["consumer_id"], self.store.now()):
            return {"over": []}
        known = self.store.states_of(payload["task_uids"])
        return {"over": [uid for uid in payload["task_uids"]
                         if known.get(uid, "done") in FINISHED]}

    def do_diff(self, payload):
        return dict(self.store.changes(payload.get("since")),
                    unattended=self.attendance.unattended_seconds())

    def do_search(self, payload):
        found = self.store.find(
            states=payload["status"].split(","), uid=payload.get("uid"))
        return {"count": len(found), "items": found}

    def do_delete(self, payload):
        return {"changed": self.store.cancel(payload["task_uid"])}
