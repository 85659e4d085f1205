# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""What a laboratory needs before its work can be queued: samples, a worksheet.

Works with SENAITE's demo data, and through its pages only.
"""

import datetime

#: Services of the demo data without calculation and with a plain result
KEYWORDS = ("Ca", "Cu", "Fe", "Mg", "Mn")

ANALYSES = "senaite_catalog_analysis"
SAMPLES = "senaite_catalog_sample"
WORKSHEETS = "senaite_catalog_worksheet"


class Lab(object):
    """Prepares work as one user, and reads back what became of it."""

    def __init__(self, lims, keywords=KEYWORDS):
        """
        :param lims: session of a user
        :param keywords: keywords of the services of samples
        """
        self.lims = lims
        client = lims.items("Client", sort_on="created")[0]
        contact = [item for item in lims.items("Contact")
                   if item["parent_id"] == client["id"]][0]
        water = [item for item in lims.items("SampleType")
                 if item["title"] == "Water"][0]
        services = {item["Keyword"]: item["uid"] for item in
                    lims.items("AnalysisService", complete=True)}
        self.client, self.contact = client["uid"], contact["uid"]
        self.sample_type = water["uid"]
        self.services = [services[keyword] for keyword in keywords]

    def create_samples(self, number, tell=None):
        """Register and receive samples of five analyses each.

        :param tell: called with the number of samples made so far
        :returns: list of uids
        """
        today = datetime.date.today().isoformat()
        uids = []
        for _ in range(number):
            sample = self.lims.create_sample(
                self.client, self.contact, self.sample_type, self.services,
                today)
            uids.append(sample["uid"])
            if tell:
                tell(len(uids))
        errors = self.lims.receive(uids)
        if errors:
            raise AssertionError("Not received: {}".format(errors))
        return uids

    def create_template(self):
        """Make a worksheet template with our services: two samples, a
        duplicate of the first, a control and a blank. Needs tests/addon.

        :returns: its uid
        """
        template = self.lims.create(
            "WorksheetTemplate", "setup/worksheettemplates",
            title="Two samples with controls", services=self.services)["uid"]
        self.lims.get("queuetest_template", template=template,
                      control=self._create_reference("Control"),
                      blank=self._create_reference("Blank"))
        return template

    def _create_reference(self, title):
        """Make a reference definition and a sample of it.

        :returns: uid of the definition
        """
        blank = title == "Blank"
        results = [{"uid": uid, "result": "0" if blank else "10",
                    "min": "0", "max": "11", "error": "0"}
                   for uid in self.services]
        values = {"title": title, "Blank": blank, "ReferenceResults": results}
        definition = self.lims.create(
            "ReferenceDefinition", "bika_setup/bika_referencedefinitions",
            **values)
        supplier = self.lims.create(
            "Supplier", "setup/suppliers", title="Supplier of " + title)
        expiry = datetime.date.today() + datetime.timedelta(days=30)
        self.lims.create(
            "ReferenceSample", "setup/suppliers/" + supplier["id"],
            ReferenceDefinition=definition["uid"],
            ExpiryDate=expiry.isoformat(), **values)
        return definition["uid"]

    def layout(self, path):
        """Return position and type of all that is on a worksheet."""
        uid = self.worksheet(path)["uid"]
        slots = self.lims.api(uid)["Layout"]
        return [(int(slot["position"]), slot["type"]) for slot in slots]

    def open_for(self, worksheet, samples):
        """Return "Add analyses" and its rows for these samples.

        :param samples: uids
        :returns: listing, list of uids of analyses
        """
        listing, rows = self.lims.assignable(worksheet)
        ids = {self.lims.api(uid)["id"] for uid in samples}
        return listing, [row["uid"] for row in rows
                         if row["getRequestID"] in ids]

    def analyses_of(self, samples):
        """Return the catalog records of the analyses of samples."""
        ids = [self.lims.api(uid)["id"] for uid in samples]
        records = []
        for sample_id in ids:
            records += self.lims.search(ANALYSES, getRequestID=sample_id)
        return records

    def worksheet(self, path):
        """Return the JSON API's item of a worksheet.

        :param path: as `Lims.create_worksheet` returns it
        """
        return self.lims.api("worksheet", id=path.split("/")[-1])["items"][0]

    def states(self, path):
        """Return the states of a worksheet's analyses, from the catalog.

        :returns: dict of state -> number
        """
        return self.states_of(self.worksheet(path)["uid"])

    def states_of(self, uid):
        """The same, for who knows the uid of the worksheet."""
        counts = {}
        for record in self.lims.search(ANALYSES, getWorksheetUID=uid):
            state = record["review_state"]
            counts[state] = counts.get(state, 0) + 1
        return counts

    def sample_states(self, samples):
        """Return the states of samples: dict of state -> number."""
        counts = {}
        for uid in samples:
            state = self.lims.api(uid)["review_state"]
            counts[state] = counts.get(state, 0) + 1
        return counts
