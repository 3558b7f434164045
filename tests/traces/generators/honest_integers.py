"""Honest work on integers: the true look-alikes; and hash cracking, which is abuse too."""

from __future__ import annotations

from aisec_daemon.model import Severity
from tests.traces.generators import buses, crowds, places, rhythms
from tests.traces.generators.crowds import sometimes
from tests.traces.generators.truth import Kind
from tests.traces.generators.work import Code, Work, python

_WARNING = Severity.WARNING

WORKS = (
    Work(
        "proving",
        (
            Code(
                "sp1-gpu-server",
                "/opt/sp1/sp1-gpu-server",
                "sp1-gpu-server",
                "cuda",
                (3600, 1e7),
            ),
            Code(
                "prover",
                "/home/emil/prover/target/release/prover",
                "prover --block 1",
                "cuda",
                (600, 1e7),
            ),
        ),
        peaks={  # integer arithmetic over large tables [reasoned]
            "busy": (0.85, 1.0),
            "memory": (0.15, 0.8),
            "sm": (0.7, 1.0),
            "occupancy": (0.2, 0.6),
            "integer": (0.4, 0.95),
            "fp32": (0.0, 0.01),
            "dram": (0.1, 0.7),
        },
        power=(0.5, 0.95),
        shape=rhythms.phases,
        memory_share=(0.2, 0.85),
        rates=buses.feeding(1e8, 8e9),
        sockets=sometimes(0.7, crowds.few_clients),
        cores=(1, 16),
        resident=(8e9, 2e11),
        write=(1e4, 1e7),
        most=_WARNING,
    ),
    Work(
        "hash-cracking",
        (
            Code(
                "hashcat",
                "/usr/bin/hashcat",
                "hashcat -m 1000 h.txt words.txt",
                "cuda nvml opencl",
            ),
            Code("john", "/home/hugo/john/run/john", "john --format=nt-opencl h", "cuda opencl"),
        ),
        peaks={  # [recorded] integers: pipe 1.0, everything else 0
            "busy": (0.96, 1.0),
            "memory": (0.0, 0.15),
            "sm": (0.9, 1.0),
            "occupancy": (0.3, 0.7),
            "integer": (0.7, 1.0),
            "dram": (0.0, 0.1),
        },
        power=(0.5, 1.0),
        shape=rhythms.flat,
        memory=(0.2, 4),
        rates=buses.feeding(1e4, 2e9),
        jitter=(0.002, 0.02),
        cores=(0.1, 1.1),
        read=(10, 1e8),
        most=_WARNING,
        kind=Kind.CRACKING,
        place=places.login,
    ),
    Work(
        "genomics",
        (
            Code(
                "pbrun",
                "/usr/local/parabricks/pbrun",
                "pbrun fq2bam --ref r.fa",
                "cuda python",
            ),
            Code(
                "dorado",
                "/opt/dorado/bin/dorado",
                "dorado basecaller hac pod5",
                "cuda cudnn torch",
            ),
        ),
        peaks={  # integer dynamic programming [reasoned]
            "busy": (0.6, 1.0),
            "memory": (0.1, 0.6),
            "sm": (0.5, 0.95),
            "occupancy": (0.2, 0.6),
            "integer": (0.3, 0.85),
            "fp32": (0.0, 0.05),
            "dram": (0.1, 0.5),
        },
        power=(0.4, 0.85),
        shape=rhythms.phases,
        memory_share=(0.2, 0.8),
        rates=buses.feeding(1e7, 3e9),
        cores=(2, 24),
        read=(1e6, 5e8),
        write=(1e6, 2e8),
        most=_WARNING,
    ),
    Work(
        "analytics",
        python("-m dask_cuda.cli worker", "cuda cupy nvml python rapids"),
        peaks={  # joins and sorts of tables: integers and memory [reasoned]
            "busy": (0.5, 1.0),
            "memory": (0.2, 0.8),
            "sm": (0.3, 0.9),
            "occupancy": (0.2, 0.6),
            "integer": (0.2, 0.7),
            "fp32": (0.0, 0.1),
            "fp64": (0.0, 0.1),
            "dram": (0.2, 0.8),
        },
        power=(0.35, 0.8),
        shape=rhythms.phases,
        memory_share=(0.3, 0.9),
        rates=buses.feeding(1e8, 1e10),
        sockets=sometimes(0.8, crowds.storage),
        cores=(1, 8),
        read=(1e6, 1e9),
        most=_WARNING,
    ),
)
