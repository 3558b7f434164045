"""Simulations and burn-in tests."""

from __future__ import annotations

from aisec_daemon.model import Severity
from tests.traces.generators import buses, crowds, places, rhythms
from tests.traces.generators.crowds import sometimes
from tests.traces.generators.work import Code, Work

_WARNING = Severity.WARNING

WORKS = (
    Work(
        "molecular-dynamics",
        (
            Code(
                "gmx_mpi",
                "/opt/gromacs/bin/gmx_mpi",
                "gmx_mpi mdrun -deffnm md",
                "cuda cufft gromacs mpi",
            ),
            Code(
                "pmemd.cuda_SPFP",
                "/home/ben/amber22/bin/pmemd.cuda_SPFP",
                "pmemd.cuda -O",
                "cuda cufft",
            ),
            Code("namd3", "/opt/namd/namd3", "namd3 +p8 run.namd", "cuda namd"),
        ),
        peaks={  # [recorded] all pairs of bodies: memory 0, pipes 0.05 and 0.28
            "busy": (0.55, 1.0),
            "memory": (0.0, 0.25),
            "sm": (0.4, 0.97),
            "occupancy": (0.15, 0.5),
            "integer": (0.05, 0.30),
            "fp32": (0.12, 0.45),
            "fp64": (0.0, 0.05),
            "dram": (0.0, 0.3),
        },
        power=(0.34, 0.85),  # [recorded] 237 of 700 W; [post] 60 to 100 %
        shape=rhythms.flat,
        memory=(0.3, 6),
        rates=buses.writing((20, 300), (1e6, 1e8)),
        sockets=sometimes(0.2, crowds.peers),
        jitter=(0.002, 0.02),  # [post] 0.2 to 0.8 %
        cores=(0.5, 8),
        write=(1e3, 3e6),
        most=_WARNING,
    ),
    Work(
        "stencil",
        (
            Code("wave3d", "/home/chen/wave/wave3d", "./wave3d input.nml", "cuda", (600, 3e7)),
            Code("lbm", "/scratch/lbm/lbm", "mpirun -n 1 ./lbm", "cuda mpi", (600, 3e7)),
            Code("solver", "/tmp/build/solver", "./solver", "cuda", (60, 1e5)),
        ),
        peaks={  # [recorded] 0.61, 1.0, 0.74; pipes 0.61 and 0.06; DRAM 0.48
            "busy": (0.95, 1.0),
            "memory": (0.4, 0.95),
            "sm": (0.9, 1.0),
            "occupancy": (0.4, 0.8),
            "integer": (0.25, 0.65),
            "fp32": (0.04, 0.25),
            "fp64": (0.0, 0.2),
            "dram": (0.35, 0.9),
        },
        power=(0.6, 0.9),  # [recorded] 0.86
        shape=rhythms.flat,
        memory=(1, 20),
        rates=buses.writing((30, 600), (1e7, 5e9)),
        jitter=(0.001, 0.01),  # [recorded] 0.14 %
        cores=(0.9, 1.05),  # [recorded] a core that waits
        resident=(1e8, 4e9),
        threads=(3, 20),
        write=(10, 1e6),
        most=_WARNING,
    ),
    Work(
        "burn-in",
        (
            Code("gpu_burn", "/root/gpu-burn/gpu_burn", "./gpu_burn 300", "cublas cuda"),
            Code(
                "dcgmproftester",
                "/usr/bin/dcgmproftester12",
                "dcgmproftester12 -t 1004",
                "cublas cuda",
            ),
        ),
        peaks={  # [recorded] 0.99, 0.24, 0.97, 0.14; pipes 0.014 and 0.94; DRAM 0.17
            "busy": (0.98, 1.0),
            "memory": (0.1, 0.4),
            "sm": (0.9, 1.0),
            "occupancy": (0.1, 0.3),
            "integer": (0.01, 0.05),
            "hmma": (0.5, 0.95),
            "fp32": (0.0, 0.1),
            "dram": (0.1, 0.3),
        },
        power=(0.9, 1.0),
        shape=rhythms.flat,
        lasting=(60, 500),
        memory_share=(0.8, 0.92),
        rates=buses.quiet,
        jitter=(0.005, 0.03),
        cores=(0.9, 1.05),
        write=(10, 1000),
        place=places.login,
        most=_WARNING,
    ),
    Work(
        "volunteer-computing",
        (
            Code(
                "FahCore_22",
                "/var/lib/fah/cores/FahCore_22",
                "FahCore_22 -dir 01",
                "cuda opencl openmm",
            ),
        ),
        peaks={
            "busy": (0.9, 1.0),
            "memory": (0.05, 0.35),
            "sm": (0.7, 0.98),
            "occupancy": (0.2, 0.5),
            "integer": (0.05, 0.3),
            "fp32": (0.15, 0.45),
            "dram": (0.05, 0.3),
        },
        power=(0.6, 0.95),
        shape=rhythms.flat,
        memory=(0.3, 2),
        rates=buses.writing((30, 300), (1e6, 1e8)),
        sockets=crowds.projects,
        cores=(0.9, 1.1),
        place=lambda stage: places.service(stage, "fah-client"),
        most=_WARNING,
    ),
)
