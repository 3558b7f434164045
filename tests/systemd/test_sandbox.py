"""The unit's sandbox: tight, and every sensor works in it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import pytest

from tests.host.container.files import IMAGE, podman
from tests.systemd.manager import eventually
from tests.systemd.stage import CHECKOUT, HERE

pytestmark = pytest.mark.system

UNIT = CHECKOUT / "systemd/aisec-daemon.service"
PYTHON = "/opt/aisec-daemon/bin/python"
NODE = "/usr/local/lib/aisec-test-node"
STORES = ("/var/lib", "/home")  # where Podman keeps its containers
CLOSED = {
    "memory": "EACCES",
    "ptrace": "EPERM",
    "program": "EROFS",
    "homes": "empty",
    "device": "EPERM",
    "writable code": "EPERM",
}

TOLD = {
    "libraries": "",
    "executable_writable": "",
    "disguise": "",
    "preload": "",
    "bytes read": True,
    "age": True,
    "refused of it": [],
}
"""What the samplers `program` and `socket` tell of another user's copy of sleep."""


def place_of(path):
    """Return the word for it: the real one has a test of its own."""
    return {"tmp": "temporary", "home": "home"}[path.split("/")[1]]


def analyze(*arguments):
    command = ["systemd-analyze", "--no-pager", *arguments, UNIT]
    return subprocess.run(command, capture_output=True, text=True, check=True)


def test_systemd_finds_nothing_to_say_about_the_unit():
    done = analyze("verify")

    assert (done.stdout, done.stderr) == ("", "")


def test_exposure_is_low():
    told = re.search(
        r"Overall exposure level .*: ([0-9.]+) ", analyze("security", "--offline=true").stdout
    )

    assert told
    assert float(told[1]) <= 2.8


def test_every_capability_says_which_sensor_is_lost_without_it():
    unit = UNIT.read_text("utf-8")
    granted = re.search(r"^CapabilityBoundingSet=(.+)$", unit, flags=re.MULTILINE)

    assert granted
    for capability in granted[1].split():
        assert re.search(rf"^# {capability}: .*Without it: ", unit, flags=re.MULTILINE)
        assert f"`{capability}`" in (CHECKOUT / "docs/install.md").read_text("utf-8")


def another_users_program(run, path):
    """Start a program of the user nobody; return its pid."""
    start = (
        'mkdir -p "${0%/*}" && cp /bin/sleep "$0" && chmod 0755 "$0"; '
        'setpriv --reuid=nobody --clear-groups "$0" 600 >/dev/null 2>&1 & echo $!'
    )
    pid = run("sh", "-c", start, path).strip()
    eventually(lambda: run("readlink", f"/proc/{pid}/exe").strip() == path)
    return pid


def leave_podmans_files(manager, store):
    """Have Podman's word of a container there, which only root may read."""
    manager.run("rm", "-rf", *(f"{place}/containers" for place in STORES))
    group = f"/libpod_parent/libpod-{'a' * 64}"
    with TemporaryDirectory() as folder:
        place = f"{store.lstrip('/')}/containers/storage/overlay-containers"
        podman(Path(folder), group, name="a" * 64, store=place)
        for file in Path(folder).rglob("*.json"):
            manager.write(f"/{file.relative_to(folder)}", file.read_text("utf-8"))
    settings = f'[storage]\ngraphroot = "{store}/containers/storage"\n'
    manager.write("/etc/containers/storage.conf", settings)
    manager.run("chmod", "0700", f"{store}/containers")


