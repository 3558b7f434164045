"""Seeded secrets in every position of a command line are in no output of the daemon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from typer.testing import CliRunner

from aisec_daemon.cli import app
from aisec_daemon.host.host import Host
from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.model.recording import Encoder
from aisec_daemon.samplers.process import Process
from tests.daemon import running
from tests.fake_nvml import scenario

SEEDS = {  # made up, of the shapes that real ones have
    "openai": "sk-proj-Zx81kQv7TbLw29MnYh4RpD3s",
    "huggingface": "hf_QmZtLwYbKxVrNpJhGfDsAeCuOiTyRw",
    "github": "ghp_9aZ8bY7cX6dW5eV4fU3gT2hS1iR0jQ9kP8lO",
    "aws": "AKIAQ7XJ4M2ZP9LKD3VT",
    "bare": "f3Kq9ZpW7xLm2VtR8sNbY4cJ6hGdQa",
    "plain": "correct-horse-battery",
}
ARGV = [
    "{github}",  # argv[0]
    "train.py",
    "--api-key",
    "{plain}",
    "--token={openai}",
    "{bare}",
    "HF_TOKEN={huggingface}",
    "https://user:{plain}@registry.example.org/v2?access_token={openai}",
    "--header",
    "Authorization: Bearer {bare}",
    "/data/{github}/set",
    "-o{aws}",
    "{huggingface}",
]


def test_seeded_secrets_are_found_nowhere(tmp_path):
    argv = [word.format(**SEEDS) for word in ARGV]
    program = "import time; time.sleep(60)"
    victim = subprocess.Popen(
        [argv[0], "-c", program, *argv[1:]],
        executable=sys.executable,
        env={**os.environ, "SECRET_TOKEN": SEEDS["plain"]},
    )
    world = tmp_path / "world.json"
    node = scenario.node(gpus=1)
    node["gpus"][0]["processes"] = [scenario.process(pid=victim.pid)]
    scenario.write(world, node)
    settings = tmp_path / "aisec.toml"
    settings.write_text('log_level = "debug"\n[sinks.metrics]\nrows_max = 5000\n')
    state = tmp_path / "state"
    try:
        with running(state, "--settings", str(settings), world=world) as daemon:
            pid = str(victim.pid)
            daemon.wait(lambda: daemon.value("aisec_gpu_process_pid_memory_used_bytes", pid=pid))
            daemon.wait(lambda: daemon.value("aisec_process_pid_memory_resident_bytes", pid=pid))
            time.sleep(1.5)
            told = {"page": daemon.get(), "landing": daemon.get("/")}
            daemon.signal(signal.SIGHUP)
            daemon.wait(lambda: any("reloaded" in line for line in daemon.log))
            told["recording"] = recording(Path("/"))
            daemon.stop()
            told["log"] = "\n".join(daemon.log)
    finally:
        victim.kill()
        victim.wait()
    told["export"] = exported(state)
    told |= {file.name: read(file) for file in state.iterdir() if file.name != "hash.key"}

    assert "journal.db" in told
    assert "--api-key <redacted> --token=<redacted>" in told["recording"]
    for place, text in told.items():
        for kind, seed in SEEDS.items():
            assert not any(piece in text for piece in pieces(seed)), f"{kind} in {place}"


def recording(root: Path) -> str:
    """Return what a recording holds of every process, command lines among it."""
    tally = Tally()
    processes = Processes(root, tally, key=b"k" * 32, connector=False)
    host = Host(root, tally, Nvml(tally), processes)
    try:
        return Encoder().encode(Process().read(host, 0.0)).decode()
    finally:
        processes.close()


def exported(state: Path) -> str:
    """Return all that the journal knows of findings, their evidence unpacked."""
    done = CliRunner().invoke(app, ["export", "--state", str(state)])
    assert done.exit_code == 0, done.output
    return done.stdout


def read(file: Path) -> str:
    return file.read_bytes().decode(errors="replace")


def pieces(seed: str) -> list[str]:
    """Return every run of twelve characters, so that a secret cut in two is found too."""
    return [seed[i : i + 12] for i in range(len(seed) - 11)]
