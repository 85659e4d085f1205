# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""What attackers try. The first row is what 1.0.x was measured to allow."""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import base64
import contextlib
import json
import socket
import threading
import time
import uuid

import requests
import transaction
from persistent import Persistent
from plone.app.testing import SITE_OWNER_NAME
from plone.app.testing import TEST_USER_PASSWORD
from senaite.queue import auth
from senaite.queue import keys
from senaite.queue import routing
from senaite.queue.tests.integration import httpcase
from zope.annotation.interfaces import IAttributeAnnotatable
from zope.interface import implementer

POP = "queue_server/pop"
PAYLOAD = {"consumer_id": httpcase.CONSUMER}
UNSIGNED = (httpcase.ANONYMOUS, "contact", "analyst", "labmanager", "manager",
            "consumer")
JSON = {"Content-Type": "application/json"}


class AttackCase(httpcase.HTTPCase):

    def version(self):
        """Return what changes when anything in the queue does."""
        return self.ask("queue_server/diff", method="GET")["version"]

    @contextlib.contextmanager
    def unchanged(self):
        before = self.version()
        yield
        self.assertEqual(self.version(), before)

    def bad_token(self, headers, route=POP, payload=PAYLOAD, **kw):
        response = self.call(route, payload, auth=None, headers=headers, **kw)
        self.assertEqual(
            (response.status_code, response.json()["message"]),
            (401, "Not authenticated"))


class TestWhatTheOldOneAllowed(AttackCase):
    """Measured with senaite.queue 1.0.3 on SENAITE 2.6."""

    def test_the_key_is_read_by_anybody(self):
        routes = ("registry", "registry/senaite.queue",
                  "registry/senaite.queue.auth_key", "plonesite", "settings",
                  "settings/senaite.queue", "search?catalog=portal_catalog",
                  "", "senaite_queue_auth", "users/current", "properties")
        for caller in UNSIGNED:
            for route in routes:
                text = self.call(route, caller=caller, method="GET").text
                self.assertFalse(self.key in text, (caller, route))
        for path in ("", "/acl_users/senaite_queue_auth",
                     "/__annotations__", "/++annotations++senaite.queue.key",
                     "/@@queue-controlpanel",
                     "/portal_registry/senaite.queue.auth_key"):
            for caller in UNSIGNED:
                response = requests.get(
                    self.url + path, auth=self.credentials(caller))
                self.assertFalse(self.key in response.text, (caller, path))

    def test_a_client_contact_adds_a_task_as_admin(self):
        for username in ("admin", SITE_OWNER_NAME, "manager", "contact"):
            with self.unchanged():
                self.refused(403, "queue_server/add", self.task(
                    name="task_generic_action", action="deactivate",
                    username=username), caller="contact")
                self.refused(403, "queue_server/add", {"tasks": [self.task(
                    username=username)]}, caller="contact")

    def test_anybody_hands_out_fails_deletes_and_requeues(self):
        uid = self.put(retries=0)
        about = dict(PAYLOAD, task_uid=uid)
        for state in ("queued", "running", "failed"):
            for verb in ("pop", "hello", "done", "fail", "timeout",
                         "heartbeat", "requeue", "requeue/" + uid, "delete"):
                for caller in UNSIGNED:
                    route = "queue_server/" + verb
                    refusal = 401 if caller == httpcase.ANONYMOUS else 403
                    with self.unchanged():
                        self.refused(refusal, route, about, caller=caller)
                    # links and images come by GET
                    self.refused(405, route + "?task_uid=" + uid,
                                 caller=caller, method="GET")
            answer = self.ask("queue_server/" + uid, method="GET")
            self.assertEqual(answer["status"], state)
            if state == "queued":
                self.ask(POP, PAYLOAD)
            elif state == "running":
                self.ask("queue_server/fail", dict(about, error_message="x"))

    def test_anybody_has_a_task_processed(self):
        for caller in UNSIGNED:
            for query in ("", "?queue_tuid=" + "0" * 32):
                route = "queue_consumer/process/{}{}".format("0" * 32, query)
                self.refused(401 if caller == httpcase.ANONYMOUS else 403,
                             route, caller=caller)
                self.refused(405, route, caller=caller, method="GET")

    def test_a_garbage_token_makes_every_page_an_error(self):
        for page in ("", "/login", "/clients", "/@@API/senaite/v1/version"):
            for method in ("GET", "HEAD", "POST"):
                plain = requests.request(method, self.url + page)
                tried = requests.request(method, self.url + page,
                                         headers={auth.HEADER: "garbage"})
                self.assertEqual(plain.status_code, tried.status_code, page)

    def test_a_token_is_replayed_on_another_route(self):
        headers = self.token(POP, PAYLOAD)
        self.ask(POP, PAYLOAD, auth=None, headers=headers)
        self.bad_token(headers, "queue_server/hello")


