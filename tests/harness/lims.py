# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""A person at the LIMS: logs in, opens SENAITE's pages, presses its buttons.

Everything goes through HTTP as the browser would send it: cookie login,
`_authenticator` tokens, the listing's own JSON endpoints and forms.
"""

import json
from urllib.parse import urljoin

import requests
from lxml import html

#: Seconds until a request is hopeless; a synchronous submit of many analyses
#: takes tens of seconds
TIMEOUT = 300


class LimsError(Exception):
    """The LIMS refused something; the message shows its answer.

    `status` is that of HTTP, or None.
    """

    def __init__(self, message, status=None):
        super(LimsError, self).__init__(message)
        self.status = status


class Listing(object):
    """A listing table as the page's JavaScript sees it."""

    def __init__(self, lims, page):
        tables = page.xpath("//*[contains(@class, 'ajax-contents-table')]")
        if not tables:
            raise LimsError("No listing on {}".format(page.base_url))
        self.lims = lims
        table = tables[0]
        self.api_url = table.get("data-api_url")
        self.form_id = table.get("data-form_id")
        self.uses_ajax = table.get("data-enable_ajax_transitions") == "true"
        self.ajax_transitions = json.loads(
            table.get("data-active_ajax_transitions") or "[]")
        form = table.xpath("ancestor::form")[0]
        self.form_url = urljoin(page.base_url, form.get("action"))
        self.form_fields = {
            field.get("name"): field.get("value") or ""
            for field in form.xpath(".//input[@type='hidden'][@name]")}

    def rows(self, pagesize=1000, **query):
        """Return the rows, as dicts with uid, disabled, review_state..."""
        query.update(pagesize=pagesize)
        data = self.lims.post_json(self.api_url + "/folderitems", query)
        return data["folderitems"]

    def transitions(self, uids):
        """Return the ids of the buttons shown for a selection."""
        data = self.lims.post_json(self.api_url + "/transitions",
                                   {"selected_uids": list(uids)})
        return [transition["id"] for transition in data["transitions"]]

    def set_fields(self, values):
        """Save what was typed.

        :param values: dict of uid -> dict of field -> value
        """
        for uid, fields in values.items():
            self.lims.post_json(self.api_url + "/set_fields",
                                {"save_queue": {uid: fields}})

    def press(self, transition, uids, answered=None, rows=None):
        """Press a button, through the channel the page would use.

        :param transition: e.g. "submit"
        :param uids: the selected rows
        :param answered: called when the first answer is there: the ajax
            channel sends a request per row, and shows the first one's effect
        :param rows: how many of these requests are sent: the first one queues
            all that is selected; None for all
        :returns: dict of uid -> error; empty when nothing was refused
        """
        uids = list(uids)
        answered = answered or (lambda: None)
        if self.uses_ajax and transition in self.ajax_transitions:
            return self._press_ajax(transition, uids, answered, rows)
        return self._press_form(transition, uids, answered)

    def _press_ajax(self, transition, uids, answered, rows):
        errors = {}
        for uid in uids[:rows]:
            answer = self.lims.post_json(self.api_url + "/do_action_for", {
                "uids": [uid], "chained_uids": uids, "transition": transition})
            errors.update(answer.get("errors") or {})
            if uid == uids[0]:
                answered()
        return errors

    def _press_form(self, transition, uids, answered):
        fields = list(self.form_fields.items())
        fields += [("uids:list", uid) for uid in uids]
        fields.append(("workflow_action_id", transition))
        self.lims.post(self.form_url, fields)
        answered()
        return {}


