# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Content for worksheets besides samples: templates, blanks and controls,
instruments and methods.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api
from DateTime import DateTime


def get_services(keywords):
    """Return the services with these keywords, in alphabetical order."""
    brains = api.search({"portal_type": "AnalysisService",
                         "getKeyword": list(keywords),
                         "sort_on": "sortable_title"}, "senaite_catalog_setup")
    return [api.get_object(brain) for brain in brains]


def create_reference(portal, services, blank=False):
    """Create a reference definition and a sample of it.

    :param services: services with expected results
    :returns: the definition and the reference sample
    """
    title = "Blank" if blank else "Control"
    expected = "0" if blank else "10"
    results = [{"uid": api.get_uid(service), "result": expected, "min": "0",
                "max": "10.1", "error": "0"} for service in services]
    definition = api.create(
        portal.bika_setup.bika_referencedefinitions, "ReferenceDefinition",
        title="{} definition".format(title), Blank=blank)
    definition.setReferenceResults(results)
    supplier = api.create(portal.setup.suppliers, "Supplier", Name="Supplier")
    sample = api.create(
        supplier, "ReferenceSample", title=title, Blank=blank,
        ReferenceDefinition=definition, ReferenceResults=results,
        ExpiryDate=(DateTime() + 30).strftime("%Y-%m-%d"))
    return definition, sample


def create_equipment(portal, services):
    """Create an instrument with a method, both for these services.

    :returns: instrument and method
    """
    method = api.create(portal.methods, "Method", title="Method of the test")
    instrument = api.create(
        portal.bika_setup.bika_instruments, "Instrument",
        title="Instrument of the test",
        InstrumentType=api.create(portal.setup.instrumenttypes,
                                  "InstrumentType", title="Type"),
        Manufacturer=api.create(portal.setup.manufacturers, "Manufacturer",
                                title="Manufacturer"))
    instrument.setMethods([method])
    for service in services:
        service.setInstruments([instrument])
        service.setMethods([method])
        service.reindexObject()
    return instrument, method


def create_template(portal, services, slots, **values):
    """Create a worksheet template.

    :param slots: from the first position on: "a" (analysis), ("d", position)
        for duplicates, ("b", definition) for blanks or ("c", definition) for
        controls
    """
    rows = []
    for position, slot in enumerate(slots, 1):
        kind, of = slot if isinstance(slot, tuple) else (slot, None)
        rows.append({
            "pos": str(position), "type": kind,
            "dup": str(of) if kind == "d" else "",
            "blank_ref": api.get_uid(of) if kind == "b" else "",
            "control_ref": api.get_uid(of) if kind == "c" else ""})
    template = api.create(
        portal.setup.worksheettemplates, "WorksheetTemplate",
        title="Template of the test",
        Services=[api.get_uid(service) for service in services], **values)
    template.setTemplateLayout(rows)
    return template
