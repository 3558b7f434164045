"""Real services on real addresses: what is measured of them, and what people are told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.exposure import Exposure
from aisec_daemon.host.container.images import Images
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.host import Host
from aisec_daemon.host.probe.probes import Probes
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.pipeline.pipeline import Pipeline
from aisec_daemon.samplers.listener import Listener
from tests.host.network.started import Watch, watching
from tests.host.probe.servers import certificate
from tests.system.services import TOKEN, free_port, jupyter, jupyter_tls, running, tensorboard

pytestmark = pytest.mark.system

HERE = Path(__file__).parent
PUBLIC = "8.8.8.8"  # of a link that ends in the namespace: nothing leaves the machine


@pytest.fixture
def watch() -> Iterator[Watch]:
    with watching() as opened:
        yield opened


def node(watch: Watch) -> SimpleNamespace:
    return SimpleNamespace(
        listeners=watch.listeners,
        probes=Probes(Path("/"), watch.tally),
        digest=lambda _: None,
        workloads=watch.source,
        images=Images(Path("/"), watch.tally),
    )


def seen(watch: Watch, port: int, **settings: object) -> tuple[dict, list]:
    """Return the row of a port, and the findings half a minute later."""
    host, sampler = node(watch), Listener(**settings)
    pipeline = Pipeline(catalogue.tables(), [Exposure()], {})
    for time in (1000.0, 1040.0):
        snapshot = sampler.read(host, time)
        findings = pipeline.step(snapshot).findings
    at = snapshot.labels["port"].index(str(port))
    return {name: words[at] for name, words in snapshot.labels.items()}, findings


@contextmanager
def inside(address: str = PUBLIC) -> Iterator[tuple[str, ...]]:
    """Yield what runs a command in a network namespace with such an address, and nothing else."""
    network = (
        "ip link set lo up && ip link add v0 type veth peer name v1 && ip link set v0 up && "
        f"ip link set v1 up && ip address add {address}/24 dev v0 && echo up && exec sleep 300"
    )
    command = ["unshare", "--net", "sh", "-c", network]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "up\n"
        yield ("nsenter", f"--net=/proc/{holder.pid}/ns/net", "--")
    finally:
        holder.kill()
        holder.communicate()


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::"])
@pytest.mark.parametrize(("token", "authentication"), [("", "open"), (TOKEN, "protected")])
def test_a_real_jupyter(watch, tmp_path, address, token, authentication):
    port = free_port()
    with running(jupyter(tmp_path, address, port, token=token), port) as pid:
        watch.source.add(pid, service="jupyter")
        row, findings = seen(watch, port, probe=("jupyter",))

    assert (row["service"], row["authentication"]) == ("jupyter", authentication)
    assert row["version"].split(".")[0] == "2"
    assert (row["scope"] == "loopback") is (address == "127.0.0.1")
    told = [finding.severity.word for finding in findings]
    assert told == (["critical"] if token == "" and row["scope"] != "loopback" else [])


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_real_tensorboard_is_recognised_without_a_word_from_its_program(watch, tmp_path, address):
    port = free_port()
    with running(tensorboard(tmp_path, address, port), port) as pid:
        watch.source.add(pid, on_gpu=False)
        row, findings = seen(watch, port, probe=("all",), probe_ports=(port,))

    assert (row["service"], row["authentication"]) == ("tensorboard", "open")
    assert row["version"].split(".")[0] == "2"
    if row["scope"] == "private":
        assert [finding.severity.word for finding in findings] == ["warning"]


def test_a_real_jupyter_that_speaks_tls_alone(watch, tmp_path):
    certificate(tmp_path)
    port = free_port()
    with running(jupyter_tls(tmp_path, "127.0.0.1", port), port) as pid:
        watch.source.add(pid, service="jupyter")
        row, _ = seen(watch, port, probe=("all",))

    assert (row["service"], row["authentication"]) == ("jupyter", "open")


def test_a_real_node_finds_its_jupyter_by_itself(tmp_path):
    """No word from the test: which process it is, which service, and who answers for it."""
    port, tally = free_port(), Tally()
    with (
        running(jupyter(tmp_path, "0.0.0.0", port), port) as pid,
        closing(Processes(Path("/"), tally, b"k" * 16, connector=False)) as processes,
    ):
        host = Host(Path("/"), tally, SimpleNamespace(read=no_driver), processes)
        processes.scan()
        sampler, pipeline = (
            Listener(probe=("jupyter",)),
            Pipeline(catalogue.tables(), [Exposure()], {}),
        )
        for time in (1000.0, 1040.0):
            findings = pipeline.step(sampler.read(host, time)).findings
    (found,) = [finding for finding in findings if finding.facts["port"] == str(port)]

    assert found.severity.word == "high"
    assert found.labels["process"].startswith(f"{pid}:")
    assert found.labels["user"] == "root"
    assert found.reason.startswith("jupyter 2.")
    assert found.reason.endswith("lets anybody in; whoever reaches it runs code here")


def no_driver():
    raise UnreadableError("nvml", "there is no driver")


def test_what_is_not_permitted_is_not_asked(watch, tmp_path):
    port = free_port()
    with running(jupyter(tmp_path, "0.0.0.0", port), port) as pid:
        watch.source.add(pid, service="jupyter")
        row, _ = seen(watch, port, probe=("ray", "tensorboard"))

    assert (row["service"], row["version"], row["authentication"]) == (
        "jupyter",
        None,
        "not_probed",
    )


@pytest.mark.parametrize(("token", "told"), [("", "critical"), (TOKEN, None)])
def test_a_jupyter_on_a_public_address_of_another_namespace(watch, tmp_path, token, told):
    port = 8888
    with (
        inside() as prefix,
        running(jupyter(tmp_path, "0.0.0.0", port, token=token), port, *prefix) as pid,
    ):
        watch.source.add(pid, service="jupyter")
        granted, findings = seen(watch, port, probe=("jupyter",), probe_namespaces=True)
        not_granted, fewer = seen(watch, port, probe=("jupyter",))

    assert (granted["scope"], granted["namespace"]) == ("public", "other")
    assert granted["authentication"] == ("open" if told else "protected")
    assert [finding.severity.word for finding in findings] == ([told] if told else [])
    assert not_granted["authentication"] == "not_probed"
    assert [finding.severity.word for finding in fewer] == ["warning"]


def test_a_jupyter_that_only_its_container_reaches_is_nobodys_business(watch, tmp_path):
    with (
        inside() as prefix,
        running(jupyter(tmp_path, "127.0.0.1", 8888), 8888, *prefix) as pid,
    ):
        watch.source.add(pid, service="jupyter")
        row, findings = seen(watch, 8888, probe=("all",), probe_namespaces=True)

    assert (row["scope"], row["authentication"]) == ("container_only", "not_probed")
    assert findings == ()


@pytest.mark.parametrize(
    ("prefix", "authentication", "counted"),
    [
        ((), "open", {"ask OK": 1}),
        (
            ("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"),
            "unknown",
            {"ask no answer": 1, "namespace EPERM": 1},
        ),
    ],
)
def test_without_the_capability_a_namespace_stays_unknown(
    tmp_path, prefix, authentication, counted
):
    with (
        inside() as there,
        running(jupyter(tmp_path, "0.0.0.0", 8888), 8888, *there) as pid,
    ):
        done = subprocess.run(
            [*prefix, sys.executable, str(HERE / "ask.py"), str(pid), "8888"],
            check=True,
            capture_output=True,
            timeout=60,
        )
    said = json.loads(done.stdout)

    assert said["authentication"] == authentication
    assert said["tally"] == counted


def test_who_enters_a_namespace_has_no_capability_left_when_it_asks():
    code = (
        "import os, sys; from aisec_daemon.host.probe.child import enter; enter(int(sys.argv[1])); "
        "print(os.readlink('/proc/self/ns/net'), open('/proc/self/status').read())"
    )
    with inside() as prefix:
        place = prefix[1].removeprefix("--net=")
        theirs = str(Path(place).readlink())
        with Path(place).open("rb") as namespace:
            said = subprocess.run(
                [sys.executable, "-c", code, str(namespace.fileno())],
                check=True,
                capture_output=True,
                pass_fds=(namespace.fileno(),),
                text=True,
                timeout=30,
            ).stdout

    assert said.startswith(theirs + " ")
    for kind in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
        assert f"\n{kind}:\t0000000000000000\n" in said
