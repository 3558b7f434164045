"""Real Alertmanagers behind TLS, passwords and tokens; and the whole daemon before one."""

from __future__ import annotations

import shutil
import signal
import ssl
import subprocess
import urllib.request
from pathlib import Path

import bcrypt
import pytest

from tests.app.web.conftest import Authority
from tests.daemon import running
from tests.fake_nvml import scenario
from tests.sinks.alerting.server import Server, reply, serving
from tests.system.alertmanagers import Alertmanager, alertmanager, people, wait
from tests.system.test_alertmanager import Node

pytestmark = pytest.mark.system

PASSWORD = "correct-horse-7"
WEB = """
tls_server_config:
  cert_file: {cert}
  key_file: {key}
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: {ca}
basic_auth_users:
  aisec: {hash}
"""


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path, "ca")


def web_config(authority: Authority) -> str:
    issued = authority.issue("alertmanager")
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    return WEB.format(cert=issued.cert, key=issued.key, ca=authority.file, hash=hashed)


def test_tls_a_certificate_and_a_password_and_a_wrong_one_is_said_without_it(
    tmp_path, authority, caplog
):
    ours = authority.issue("node7")
    password = tmp_path / "password"
    password.write_text("wrong-battery-8\n")
    with (
        people() as someone,
        alertmanager(tmp_path, someone.address, web_config=web_config(authority)) as am,
        Node().telling(
            f"https://{am.address}",
            ca_file=str(authority.file),
            certificate_file=str(ours.cert),
            key_file=str(ours.key),
            user="aisec",
            password_file=str(password),
        ) as node,
    ):
        node.opens("miner")
        (said,) = wait(lambda: node.said)
        assert someone.notifications == []
        password.write_text(PASSWORD)
        wait(lambda: someone.ids("firing") == {"miner"})

    assert said == (
        f"https://{am.address} takes no alerts: "
        "HTTP 401: it does not accept our user and password, or token"
    )
    for secret in (PASSWORD, "wrong-battery-8"):
        assert secret not in f"{caplog.text} {node.said} {am.log()}"


@pytest.mark.parametrize("lacks", ["ca_file", "certificate_file"])
def test_without_trust_on_either_side_nothing_is_told(tmp_path, authority, lacks):
    ours = authority.issue("node7")
    (tmp_path / "password").write_text(PASSWORD)
    tls = {
        "ca_file": str(authority.file),
        "certificate_file": str(ours.cert),
        "key_file": str(ours.key),
    }
    tls[lacks] = ""
    if lacks == "certificate_file":
        tls["key_file"] = ""
    with (
        people() as someone,
        alertmanager(tmp_path, someone.address, web_config=web_config(authority)) as am,
        Node().telling(
            f"https://{am.address}", user="aisec", password_file=str(tmp_path / "password"), **tls
        ) as node,
    ):
        node.opens("miner")
        (said,) = wait(lambda: node.said)

    assert someone.notifications == []
    assert "its certificate is not trusted" in said if lacks == "ca_file" else "TLS" in said


def guard(server: Server, am: Alertmanager, token: str) -> None:
    """Let a server pass on what carries a token, as a proxy before an Alertmanager does."""

    def say(handler) -> None:
        if handler.headers["Authorization"] != f"Bearer {token}":
            reply(handler, 401, b"no", "text/plain")
            return
        request = urllib.request.Request(
            f"http://{am.address}{handler.path}",
            server.requests[-1][2],
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            reply(handler, answer.status, answer.read())

    server.say = say


def test_a_bearer_token_that_is_changed_is_used_without_a_restart(tmp_path, authority):
    issued = authority.issue("proxy")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.cert, issued.key)
    file = tmp_path / "token"
    file.write_text("token-1\n")
    with (
        people() as someone,
        alertmanager(tmp_path / "am", someone.address) as am,
        serving(context) as proxy,
        Node().telling(
            f"https://127.0.0.1:{proxy.port}", ca_file=str(authority.file), token_file=str(file)
        ) as node,
    ):
        guard(proxy, am, "token-1")
        node.opens("a")
        wait(lambda: someone.ids("firing") == {"a"})
        guard(proxy, am, "token-2")
        wait(lambda: node.said)
        node.opens("b")
        file.write_text("token-2\n")
        wait(lambda: "b" in someone.ids("firing"))

    assert "token-" not in str(node.said)