class Lims(object):
    """A session of one user at one process of the cluster."""

    def __init__(self, url, username, password):
        """
        :param url: address of the site, e.g. `Node.url`
        """
        self.url = url
        self.username = username
        self.session = requests.Session()
        #: seconds that the last form took, without the page it has led to
        self.post_seconds = None
        self._login(password)

    def _login(self, password):
        self.session.post(self.url + "/login", timeout=TIMEOUT, data={
            "__ac_name": self.username, "__ac_password": password,
            "buttons.login": "Log in"})
        if "__ac" not in self.session.cookies:
            raise LimsError("{} could not log in at {}".format(
                self.username, self.url))

    # -- requests ------------------------------------------------------------

    def _check(self, response):
        if response.status_code >= 400 or "/require_login" in response.url:
            raise LimsError("{} {} -> {} {}".format(
                response.request.method, response.url, response.status_code,
                response.text[:600]), response.status_code)
        return response

    def get(self, url, **params):
        """Get a page or a path below the site."""
        return self._check(self.session.get(
            self._absolute(url), params=params, timeout=TIMEOUT))

    def post(self, url, fields):
        """Post a form, and get the page that it leads to."""
        response = self._check(self.session.post(
            self._absolute(url), data=fields, timeout=TIMEOUT))
        first = (response.history or [response])[0]
        self.post_seconds = first.elapsed.total_seconds()
        return response

    def post_json(self, url, payload):
        """Post JSON and return the answer's JSON."""
        response = self._check(self.session.post(
            self._absolute(url), data=json.dumps(payload), timeout=TIMEOUT,
            headers={"Content-Type": "application/json"}))
        return response.json()

    def _absolute(self, url):
        return url if url.startswith("http") else "{}/{}".format(
            self.url, url)

    def page(self, url):
        """Get a page as an lxml document."""
        response = self.get(url)
        return html.document_fromstring(response.text, base_url=response.url)

    def listing(self, url):
        """Open a page and return its listing."""
        return Listing(self, self.page(url))

    # -- JSON API ------------------------------------------------------------

    def api(self, route, **params):
        """Get a route of the JSON API."""
        return self.get("@@API/senaite/v1/" + route, **params).json()

    def items(self, portal_type, **params):
        """Return all items of a type."""
        params.setdefault("limit", 1000)
        return self.api(portal_type, **params)["items"]

    def search(self, catalog, **params):
        """Return the catalog records that match, without waking objects."""
        params.setdefault("limit", 1000)
        return self.api("search", catalog=catalog, **params)["items"]

    def create(self, portal_type, parent, **values):
        """Create an object.

        :param parent: path below the site
        :returns: dict with uid, id, path...
        """
        site = self.url.rsplit("/", 1)[-1]
        values.update(portal_type=portal_type,
                      parent_path="/{}/{}".format(site, parent))
        answer = self.post_json("@@API/senaite/v1/create", values)
        if not answer.get("items"):
            raise LimsError("No {} was made: {}".format(portal_type, answer))
        return answer["items"][0]

    # -- the work of a laboratory ----------------------------------------------

    def create_sample(self, client, contact, sample_type, services, date):
        """Register a sample; the arguments are uids and an ISO date.

        :returns: dict with uid, id, path...
        """
        answer = self.post_json("@@API/senaite/v1/AnalysisRequest/create", {
            "parent_uid": client, "Client": client, "Contact": contact,
            "SampleType": sample_type, "DateSampled": date,
            "Analyses": list(services)})
        if not answer.get("items"):
            raise LimsError("No sample was made: {}".format(answer))
        return answer["items"][0]

    def receive(self, uids):
        """Select samples in the list of samples and press "Receive"."""
        return self.listing("samples").press("receive", uids)

    def create_worksheet(self, analyst, template="", instrument=""):
        """Use the form above the list of worksheets.

        :returns: the worksheet's path below the site
        """
        page = self.page("worksheets")
        token = page.xpath("//form[@name='worksheet-add-form']"
                           "//input[@name='_authenticator']")[0]
        response = self.post("worksheets/worksheet_add", {
            "analyst": analyst, "template": template,
            "instrument": instrument, "Add": "Add",
            "_authenticator": token.get("value")})
        path = response.url.split("?")[0][len(self.url) + 1:].split("/")
        if len(path) < 2 or path[0] != "worksheets":
            raise LimsError("No worksheet was made, sent to " + response.url)
        return "/".join(path[:2])

    def apply_template(self, worksheet, template):
        """Use the form "Apply template" above "Add analyses".

        :param template: uid of the worksheet template
        :returns: text of the page that it leads to
        """
        page = self.page(worksheet + "/add_analyses")
        token = page.xpath("//form[@id='applytemplate_form']"
                           "//input[@name='_authenticator']")[0]
        return self.post(worksheet + "/add_analyses", {
            "submitted": "1", "getWorksheetTemplate": template,
            "_authenticator": token.get("value")}).text

    def assignable(self, worksheet):
        """Open "Add analyses" of a worksheet.

        :returns: the listing and its rows
        """
        listing = self.listing(worksheet + "/add_analyses")
        return listing, listing.rows()

    def results(self, worksheet):
        """Open "Manage results" of a worksheet.

        :returns: the listing and its rows, without empty slots
        """
        listing = self.listing(worksheet + "/manage_results")
        return listing, [row for row in listing.rows() if row.get("uid")]
