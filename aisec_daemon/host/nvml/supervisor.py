"""Two children at most: one serves the GPUs that answer, one those that hang.

The main child reads all GPUs but those in quarantine. When it stays in the calls of one GPU while
others wait, it becomes the quarantine's child itself, for that GPU alone, and a fresh one takes
its place: nothing needs to be killed, and the driver is not asked twice. Only when the
quarantine's child is taken already is the main one killed. A lost GPU goes to quarantine, too,
where a process can be replaced until it comes back without disturbing others.
"""

from __future__ import annotations

import select
import time
from collections.abc import Sequence

from aisec_daemon.host.nvml.children import Child
from aisec_daemon.host.nvml.frames import Frame, FrameError, Kind
from aisec_daemon.host.nvml.library_codes import DRIVER_GONE, LOST, NOT_FOUND, UNKNOWN
from aisec_daemon.host.nvml.messages import to_answer
from aisec_daemon.host.nvml.post import Post
from aisec_daemon.host.nvml.quarantine import Quarantine
from aisec_daemon.host.nvml.roster import Roster
from aisec_daemon.host.nvml.row import Answer
from aisec_daemon.host.tally import Call, Tally