def probe(manager, pid, path, port, store=STORES[0]):
    """Run the probe in a unit that differs from ours in what it starts."""
    leave_podmans_files(manager, store)
    unit = f"{manager.units}/aisec-probe.service"
    manager.write(unit, UNIT.read_text("utf-8"))
    manager.write("/usr/local/lib/aisec-probe.py", (HERE / "probe.py").read_text("utf-8"))
    manager.drop_in(
        "aisec-probe",
        "Type=oneshot\nRestart=no\nWatchdogSec=0\nExecReload=\nExecStart=\n"
        f"ExecStart={PYTHON} /usr/local/lib/aisec-probe.py {pid} {path} {port} {NODE}\n"
        "StandardOutput=truncate:/run/aisec-probe.json\n"
        "StandardError=truncate:/run/aisec-probe.log\n",
    )
    manager.systemctl("start", "aisec-probe", check=False)
    said = manager.run("cat", "/run/aisec-probe.log")
    assert manager.show("aisec-probe", "Result") == "success", said
    return json.loads(manager.run("cat", "/run/aisec-probe.json"))


@pytest.fixture(scope="session")
def node(stage):
    """A device of no kind that we are allowed, with permissions for everyone."""
    stage.run("mknod", "-m", "0666", f"{stage.root}{NODE}", "c", "10", "229")


@pytest.mark.parametrize(
    ("place", "there", "store"),
    [("/tmp", "allowed", STORES[0]), ("/home", "ENOENT", STORES[1])],
)
def test_under_pid_1_sensors_see_what_is_not_ours_and_no_more(service, node, place, there, store):
    """Homes are hidden, yet who runs a program from one is told, and whose images lie there."""
    path = f"{place}/aisec-test/worker"
    pid = another_users_program(service.manager.run, path)
    told = probe(service.manager, pid, path, service.port, store)
    service.manager.run("kill", pid)

    del told["seen"]["short-lived"]  # no answer from the kernel here, see the next test

    assert "CAP_NET_ADMIN" not in told["seen"].pop("connector")
    assert told["closed"] == CLOSED
    assert told["seen"] == {
        "user": "nobody",
        "executable": path,
        **TOLD,
        "executable_place": place_of(path),
        "maps": True,
        "file": there,
        "sock_diag": True,
        "null": "allowed",
        "views": [],
        "kernel": "ask_pidfd",
        "mounts of init": "allowed",
        "image": IMAGE,
    }


def test_in_the_first_namespace_the_connector_answers_too(service, first_namespace, node, folder):
    """A container never is the first pid namespace, where alone the kernel tells of programs."""

    def here(*command):
        return subprocess.check_output(command, text=True)

    path = f"{folder}/worker"
    pid = another_users_program(here, path)
    told = probe(first_namespace, pid, path, service.port)
    here("kill", pid)

    assert told["closed"] == CLOSED
    assert told["seen"] == {
        "user": "nobody",
        "executable": path,
        **TOLD,
        "executable_place": place_of(path),
        "maps": True,
        "file": "allowed",
        "connector": "",
        "short-lived": "/bin/sleep 0.123",
        "sock_diag": True,
        "null": "allowed",
        "views": [],
        "kernel": "ask_pidfd",
        "mounts of init": "allowed",
        "image": IMAGE,
    }


def test_there_the_page_counts_what_the_connector_told(first_namespace, folder):
    first_namespace.write(f"{first_namespace.units}/aisec-daemon.service", UNIT.read_text("utf-8"))
    first_namespace.drop_in(
        "aisec-daemon",
        "Type=exec\nExecStart=\n"
        "ExecStart=/opt/aisec-daemon/bin/aisec-daemon run --listen 127.0.0.1:0\n"
        "StandardError=truncate:/run/aisec-daemon.log\n",
    )
    first_namespace.systemctl("start", "aisec-daemon")

    def address():
        return re.search(r"http://\S+/metrics", first_namespace.run("cat", "/run/aisec-daemon.log"))

    url = eventually(address)[0]

    def told():
        page = urlopen(url).read().decode()
        return re.search(r'aisec_sensor_calls_total\{sensor="connector",.*code="OK"\}', page)

    eventually(told)
    first_namespace.systemctl("stop", "aisec-daemon")