@implementer(IAttributeAnnotatable)
class OtherSite(Persistent):
    """All that a key needs of a site."""


class TestTokens(AttackCase):

    def test_replay(self):
        other = {"consumer_id": "client9/00000001"}
        for spend_first in (True, False):
            for route, payload in ((POP, PAYLOAD), (POP, other),
                                   ("queue_server/hello", PAYLOAD),
                                   ("queue_server/hello", other)):
                if not spend_first and (route, payload) == (POP, PAYLOAD):
                    continue
                headers = self.token(POP, PAYLOAD)
                if spend_first:
                    self.ask(POP, PAYLOAD, auth=None, headers=headers)
                with self.unchanged():
                    self.bad_token(headers, route, payload)

    def test_replay_at_the_same_moment(self):
        headers = self.token(POP, PAYLOAD)
        statuses = []

        def send():
            statuses.append(self.call(
                POP, PAYLOAD, auth=None, headers=headers).status_code)

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(statuses), [200] + [401] * 7)

    def test_out_of_its_time(self):
        now = time.time()
        for then in (0, now - 3600, now - auth.TTL - auth.LEEWAY - 5,
                     now + auth.LEEWAY + 5, now + 3600, 2 ** 60):
            self.bad_token(self.token(POP, PAYLOAD, now=then))

    def test_one_that_never_expires_is_refused_by_who_starts_anew(self):
        cache = auth.NonceCache(now=time.time())
        with self.assertRaises(auth.BadToken):
            cache.use({"iat": time.time() - 3600, "exp": 2 ** 60,
                       "nonce": u"x"})

    def test_cut_bent_and_forged(self):
        token = self.token(POP, PAYLOAD)[auth.HEADER]
        raw = base64.urlsafe_b64decode(token)
        bent = [raw[:i] + bytes(bytearray([bytearray(raw)[i] ^ 1])) +
                raw[i + 1:] for i in (0, 5, 12, 40, len(raw) - 1)]
        forged = [base64.urlsafe_b64encode(one).decode("ascii")
                  for one in bent]
        for value in forged + [
                token[:-1], token[1:], token[:50], token + "A", token * 2,
                token.upper(), " ", "null", "Bearer " + token, "A" * 20000,
                base64.b64encode(b'{"user": "admin"}').decode("ascii")]:
            if not value.strip():
                continue
            self.bad_token(dict(JSON, **{auth.HEADER: value}))

    def test_other_keys(self):
        for key in (auth.make_key(), base64.urlsafe_b64encode(
                b"\0" * 32).decode("ascii")):
            self.bad_token(self.token(POP, PAYLOAD, key=key))

    def test_token_of_another_site(self):
        other = OtherSite()
        keys.make_key(other)
        theirs = keys.get_key(other)
        self.assertNotEqual(theirs, self.key)
        self.bad_token(self.token(POP, PAYLOAD, key=theirs))

    def test_user_that_was_removed(self):
        folder = self.portal.acl_users
        folder.userFolderAddUser("leaver", TEST_USER_PASSWORD,
                                 ["Member", "Manager"], [])
        transaction.commit()
        self.assertEqual(self.who("leaver"), "leaver")
        folder.userFolderDelUsers(["leaver"])
        transaction.commit()
        self.assertNotEqual(self.who("leaver"), "leaver")

    def test_user_whose_rights_were_taken(self):
        folder = self.portal.acl_users
        folder.userFolderAddUser("lowered", TEST_USER_PASSWORD,
                                 ["Member", "Manager"], [])
        transaction.commit()
        self.assertTrue("Manager" in self.roles_of("lowered"))
        folder.portal_role_manager.removeRoleFromPrincipal(
            "Manager", "lowered")
        transaction.commit()
        # a token carries a name, never rights
        self.assertFalse("Manager" in self.roles_of("lowered"))

    def current(self, user):
        route = "users/current"
        headers = self.token(route, user=user, method="GET")
        return self.call(route, method="GET", auth=None,
                         headers=headers).json()["items"][0]

    def who(self, user):
        return self.current(user)["username"]

    def roles_of(self, user):
        return self.current(user)["roles"]

    def test_the_header_twice(self):
        for first, second in (("good", "garbage"), ("garbage", "good"),
                              ("good", "good"), ("good", "empty")):
            texts = {"good": self.token(POP, PAYLOAD)[auth.HEADER],
                     "garbage": "garbage", "empty": ""}
            status = self.raw([texts[first], texts[second]])
            if (first, second) == ("good", "empty"):
                self.assertTrue(status in (200, 401))
            else:
                self.assertEqual(status, 401, (first, second))

    def raw(self, tokens):
        """Send a request with the header several times; returns the status."""
        from six.moves.http_client import HTTPConnection
        host = self.url.split("/")[2]
        path = "/" + "/".join(self.url.split("/")[3:])
        connection = HTTPConnection(host, timeout=60)
        self.addCleanup(connection.close)
        body = json.dumps(PAYLOAD)
        connection.putrequest("POST", path + httpcase.API + POP)
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(body)))
        for token in tokens:
            connection.putheader(auth.HEADER, token)
        connection.endheaders()
        connection.send(body.encode("ascii"))
        return connection.getresponse().status

    def test_timing(self):
        """How far a bad token gets does not show in the time it takes."""
        good = self.token(POP, PAYLOAD)[auth.HEADER]
        raw = bytearray(base64.urlsafe_b64decode(good))
        tokens = []
        # the signature is the last 32 bytes: wrong at its start, at its end
        for position in (-32, -1):
            bent = bytearray(raw)
            bent[position] ^= 1
            tokens.append(base64.urlsafe_b64encode(
                bytes(bent)).decode("ascii"))
        times = [[], []]
        for _ in range(2000):
            for number, token in enumerate(tokens):
                began = time.time()
                with self.assertRaises(auth.BadToken):
                    auth.decrypt([self.key], token)
                times[number].append(time.time() - began)
        medians = [sorted(each)[1000] for each in times]
        self.assertTrue(0.5 < medians[0] / medians[1] < 2, medians)


