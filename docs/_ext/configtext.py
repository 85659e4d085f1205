# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The text of docs/configuration.rst about settings and variables, as lines of
reStructuredText made from the tables in `senaite.queue.config`."""


def describe_settings():
    """Yield the lines about all settings of a site, by group."""
    from senaite.queue import config
    for title, settings in config.GROUPS:
        yield ".. rubric:: {}".format(plain(title))
        yield ""
        for setting in settings:
            yield ".. describe:: {}".format(setting.name)
            yield ""
            yield "   **{}.** {}".format(plain(setting.title), " ".join(
                plain(text) for text in (
                    setting.description, setting.consequence) if text))
            yield ""
            for label, value in facts(setting):
                yield "   - {}: {}".format(label, value)
            yield ""


def facts(setting):
    """Yield (label, value) for what else is known of a setting."""
    kind = setting.kind
    if setting.unit:
        kind = "{} ({})".format(kind, setting.unit)
    yield "Type", kind
    default = setting.default
    if isinstance(default, bool):
        default = "yes" if default else "no"
    if isinstance(default, tuple):
        default = ", ".join("``{}``".format(name) for name in default)
    elif setting.fallback:
        default = "empty: ``{}`` counts".format(setting.fallback)
    else:
        default = "``{}``".format(default)
    yield "Default", default
    if setting.low is not None:
        yield "Allowed", "{} to {}".format(setting.low, setting.high)
    for name, title in setting.choices:
        yield "``{}``".format(name), plain(title)


def describe_variables():
    """Yield the lines about all variables of a process."""
    from senaite.queue import config
    for variable in config.VARIABLES:
        names = "``{}``".format(variable.variable)
        if variable.key:
            names += " (``{}``)".format(variable.key)
        yield names
        yield "    {} {}".format(plain(variable.description),
                                 plain(variable.consequence))
        yield ""
        for label, value in (("Allowed", variable.allowed),
                             ("Not set", variable.default_text),
                             ("Wrong value", variable.when_wrong)):
            yield "    - {}: {}".format(label, plain(value))
        yield ""


def plain(message):
    """Return a message as a line of reStructuredText."""
    return " ".join(str(message).split()).replace("*", r"\*")
