"""A program that asks the Jupyter of another process, and prints what it measured as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from aisec_daemon.host.probe.measuring import Permission
from aisec_daemon.host.probe.probes import Probes
from tests.host.network.started import watching

with watching() as watch:
    watch.source.add(int(sys.argv[1]), service="jupyter")
    found = watch.listeners.read(1.0)
    probes = Probes(Path("/"), watch.tally)
    permission = Permission(frozenset({"jupyter"}), namespaces=True)
    ((listener, probed),) = [
        pair
        for pair in zip(found, probes.read(found, permission, 1.0), strict=True)
        if pair[0].socket.local_port == int(sys.argv[2])
    ]
    tally = {
        f"{call.call} {call.code}": int(count)
        for call, count, _ in watch.tally.rows()
        if call.sensor == "probe"
    }
    sys.stdout.write(json.dumps({"authentication": probed.authentication, "tally": tally}))
