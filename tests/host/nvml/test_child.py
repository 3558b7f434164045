"""The child as a process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pynvml
import pytest

from aisec_daemon.host.nvml.client import CHILD
from aisec_daemon.host.nvml.frames import Decoder, Kind
from tests.fake_nvml import scenario


@pytest.fixture
def talk(rig):
    def to_child(world, *commands):
        rig.put(world)
        lines = "".join(json.dumps(command) + "\n" for command in commands)
        done = subprocess.run(CHILD, input=lines.encode(), capture_output=True, check=False)
        return done.returncode, Decoder().feed(done.stdout)

    return to_child


def test_it_announces_each_gpu_before_its_first_call(talk):
    code, frames = talk(scenario.node(gpus=2), {"0": "", "1": ""}, {"1": ""})
    said = [(frame.kind, frame.words.get("index"), frame.words.get("opening")) for frame in frames]

    assert code == 0
    assert said == [
        (Kind.HELLO, None, None),
        *[x for i in (0, 1) for x in _first(i)],
        (Kind.DONE, None, None),
        (Kind.BEGIN, 1, False),
        (Kind.GPU, 1, None),
        (Kind.DONE, None, None),
    ]


def _first(index):
    return [(Kind.BEGIN, index, True), (Kind.BEGIN, index, False), (Kind.GPU, index, None)]


@pytest.mark.parametrize(
    ("state", "code"), [("absent", 12), (9, 9), (18, 18)], ids=["no library", "no driver", "mixed"]
)
def test_it_says_why_nvml_does_not_open(talk, state, code):
    returned, (frame,) = talk(scenario.node(state=state), {"0": ""})

    assert returned == 0
    assert (frame.kind, frame.words["code"]) == (Kind.FAILED, code)


def test_it_stays_light():
    """No NumPy, psutil or pydantic in the process that may hang in the driver."""
    program = (
        "import sys, aisec_daemon.host.nvml.child;"
        "print({'numpy', 'psutil', 'pydantic', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert done.stdout == b"set()\n"


def test_the_fake_costs_nothing_where_nvml_is_not_used(rig):
    rig.put(scenario.node())
    program = "import sys; print('pynvml' in sys.modules, 'json' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, env=os.environ
    )

    assert done.stdout == b"False False\n"


def test_a_package_in_the_place_of_pynvml_is_told_by_name(tmp_path):
    """PyPI has had other packages called pynvml, which lack what the real one has."""
    shadow = tmp_path / "pynvml"
    shadow.mkdir()
    real = Path(pynvml.__file__)
    (shadow / "real.py").write_bytes(real.read_bytes())
    (shadow / "__init__.py").write_text("from pynvml.real import *\n")
    ended = subprocess.run(
        [sys.executable, "-m", "aisec_daemon.host.nvml.child"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=30,
    )

    assert b"another package stands in the place of NVIDIA's pynvml" in ended.stdout
