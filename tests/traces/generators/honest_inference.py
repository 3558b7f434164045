"""Inference, and what only holds a card."""

from __future__ import annotations

from tests.traces.generators import buses, crowds, rhythms
from tests.traces.generators.crowds import sometimes
from tests.traces.generators.honest_training import TORCH
from tests.traces.generators.work import Code, Work, python

_TRITON = "/opt/tritonserver/bin/tritonserver"

WORKS = (
    Work(
        "llm-decode",
        (
            *python("batch_generate.py", TORCH),
            Code(
                "llama-cli",
                "/opt/llama/llama-cli",
                "llama-cli -m model.gguf",
                "cublas cuda llama",
            ),
        ),
        peaks={  # [post] A100 94 to 97 %, memory controller 70 to 81 %
            "busy": (0.94, 1.0),
            "memory": (0.55, 0.90),
            "sm": (0.5, 0.95),
            "occupancy": (0.1, 0.4),
            "integer": (0.05, 0.2),
            "hmma": (0.02, 0.2),
            "fp32": (0.01, 0.08),
            "dram": (0.5, 0.9),
        },
        power=(0.45, 0.85),
        shape=rhythms.generating,
        memory_share=(0.5, 0.93),
        rates=buses.quiet,
        sockets=sometimes(0.3, crowds.quiet_link),
        jitter=(0.005, 0.03),
        write=(1e2, 1e5),
    ),
    Work(
        "llm-serving",
        (
            *python("-m vllm.entrypoints.openai.api_server", TORCH),
            Code(
                "llama-server",
                "/opt/llama/llama-server",
                "llama-server -m model.gguf",
                "cublas cuda llama",
            ),
        ),
        peaks={
            "busy": (0.9, 1.0),
            "memory": (0.45, 0.85),
            "sm": (0.5, 0.95),
            "occupancy": (0.1, 0.4),
            "integer": (0.05, 0.2),
            "hmma": (0.03, 0.3),
            "fp32": (0.01, 0.08),
            "dram": (0.4, 0.85),
        },
        power=(0.45, 0.9),
        shape=rhythms.users,
        memory_share=(0.6, 0.93),
        rates=buses.feeding(1e5, 1e7),
        sockets=crowds.clients,
        jitter=(0.02, 0.1),
    ),
    Work(
        "int8-inference",
        (
            *python("serve.py", "cuda cudnn python tensorrt"),
            Code(
                "tritonserver",
                "/opt/tritonserver/bin/tritonserver",
                "tritonserver",
                "cuda cudnn tensorrt triton",
            ),
        ),
        peaks={  # the honest twin of mining by matrices
            "busy": (0.5, 1.0),
            "memory": (0.1, 0.6),
            "sm": (0.4, 0.9),
            "occupancy": (0.15, 0.45),
            "integer": (0.1, 0.3),
            "imma": (0.1, 0.7),
            "hmma": (0.0, 0.05),
            "fp32": (0.01, 0.08),
            "dram": (0.1, 0.6),
        },
        power=(0.4, 0.9),
        shape=rhythms.users,
        memory=(1, 16),
        rates=buses.feeding(1e6, 3e8),
        sockets=crowds.clients,
        jitter=(0.01, 0.05),
    ),
    Work(
        "quiet-inference",
        (*python("worker.py", "cuda cudnn onnxruntime python"), *python("worker.py", TORCH)),
        peaks={
            "busy": (0.3, 1.0),
            "memory": (0.05, 0.4),
            "sm": (0.2, 0.8),
            "occupancy": (0.1, 0.3),
            "integer": (0.05, 0.2),
            "hmma": (0.01, 0.2),
            "fp32": (0.01, 0.2),
            "dram": (0.05, 0.4),
        },
        power=(0.25, 0.6),
        shape=rhythms.rare,
        memory=(1, 12),
        rates=buses.feeding(1e5, 1e7),
        sockets=crowds.few_clients,
    ),
    Work(
        "idle-notebook",
        python("-m ipykernel_launcher -f kernel.json", TORCH),
        peaks={  # [recorded] memory held, 124 W of 700, nothing else
            "busy": (0.3, 1.0),
            "memory": (0.05, 0.4),
            "sm": (0.2, 0.9),
            "hmma": (0.0, 0.3),
            "fp32": (0.01, 0.2),
            "dram": (0.05, 0.4),
        },
        power=(0.3, 0.8),
        shape=rhythms.idle,
        memory=(1, 20),
        sockets=crowds.notebook,
        cores=(0.0, 0.05),
        write=(1, 100),
        read=(1, 100),
    ),
)