class TestPayloads(AttackCase):

    def test_a_task_for_somebody_else(self):
        """The user a task names is the one whose token ran it, or it fails:
        the process endpoint takes tasks from its own leases only."""
        for user in ("", "admin", SITE_OWNER_NAME, "manager"):
            uid = self.put(username="analyst")
            route = "queue_consumer/process/" + uid
            headers = self.token(route, user=user)
            message = self.refused(412, route, auth=None, headers=headers)
            self.assertTrue("does not hold" in message)
            self.ask("queue_server/delete", {"task_uid": uid})

    def test_huge_bodies(self):
        self.patch(routing, "MAX_BODY_BYTES", 1024 * 1024)
        body = json.dumps(dict(PAYLOAD, x="x" * 2 * 1024 * 1024))
        self.refused(400, POP, body=body)
        for caller in UNSIGNED:
            response = self.call(POP, body=body, caller=caller)
            self.assertTrue(response.status_code in (401, 403))

    def test_deep_json(self):
        for depth in (40, 900, 5000, 200000):
            for left, right in ((u"[", u"]"), (u'{"a":', u"}")):
                body = u'{"consumer_id": "%s", "x": %s1%s}' % (
                    httpcase.CONSUMER, left * depth, right * depth)
                response = self.call(POP, body=body)
                self.assertTrue(response.status_code in (200, 400),
                                response.text[:200])
                task = json.dumps(self.task())[:-1] + u', "x": %s1%s}' % (
                    left * depth, right * depth)
                response = self.call("queue_server/add", body=task)
                self.assertEqual(response.status_code, 400)

    def test_wrong_types_everywhere(self):
        values = (None, True, -1, 0, 1.5, -10 ** 30, 10 ** 400, 1e308, "",
                  "x", u"\xe9\u20ac\U0001f4a9", "\0", "a" * 5000, [], [[]],
                  {}, {"a": 1}, ["x"] * 3)
        for key in sorted(self.task()):
            for value in values:
                response = self.call("queue_server/add", {"tasks": [
                    dict(self.task(), **{key: value})]})
                self.assertTrue(response.status_code < 500, (key, value))
        with self.unchanged():
            for key in ("task_uid", "consumer_id", "processed", "note",
                        "kind", "error_message", "traceback", "status",
                        "limit", "offset", "ghost", "since", "uid"):
                for value in values:
                    for verb in ("done", "fail", "timeout", "heartbeat",
                                 "requeue", "delete", "tasks", "search",
                                 "diff", "uids"):
                        payload = dict(PAYLOAD, task_uid="0" * 32)
                        payload[key] = value
                        response = self.call("queue_server/" + verb, payload)
                        self.assertTrue(response.status_code < 500,
                                        (verb, key, value, response.text))

    def test_unknown_fields_stay_with_the_task(self):
        uid = self.put(__class__="os.system", portal_type="X", role="Manager",
                       consumer_id="evil/00000001", status="done")
        answer = self.ask("queue_server/" + uid, method="GET")
        self.assertEqual((answer["status"], answer["consumer_id"]),
                         ("queued", None))

    def test_path_traversal(self):
        for prefix in ("queue_server/", "queue_server/jobs/",
                       "queue_server/tasks/", "queue_server/requeue/",
                       "queue_consumer/process/"):
            for path in ("../../acl_users", "..%2f..%2facl_users",
                         "%2e%2e/%2e%2e/", "..%5c..%5c", "%00", "a%0d%0ab",
                         "....//....//etc/passwd", "%252e%252e%252f"):
                for method in ("GET", "POST"):
                    with requests.Session() as session:
                        request = requests.Request(
                            method, self.url, headers=JSON).prepare()
                        # as it is: the library would tidy the path
                        request.url = self.url + httpcase.API + prefix + path
                        auth.Signer("", lambda: self.key)(request)
                        response = session.send(request, timeout=60)
                    self.assertTrue(response.status_code < 500,
                                    (prefix, path, response.text[:200]))
                    self.assertFalse("root:" in response.text)
        self.assertEqual(self.ask("queue_server/tasks")["count"], 0)

    def test_ids_that_are_addresses(self):
        """Nobody calls back what a consumer names itself."""
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        listener.settimeout(1)
        port = listener.getsockname()[1]
        uid = self.put()
        for consumer_id in ("http://127.0.0.1:{}/00000001".format(port),
                            "127.0.0.1:{}/00000001".format(port)):
            about = {"consumer_id": consumer_id, "task_uid": uid}
            for verb in ("hello", "pop", "heartbeat", "done", "fail"):
                response = self.call("queue_server/" + verb, about)
                self.assertTrue(response.status_code < 500)
        with self.assertRaises(socket.timeout):
            listener.accept()

    def test_the_server_url_is_changed_by_managers_only(self):
        name = "senaite.queue.server"
        former = self.portal.portal_registry[name]
        for caller in UNSIGNED:
            if caller == "manager":
                continue
            for route in ("registry/" + name, "update", "registry/update"):
                self.call(route, {"uid": "x", name: "http://evil.test/"},
                          caller=caller)
            requests.post(
                self.url + "/@@queue-controlpanel",
                data={"form.widgets.server": "http://evil.test/s",
                      "form.buttons.save": "Save"},
                auth=self.credentials(caller))
        transaction.begin()
        self.assertEqual(self.portal.portal_registry[name], former)

    def test_script_in_every_text(self):
        """Answers are JSON and say so: a browser runs nothing of it."""
        evil = u"<script>alert(1)</script>"
        uid = self.put(retries=0, evil=evil)
        about = dict(PAYLOAD, task_uid=uid)
        self.ask(POP, PAYLOAD)
        self.ask("queue_server/fail", dict(about, error_message=evil,
                                           traceback=evil))
        for route in ("queue_server/" + uid, "queue_server/" + evil,
                      "queue_server/tasks/" + evil, "queue_server/tasks"):
            response = self.call(route, caller="manager", method="GET")
            self.assertTrue(response.headers["Content-Type"].startswith(
                "application/json"), response.headers)


