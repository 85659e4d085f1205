# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The contract of task stores: mix `StoreContract` with a TestCase.

See `senaite.queue.tests.unit.test_storage_sqlite` for an example.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

from senaite.queue.tests.storecontract.additions import AdditionContract
from senaite.queue.tests.storecontract.claims import ClaimContract
from senaite.queue.tests.storecontract.clocksteps import ClockContract
from senaite.queue.tests.storecontract.feed import FeedContract
from senaite.queue.tests.storecontract.itemoutcomes import ItemsContract
from senaite.queue.tests.storecontract.listing import ListingContract
from senaite.queue.tests.storecontract.model import ModelContract
from senaite.queue.tests.storecontract.outcomes import OutcomeContract
from senaite.queue.tests.storecontract.queueahead import QueueAheadContract
from senaite.queue.tests.storecontract.restoring import RestoreContract
from senaite.queue.tests.storecontract.statistics import StatisticsContract
from senaite.queue.tests.storecontract.steering import SteeringContract
from senaite.queue.tests.storecontract.threads import ThreadContract
from senaite.queue.tests.storecontract.upkeep import UpkeepContract


class StoreContract(AdditionContract, ClaimContract, ClockContract,
                    FeedContract, ItemsContract, ListingContract,
                    ModelContract, OutcomeContract, QueueAheadContract,
                    RestoreContract, StatisticsContract, SteeringContract,
                    ThreadContract, UpkeepContract):
    """The whole contract of task stores."""
