# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.


"""What the words of a search stand for.

The list shows names of people and titles of tasks; the queue server knows the
ids of both.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from bika.lims import api as senaite_api
from senaite.core.catalog import CONTACT_CATALOG
from ZODB.POSException import ConflictError

from senaite.queue.browser import html
from senaite.queue.browser import words
from senaite.queue import logger
from senaite.queue.model.fields import to_native
from senaite.queue.model.fields import to_text

#: Maximum number of words that are looked up, of users for each of them, and of
#: characters of all that is found: it is a part of an address
MOST_WORDS = 8
MOST_USERS = 10
MOST_CHARACTERS = 2000


def find(text):
    """Return what the words of a search stand for.

    :param text: what is searched for
    :returns: word -> ids of the users and names of the tasks that are shown by
        names with this word; all in lower case
    :rtype: dict
    """
    found, left = {}, MOST_CHARACTERS
    for word in to_text(text).lower().split()[:MOST_WORDS]:
        ids = find_users(word) + [
            to_text(name).lower() for name in words.known_names()
            if word in words.name_of(name).lower()]
        size = sum(map(len, ids))
        # A word with too many meanings would match nearly every task
        if ids and size < left:
            left -= size
            found[word] = ids
    return found


def find_users(word):
    """Return the ids of users with a word in their names.

    :param word: in lower case
    """
    ids = set()
    for search in (_search_users, _search_contacts):
        try:
            ids.update(filter(None, search(to_native(word))))
        except ConflictError:
            raise
        except Exception:
            # Sources of users may be away, and a text index refuses some words
            logger.info("event=users_not_searched word=%r", word, exc_info=True)
    return sorted(to_text(user_id).lower() for user_id in ids
                  if word in html.user_name(user_id).lower())[:MOST_USERS]


def _search_users(word):
    return [to_native(user["userid"]) for user in
            senaite_api.get_portal().acl_users.searchUsers(
                fullname=word, exact_match=False)]


def _search_contacts(word):
    """Return the ids of users with a contact whose name SENAITE shows."""
    return [senaite_api.get_object(brain).getUsername()
            for brain in senaite_api.search(
                {"listing_searchable_text": word + "*"},
                CONTACT_CATALOG)[:MOST_USERS]]