class TestForgedClicks(AttackCase):
    """What another site can make a browser send: cookies come along."""

    def setUp(self):
        super(TestForgedClicks, self).setUp()
        self.session = requests.Session()
        self.session.post(self.url + "/login", data={
            "__ac_name": "manager", "__ac_password": TEST_USER_PASSWORD,
            "buttons.login": "Log in"})
        self.uid = self.put()

    def is_as_before(self):
        answer = self.ask("queue_server/" + self.uid, method="GET")
        self.assertEqual((answer["status"], answer["attempt"]),
                         ("queued", 0))

    def test_control_routes(self):
        for url in ("add", "pop", "done", "fail", "timeout", "requeue",
                    "delete", "hello", "heartbeat"):
            for kw in ({"data": {"task_uid": self.uid}},
                       {"data": json.dumps({"task_uid": self.uid}),
                        "headers": {"Content-Type": "text/plain"}},
                       {"json": {"task_uid": self.uid}}):
                response = self.session.post(
                    self.url + httpcase.API + "queue_server/" + url, **kw)
                self.assertEqual(response.status_code, 403)
        self.is_as_before()

    def test_buttons_of_the_monitor(self):
        for action in ("queue_requeue", "queue_remove"):
            fields = {"workflow_action_id": action, "uids:list": self.uid,
                      "workflow_action": action}
            for method in ("GET", "POST"):
                for path in ("/workflow_action", "/@@queue_tasks",
                             "/@@queue_tasks/workflow_action"):
                    options = {"params": fields} if method == "GET" \
                        else {"data": fields}
                    self.session.request(method, self.url + path, **options)
        self.is_as_before()

    def test_settings(self):
        former = self.portal.portal_registry["senaite.queue.default"]
        self.session.post(self.url + "/@@queue-controlpanel", data={
            "form.widgets.default": "3", "form.buttons.save": "Save"})
        self.session.post(self.url + "/@@queue-controlpanel", data={
            "form.buttons.rotate": "x"})
        transaction.begin()
        self.assertEqual(self.portal.portal_registry["senaite.queue.default"],
                         former)
        self.assertEqual(keys.get_key(self.portal), self.key)


class TestNoise(AttackCase):

    def test_many_bad_tokens_leave_nothing(self):
        """Who has no key fills no memory: only good tokens are remembered."""
        from senaite.queue.pasplugin import nonces
        before = len(nonces)
        for _ in range(50):
            self.bad_token({auth.HEADER: uuid.uuid4().hex})
        self.assertEqual(len(nonces), before)
