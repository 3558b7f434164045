"""Training of all sizes."""

from __future__ import annotations

from tests.traces.generators import buses, crowds, rhythms
from tests.traces.generators.crowds import sometimes, together
from tests.traces.generators.stage import Stage
from tests.traces.generators.truth import Truth
from tests.traces.generators.work import Work, play, python

TORCH = "cublas cuda cudnn nccl python torch"
_SCRIPTS = (
    *python("train.py --config base.yaml", TORCH),
    *python("-m torch.distributed.run t.py", TORCH),
)

WORKS = (
    Work(
        "training-large",
        (*_SCRIPTS, *python("train.py", "cublas cuda jax nccl python")),
        peaks={  # [recorded] transformer: 0.9, 0.39, 0.81, 0.33; pipes 0.12, 0.44, 0.035; DRAM 0.31
            "busy": (0.93, 1.0),
            "memory": (0.30, 0.57),  # [post] 40 to 57 % on an H100
            "sm": (0.65, 0.95),
            "occupancy": (0.2, 0.4),
            "integer": (0.08, 0.20),
            "hmma": (0.25, 0.60),
            "fp32": (0.02, 0.06),
            "dram": (0.2, 0.45),
        },
        power=(0.75, 1.0),
        shape=rhythms.training,
        memory_share=(0.4, 0.92),
        rates=buses.linked(1e9, 2e11, 5e7),
        sockets=together(crowds.peers, sometimes(0.5, crowds.dashboard)),
        jitter=(0.02, 0.10),
        children=2,
        read=(1e5, 2e8),
    ),
    Work(
        "training-small",
        (*_SCRIPTS, *python("fit.py", "cuda cudnn python tensorflow")),
        peaks={  # [recorded] 0.99, 0.05, 0.26; pipes 0.13, 0.016, 0.013
            "busy": (0.40, 1.0),
            "memory": (0.03, 0.30),
            "sm": (0.2, 0.75),
            "occupancy": (0.08, 0.35),
            "integer": (0.10, 0.25),
            "hmma": (0.01, 0.10),
            "fp32": (0.01, 0.10),
            "dram": (0.03, 0.25),
        },
        power=(0.30, 0.65),
        shape=rhythms.smooth_training,
        memory=(1, 12),
        rates=buses.feeding(1e6, 1.5e9),
        sockets=sometimes(0.4, crowds.dashboard),
        jitter=(0.01, 0.08),
        children=2,
        read=(1e3, 1e8),
    ),
    Work(
        "training-starved",
        _SCRIPTS,
        peaks={  # [recorded]
            "busy": (0.7, 1.0),
            "memory": (0.1, 0.4),
            "sm": (0.4, 0.8),
            "occupancy": (0.1, 0.35),
            "integer": (0.1, 0.25),
            "hmma": (0.03, 0.3),
            "fp32": (0.01, 0.05),
            "dram": (0.1, 0.3),
        },
        power=(0.35, 0.8),
        shape=rhythms.starved,
        memory=(2, 20),
        rates=buses.feeding(1e7, 5e8),
        sockets=sometimes(0.5, crowds.storage),
        children=4,
        read=(1e6, 5e8),
    ),
    Work(
        "federated-training",
        (
            *python("client.py --server fl.example", TORCH),
            *python("client.py", "cuda python tensorflow"),
        ),
        peaks={
            "busy": (0.8, 1.0),
            "memory": (0.1, 0.45),
            "sm": (0.4, 0.9),
            "occupancy": (0.1, 0.4),
            "integer": (0.1, 0.25),
            "hmma": (0.02, 0.4),
            "fp32": (0.01, 0.1),
            "dram": (0.1, 0.35),
        },
        power=(0.4, 0.9),
        shape=rhythms.rounds,
        memory=(2, 24),
        rates=buses.feeding(1e6, 5e8),
        sockets=crowds.coordinator,
        jitter=(0.02, 0.08),
    ),
)


def beside(stage: Stage) -> Truth:
    """Put a small training on a stage, as honest work that shares its GPU."""
    return play(stage, next(work for work in WORKS if work.family == "training-small"))
