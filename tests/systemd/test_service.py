"""The service's life under a systemd that is PID 1: ready, reload, hang, stop, uninstall."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from threading import Event, Thread
from urllib.request import urlopen

import pytest

from aisec_daemon.host.proc.connector import listen
from aisec_daemon.sinks.targets.journald import MESSAGE_ID
from tests.systemd.manager import eventually

pytestmark = pytest.mark.system

UNIT = "aisec-daemon"
SETTINGS = "/etc/aisec-daemon/aisec.toml"


def page(service):
    return urlopen(f"http://127.0.0.1:{service.port}/metrics", timeout=10).read().decode()


def value(text, series):
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, flags=re.MULTILINE)
    return float(found[1]) if found else None


def scans(service):
    """How often processes were read; the page tells after the first five seconds."""
    return value(page(service), 'aisec_sensor_calls_total{sensor="proc",call="scan",code="OK"}')


def log(service):
    return service.manager.run("journalctl", "--unit", UNIT, "--no-pager", "--output=cat")


def test_installing_keeps_settings_and_starts_the_service(service):
    manager = service.manager

    assert f"kept {SETTINGS}" in service.said
    assert manager.run("cat", SETTINGS) == service.settings
    assert manager.systemctl("is-enabled", UNIT) == "enabled\n"
    assert manager.run("aisec-daemon", "check", SETTINGS) == f"{SETTINGS}: good\n"


def test_it_is_active_once_it_said_that_it_is_ready(service):
    """Type=notify: systemctl waits for READY=1, which comes with a status."""
    assert service.manager.show(UNIT, "ActiveState") == "active"
    assert service.manager.show(UNIT, "StatusText") == f"metrics on 127.0.0.1:{service.port}"


def test_the_page_shows_processes_of_others(service):
    assert eventually(lambda: scans(service))
    text = page(service)

    assert value(text, 'aisec_process_count{user="root",container=""}') >= 1
    assert value(text, 'aisec_upkeep_failed_runs_total{part="sampler/process"}') == 0
    assert 'call="exe"' not in text, "an executable could not be read"


def test_program_and_state_belong_to_whom_they_should(service):
    run = service.manager.run
    writable = ["-perm", "/022", "-not", "-type", "l"]

    assert run("stat", "--format=%U %a", "/var/lib/aisec-daemon") == "aisec-daemon 700\n"
    assert run("stat", "--format=%U:%G %a", "/etc/aisec-daemon") == "root:aisec-daemon 750\n"
    assert run("find", "/opt/aisec-daemon", "-not", "-user", "root") == ""
    assert run("find", "/opt/aisec-daemon", *writable) == ""


def test_reload_takes_new_settings(service):
    pid = service.manager.show(UNIT, "MainPID")
    service.manager.write(SETTINGS, f"{service.settings}[samplers.gpu_device]\nenabled = false\n")
    service.manager.systemctl("reload", UNIT)
    eventually(lambda: log(service).count("settings reloaded") == 1)

    eventually(lambda: 'period_seconds{part="sampler/process"}' in page(service))
    assert 'part="sampler/gpu_device"' not in page(service)
    assert service.manager.show(UNIT, "MainPID") == pid
    assert service.manager.show(UNIT, "ActiveState") == "active"


def test_reload_of_a_bad_file_keeps_the_old_settings(service):
    pid = service.manager.show(UNIT, "MainPID")
    service.manager.write(SETTINGS, f"{service.settings}[samplers.gpu_devise]\nenabled = true\n")
    service.manager.systemctl("reload", UNIT)
    eventually(lambda: "the old settings stay in force" in log(service))

    assert "gpu_devise" in log(service)
    assert 'part="sampler/gpu_device"' not in page(service)
    assert service.manager.show(UNIT, "MainPID") == pid
    assert service.manager.show(UNIT, "ActiveState") == "active"
    service.manager.write(SETTINGS, service.settings)


EVENTS = """
[sinks.events]
enabled = true
file = "/var/log/aisec-daemon/events.jsonl"
"""


def test_findings_reach_journal_file_and_systemd_from_within_the_sandbox(service):
    """Without a driver there is one; it closes when its rule is switched off."""
    manager = service.manager
    manager.write(SETTINGS, f"{service.settings}[detectors.blind]\nafter = 2\n{EVENTS}")
    manager.systemctl("reload", UNIT)
    eventually(lambda: '"blind"' in manager.run("aisec-daemon", "findings", "--json"), seconds=60)
    manager.write(SETTINGS, f"{service.settings}[detectors.blind]\nenabled = false\n{EVENTS}")
    manager.systemctl("reload", UNIT)
    file = "/var/log/aisec-daemon/events.jsonl"
    eventually(lambda: '"Close"' in manager.run("cat", file), seconds=60)
    told = ("journalctl", f"MESSAGE_ID={MESSAGE_ID}", "--output=json", "--no-pager")
    eventually(lambda: '"AISEC_CHANGE":"closed"' in manager.run(*told))

    assert '"Close"' in manager.run("aisec-daemon", "export")
    state = "/var/lib/aisec-daemon"
    assert manager.run("stat", "--format=%U %a", f"{state}/journal.db") == "aisec-daemon 600\n"
    assert manager.run("find", state, "-not", "-user", "aisec-daemon") == ""
    manager.write(SETTINGS, service.settings)


@pytest.fixture
def busy():
    """A listener to the process connector on a machine where programs start all the time."""
    stopping = Event()

    def start_programs():
        while not stopping.wait(0.05):
            subprocess.run(["true"], check=True)

    starting = Thread(target=start_programs)
    with listen(Path("/")):
        starting.start()
        yield
        stopping.set()
        starting.join()


def test_it_starts_in_a_container_while_the_node_is_busy(service, busy):
    """The kernel never answers there, yet sends what others listen for."""
    begun = time.monotonic()
    service.manager.systemctl("restart", UNIT)

    assert time.monotonic() - begun < 20
    assert service.manager.show(UNIT, "ActiveState") == "active"


def test_a_daemon_that_hangs_is_killed_and_comes_back(service):
    manager = service.manager
    manager.drop_in(UNIT, "WatchdogSec=6\nRestartSec=1\n")
    manager.systemctl("restart", UNIT)
    pid = manager.show(UNIT, "MainPID")
    time.sleep(7)  # longer than the watchdog's time: who is alive lives on

    assert manager.show(UNIT, "MainPID") == pid
    assert manager.show(UNIT, "NRestarts") == "0"

    manager.run("kill", "-STOP", pid)
    eventually(lambda: int(manager.show(UNIT, "NRestarts")) >= 1, seconds=60)
    eventually(lambda: manager.show(UNIT, "ActiveState") == "active", seconds=60)

    assert "Watchdog timeout" in log(service)
    assert manager.show(UNIT, "MainPID") != pid
    assert eventually(lambda: scans(service))


def test_it_stops_within_five_seconds(service):
    """Also while a client holds a connection open; what it remembers is saved."""
    with urlopen(f"http://127.0.0.1:{service.port}/metrics", timeout=10):
        begun = time.monotonic()
        service.manager.systemctl("stop", UNIT)
        assert time.monotonic() - begun < 5

    assert service.manager.show(UNIT, "Result") == "success"
    assert "journal.db" in service.manager.run("ls", "/var/lib/aisec-daemon")
    service.manager.systemctl("start", UNIT)


def test_uninstalling_leaves_settings_and_state_and_says_so(service):
    run = service.manager.run
    said = run("make", "-C", "/src", "uninstall")
    gone = ["/opt/aisec-daemon", "/usr/local/bin/aisec-daemon"]
    left = ["/etc/aisec-daemon/aisec.toml", "/var/lib/aisec-daemon/journal.db"]

    assert all(folder in said for folder in ("/etc/aisec-daemon", "/var/lib/aisec-daemon"))
    assert service.manager.show(UNIT, "LoadState") in {"not-found", "masked"}
    assert UNIT not in run("sh", "-c", "stat --format=%U /proc/[0-9]*", check=False)
    assert run("find", *left, "-type", "f").split() == left
    assert "No such file" in run("ls", "-d", gone[0], check=False)
    assert "No such file" in run("ls", "-d", gone[1], check=False)
    assert run("find", "/etc/systemd/system", "-name", "aisec-daemon*") == ""
