"""Asking in other network namespaces in the service's sandbox: what the runbook says is enough."""

from __future__ import annotations

import json
import re

import pytest

from tests.systemd.manager import eventually
from tests.systemd.stage import CHECKOUT

pytestmark = pytest.mark.system

UNIT = CHECKOUT / "systemd/aisec-daemon.service"
PYTHON = "/opt/aisec-daemon/bin/python"
SERVER = """
import http.server
class Refuse(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(401)
http.server.HTTPServer(("0.0.0.0", 5000), Refuse).serve_forever()
"""
ASK = """
import errno, json, sys
from pathlib import Path
from types import SimpleNamespace
from aisec_daemon.host.probe.get import Target
from aisec_daemon.host.probe.namespace import measure_inside
from aisec_daemon.host.probe.services import services
from aisec_daemon.host.proc.stat import parse_stat
pid = int(sys.argv[1])
start = parse_stat(Path(f"/proc/{pid}/stat").read_bytes()).start_ticks
who = SimpleNamespace(pid=pid, start_ticks=start, thread=0)
try:
    asked = [services()["mlflow"]]
    said = measure_inside(Path("/proc"), who, Target("127.0.0.1", 5000), asked, "").authentication
except OSError as error:
    said = errno.errorcode[error.errno]
print(json.dumps(said))
"""


def drop_in():
    """Return what the runbook tells operators to write."""
    page = (CHECKOUT / "docs/rules/exposure.md").read_text("utf-8")
    (found,) = re.findall(r"# systemctl edit aisec-daemon\n    \[Service\]\n((?:    .+\n)+)", page)
    return re.sub(r"(?m)^    ", "", found)


@pytest.fixture
def server(service):
    """A server in a network namespace of its own that asks who you are; yields its pid."""
    run = service.manager.run
    service.manager.write("/usr/local/lib/aisec-refuse.py", SERVER)
    start = (
        "unshare --net sh -c 'ip link set lo up && exec \"$0\" /usr/local/lib/aisec-refuse.py' "
        f"{PYTHON} >/dev/null 2>&1 & echo $!"
    )
    pid = run("sh", "-c", start).strip()
    eventually(lambda: ":1388 " in run("cat", f"/proc/{pid}/net/tcp"))
    yield pid
    run("kill", pid)


@pytest.mark.parametrize(("granted", "told"), [(True, "protected"), (False, "EPERM")])
def test_the_runbooks_drop_in_is_what_it_takes(service, server, granted, told):
    manager = service.manager
    manager.write(f"{manager.units}/aisec-ask.service", UNIT.read_text("utf-8"))
    manager.write("/usr/local/lib/aisec-ask.py", ASK)
    manager.drop_in(
        "aisec-ask",
        "Type=oneshot\nRestart=no\nWatchdogSec=0\nExecReload=\nExecStart=\n"
        f"ExecStart={PYTHON} /usr/local/lib/aisec-ask.py {server}\n"
        "StandardOutput=truncate:/run/aisec-ask.json\n"
        "StandardError=truncate:/run/aisec-ask.log\n" + (drop_in() if granted else ""),
    )
    manager.systemctl("start", "aisec-ask", check=False)
    said = manager.run("cat", "/run/aisec-ask.log")

    assert manager.show("aisec-ask", "Result") == "success", said
    assert json.loads(manager.run("cat", "/run/aisec-ask.json")) == told