SETTINGS = """
[detectors.gpu_vanished]
after = 1
[sinks.alertmanager]
urls = ["http://{one}", "http://{two}"]
user = "aisec"
password_file = "{password}"
labels = ["cluster=a"]
resend = 1
expire = 60
firing = 4
"""


class World:
    """Eight GPUs of a fake driver, of which some are there."""

    def __init__(self, folder: Path, pid: int = 0) -> None:
        self.path = folder / "world.json"
        self.pid = pid
        self.keep(8)

    def keep(self, gpus: int) -> None:
        node = scenario.node(gpus=gpus)
        for gpu in node["gpus"]:
            gpu["processes"] = [scenario.process(pid=self.pid)] if self.pid else []
        scenario.write(self.path, node)


def test_the_daemon_tells_two_alertmanagers_across_their_outage_and_its_own_death(tmp_path):
    """A GPU vanishes while one of them is down; the daemon is killed; it comes back to tell."""
    (tmp_path / "password").write_text(PASSWORD)
    world, state, settings = World(tmp_path), tmp_path / "state", tmp_path / "aisec.toml"
    with (
        people() as first,
        people() as second,
        alertmanager(tmp_path / "1", first.address) as one,
        alertmanager(tmp_path / "2", second.address) as two,
    ):
        password = tmp_path / "password"
        settings.write_text(SETTINGS.format(one=one.address, two=two.address, password=password))
        arguments = (state, "--settings", str(settings))
        with running(*arguments, world=world.path) as daemon:
            daemon.wait(lambda: daemon.ready)
            two.stop()
            world.keep(7)
            wait(lambda: vanished(first))
            daemon.signal(signal.SIGKILL)
            daemon.process.wait()
            logs = list(daemon.log)
        assert not vanished(second)
        two.start()
        with running(*arguments, world=world.path) as daemon:
            wait(lambda: vanished(second))
            labels = {"receiver": f"http://{two.address}", "code": "200"}
            wait(lambda: daemon.value("aisec_alertmanager_requests_total", **labels))
            world.keep(8)
            wait(lambda: "resolved" in states(first), 60)
            wait(lambda: "resolved" in states(second), 60)
            page = daemon.get()
            logs += daemon.log

    (alert,) = vanished(first)
    assert alert["labels"]["gpu"].startswith("GPU-00000007")
    assert alert["labels"]["cluster"] == "a"
    assert len({a["labels"]["finding"] for a in [*vanished(first), *vanished(second)]}) == 1
    assert PASSWORD not in page + "\n".join(logs)


def test_a_miner_on_eight_gpus_is_one_notification(tmp_path):
    """From the driver's list of processes to the people, nothing stands in for anything."""
    shutil.copy("/bin/sleep", tmp_path / "xmrig")
    settings = tmp_path / "aisec.toml"
    with (
        subprocess.Popen([str(tmp_path / "xmrig"), "600"]) as miner,
        people() as someone,
        alertmanager(tmp_path / "am", someone.address, wait=25, interval=25) as am,
    ):
        world = World(tmp_path, miner.pid)
        settings.write_text(f'[sinks.alertmanager]\nurls = ["http://{am.address}"]\n')
        with running(tmp_path / "state", "--settings", str(settings), world=world.path):
            wait(lambda: of(someone, tmp_path / "xmrig"), 60)
        miner.kill()
    (notified,) = of(someone, tmp_path / "xmrig")
    (alert,) = [a for a in notified if a["status"] == "firing"]

    assert alert["labels"]["rule"] == "mining"
    assert len({line.split("/")[0] for line in alert["annotations"]["subjects"].split("\n")}) == 8
    assert "xmrig" in alert["annotations"]["description"]


def of(someone, executable: Path) -> list[list[dict]]:
    """Return a program's alerts in each notification; other tests may have miners on this host."""
    every = (
        [a for a in n["alerts"] if a["labels"].get("executable") == str(executable)]
        for n in someone.notifications
    )
    return [alerts for alerts in every if alerts]


def alerts(someone) -> list[dict]:
    return [
        alert
        for notification in someone.notifications
        for alert in notification["alerts"]
        if alert["labels"]["rule"] == "gpu_vanished"
    ]


def vanished(someone) -> list[dict]:
    return [alert for alert in alerts(someone) if alert["status"] == "firing"]


def states(someone) -> set[str]:
    return {alert["status"] for alert in alerts(someone)}
