# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""Titles of the add-on's permissions, as `checkPermission` wants them.

Their ids for ZCML are in permissions.zcml, the roles that have them in
profiles/default/rolemap.xml.
"""

from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

#: See the tasks of the site, whoever caused them
ViewQueue = "senaite.queue: View Queue"

#: Change the settings, requeue and remove tasks
ManageQueue = "senaite.queue: Manage Queue"

#: Set the address of the queue server and the key: they decide which process
#: is trusted
AdministerQueue = "senaite.queue: Administer Queue"

#: Keep the consumer of a process going (`queue_consume`)
ConsumeTasks = "senaite.queue: Consume Tasks"

PERMISSIONS = (ViewQueue, ManageQueue, AdministerQueue, ConsumeTasks)

#: Roles that may administer the queue
ADMINISTRATORS = ("Manager", "Site Administrator")

#: Role of the user that the clock-server of a consumer logs in with
CONSUMER_ROLE = "QueueConsumer"
