"""Records loads on a machine with an NVIDIA GPU: `python record.py LOADS_PROGRAM FOLDER [NAME…]`.

LOADS_PROGRAM is `loads.cu`, compiled; FOLDER gets one recording a load, made by `aisec-daemon
record`, so that it is what the daemon itself sees.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
SECONDS = {
    "idle": 6,
    "train-convolution": 35,
    "train-transformer": 35,
    "decode": 30,
    "decode-users": 22,
    "train-starved": 25,
    "train-small": 22,
    "matrix-burn": 22,
    "idle-notebook": 12,
    "stencil": 20,
    "bodies": 20,
    "random-reads": 45,
    "random-reads-throttled-50": 30,
    "random-reads-cycled-25": 32,
    "integers": 45,
    "integers-throttled-50": 30,
    "integers-cycled-25": 32,
    "int8-products": 40,
    "int8-products-throttled-50": 25,
    "int8-products-cycled-25": 28,
    "integers-beside-training": 35,
}
"""Every load there is and for how long it is recorded."""


def command(name: str, loads: str) -> list[str]:
    """Return the program that makes a load; it is ended from outside."""
    kernel = re.sub("-(throttled|cycled)-.*", "", name)
    if kernel in {"stencil", "bodies", "random-reads", "integers", "int8-products"}:
        duty = ["--duty", "1"]
        if "throttled" in name:
            duty = ["--duty", "0.5", "--period", "0.1"]
        elif "cycled" in name:
            duty = ["--duty", "0.25", "--period", "8"]
        gib = {"random-reads": "4.4", "integers": "0.5", "int8-products": "3"}.get(kernel, "6")
        return [loads, kernel, "--seconds", "3600", "--gib", gib, *duty]
    return [sys.executable, str(HERE / "loads.py"), name, "3600"]


def main() -> None:
    loads, folder, *names = sys.argv[1:]
    for name in names or SECONDS:
        begun = time.monotonic()
        commands = []
        if name == "integers-beside-training":
            commands = [command("train-convolution", loads), command("integers", loads)]
        elif name != "idle":
            commands = [command(name, loads)]
        file = Path(folder) / f"{name}.jsonl.gz"
        recorder = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "aisec_daemon",
                "record",
                str(file),
                "--seconds",
                str(SECONDS[name]),
            ]
        )
        time.sleep(2)
        running = [subprocess.Popen(c, start_new_session=True) for c in commands]
        recorder.wait()
        states = [child.poll() for child in running]
        for child in running:
            subprocess.run(["pkill", "-KILL", "-s", str(child.pid)], check=False)
            child.wait()
        print(f"{name}: {time.monotonic() - begun:.0f} s, loads ended with {states}", flush=True)
        time.sleep(0.5)


if __name__ == "__main__":
    main()
