"""Drift and outputs in the real daemon: what it promises, takes in and remembers."""

from __future__ import annotations

import os
import socket

from typer.testing import CliRunner

from aisec_daemon.cli import app
from tests.daemon import running
from tests.fake_nvml import scenario


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_it_says_what_it_promises_takes_outputs_and_remembers_workloads(tmp_path):
    world, outputs, port = tmp_path / "world.json", tmp_path / "fraud.log", free_port()
    node = scenario.node(gpus=2)
    node["gpus"][0]["processes"] = [scenario.process(pid=os.getpid())]
    scenario.write(world, node)
    outputs.write_text("")
    settings = tmp_path / "aisec.toml"
    settings.write_text(
        f'[host]\noutputs = {{ fraud = "{outputs}" }}\noutputs_listen = "127.0.0.1:{port}"\n'
        "[detectors.drift]\nfalse_alarms_per_gpu_week = 2.5\n"
    )
    with running(tmp_path / "state", "--settings", str(settings), world=world) as daemon:
        daemon.wait(lambda: daemon.value("aisec_output_value_rows", model="fraud") == 0)

        def append() -> bool:  # again and again: each reading shows only what came since the last
            with outputs.open("a") as stream:
                return stream.write("0.5\n0.25\n") > 0

        daemon.wait(lambda: append() and daemon.value("aisec_output_value_rows", model="fraud"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            daemon.wait(
                lambda: (
                    sender.sendto(b"spam\tyes", ("127.0.0.1", port))
                    and daemon.value("aisec_output_value_rows", model="spam")
                )
            )
        assert daemon.value("aisec_drift_target_false_alarms_per_gpu_week") == 2.5
        assert daemon.value("aisec_finding_open", rule="drift") == 0
        daemon.wait(lambda: daemon.ready)
        assert daemon.stop() == 0

    shown = CliRunner().invoke(app, ["profiles", "--state", str(tmp_path / "state")])

    assert "workload/" in shown.output
    assert "power_watts" in shown.output
    assert "python" in shown.output
