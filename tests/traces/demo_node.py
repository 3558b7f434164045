"""Simulates the node that `aisec-daemon run --demo` plays: everything in it is made up.

Eight GPUs: training on 0-3, an LLM server on 4-5, an idle notebook on 6, steady integer work of a
renamed program on 7, which the rule mining tells. After 40 s GPU 6 falls off the bus; after 110 s
the driver no longer lists it.
Run as a module it writes the recording into the package.
"""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from aisec_daemon.app import catalogue
from aisec_daemon.host.nvml.fields import PIPES
from aisec_daemon.model import Snapshot
from aisec_daemon.model.recording import Encoder

FILE = Path("aisec_daemon/app/demo.jsonl.gz")
BEGIN = 1_790_000_000.0
SECONDS = 150
LOST, UNLISTED = 40, 110
LOST_GPU = 6

JOBS = {  # GPUs, pid, user, name, command, memory share, container
    "training": ((0, 1, 2, 3), 4100, "alice", "python3", "python3 train.py --config base.yaml"),
    "serving": (
        (4, 5),
        5200,
        "svc-llm",
        "vllm",
        "vllm serve org/model-70b --tensor-parallel-size 2",
    ),
    "notebook": ((6,), 6300, "carol", "python3", "python3 -m ipykernel_launcher -f kernel.json"),
    "renamed": ((7,), 7400, "build", "python3", "python3 -c /usr/lib/.cache/update.conf"),
}
MEMORY = {"training": 0.82, "serving": 0.91, "notebook": 0.06, "renamed": 0.078}
POWER_LIMIT = 700.0
SIZE = 80 * 2**30


def uuid(index: int) -> str:
    return f"GPU-{index:08x}-0000-4000-8000-00000000demo"


def load(job: str, second: float) -> tuple[float, float, float]:
    """Return utilisation, share of power and memory-controller utilisation of a job."""
    if job == "training":  # steps, and a validation pause every minute
        step = 0.5 + 0.5 * math.sin(second * 2.1)
        return (0.15, 0.2, 0.05) if second % 60 > 54 else (0.9 + 0.08 * step, 0.7 + 0.2 * step, 0.6)
    if job == "serving":
        wave = 0.5 + 0.4 * math.sin(second / 9)
        return wave, 0.3 + 0.3 * wave, 0.7 * wave
    return (1.0, 0.62, 0.08) if job == "renamed" else (0.0, 0.11, 0.0)


def gpu_rows(second: int, noise: np.random.Generator) -> dict:
    rows = {}
    for job, (gpus, *_) in JOBS.items():
        for index in gpus:
            if index == LOST_GPU and second >= UNLISTED:
                continue
            words = {
                "uuid": uuid(index),
                "index": str(index),
                "name": "NVIDIA H100 80GB HBM3",
                "kind": "gpu",
                "parent": "",
                "pci_bus_id": f"0000:{0x1B + 16 * index:02x}:00.0",
                "driver_version": "570.86.15",
                "gpu_instance_id": "",
                "compute_instance_id": "",
                "error": "",
            }
            if index == LOST_GPU and second >= LOST:
                words["error"] = "nvmlDeviceGetMemoryInfo: GPU_IS_LOST"
                rows[uuid(index)] = ({"read_age_seconds": float(second - LOST + 1)}, words)
                continue
            rows[uuid(index)] = (gpu_numbers(job, index, second, noise), words)
    return rows


def gpu_numbers(job: str, index: int, second: int, noise: np.random.Generator) -> dict:
    busy, power, controller = load(job, second + 0.02 * index)
    watts = POWER_LIMIT * power + noise.normal(0, 1.0 if job == "renamed" else 8.0)
    traffic = 0.0 if job in ("renamed", "notebook") else 2e9 * busy
    integer, tensor = (0.93, 0.0) if job == "renamed" else (0.1 * busy, 0.45 * busy)
    pipes = dict.fromkeys(PIPES, 0.0)
    pipes |= {"integer": integer, "tensor": tensor, "tensor_hmma": tensor, "fp32": tensor / 9}
    return {
        "memory_used_bytes": float(int(SIZE * MEMORY[job])),
        "memory_size_bytes": float(SIZE),
        "memory_reserved_bytes": float(2**29),
        "utilization_ratio": round(busy, 2),
        "utilization_max_ratio": round(min(1.0, busy + 0.04), 2),
        "utilization_stddev_ratio": round(0.005 if job == "renamed" else 0.03 * busy, 3),
        "memory_utilization_ratio": round(controller, 2),
        "power_watts": round(watts, 1),
        "power_average_watts": round(POWER_LIMIT * power, 1),
        "power_max_watts": round(watts + 12, 1),
        "power_stddev_watts": 1.0 if job == "renamed" else 9.0,
        "power_limit_watts": POWER_LIMIT,
        "energy_joules": round(1e6 + POWER_LIMIT * power * second, 1),
        "sm_clock_hertz": 1.98e9 if busy else 3.45e8,
        "memory_clock_hertz": 2.619e9,
        "memory_clock_max_hertz": 2.619e9,
        "temperature_celsius": float(round(32 + 40 * power)),
        "memory_temperature_celsius": float(round(40 + 40 * power)),
        "pcie_transmit_bytes": float(int(traffic * second)),
        "pcie_receive_bytes": float(int(traffic * 1.5 * second)),
        "nvlink_transmit_bytes": float(int(5 * traffic * second)) if len(JOBS[job][0]) > 1 else 0.0,
        "nvlink_receive_bytes": float(int(5 * traffic * second)) if len(JOBS[job][0]) > 1 else 0.0,
        "encoder_utilization_ratio": 0.0,
        "decoder_utilization_ratio": 0.0,
        "xid_errors": 0.0,
        "sm_active_ratio": round(0.97 * busy, 3),
        "sm_occupancy_ratio": round(0.4 * busy, 3),
        **{f"pipe_{pipe}_ratio": round(active, 3) for pipe, active in pipes.items()},
        "dram_active_ratio": round(controller * 0.9, 3),
        "read_seconds": 0.004,
        "read_age_seconds": 0.0,
    }


def words_of(job: str) -> dict:
    _, pid, user, name, command = JOBS[job]
    hidden = job == "renamed"
    return {
        "pid": str(pid),
        "name": name,
        "executable": "/usr/lib/.cache/python3" if hidden else f"/usr/bin/{name}",
        "executable_state": "deleted" if hidden else "",
        "command": command,
        "command_hash": f"{pid:016x}",
        "user": user,
        "uid": str(1000 + pid // 1000),
        "parent": "1",
        "container": "",
        "pod": "",
        "qos": "",
        "slurm_job": "8812" if job == "training" else "",
        "slurm_step": "0" if job == "training" else "",
        "unit": "" if job == "training" else f"{job}.service",
        "login_user": "",
        "indicators": "",
    }


def gpu_process_rows(second: int) -> dict:
    rows = {}
    for job, (gpus, pid, *_) in JOBS.items():
        for index in gpus:
            if index == LOST_GPU and second >= LOST:
                continue
            process = f"{pid}:{100 * pid}"
            words = {**words_of(job), "uuid": uuid(index), "process": process, "kind": "compute"}
            busy, _, controller = load(job, second)
            numbers = {
                "memory_used_bytes": float(int(SIZE * MEMORY[job]) - 2**29),
                "sm_utilization_ratio": round(busy, 2),
                "memory_utilization_ratio": round(controller, 2),
            }
            rows[f"{uuid(index)}/{process}"] = (numbers, words)
    return rows


def process_rows(second: int) -> dict:
    rows = {}
    for job, (gpus, pid, *_) in JOBS.items():
        numbers = {
            "cpu_seconds": round(len(gpus) * (0.02 if job == "renamed" else 0.9) * second, 2),
            "memory_resident_bytes": 3e9,
            "threads": 64.0,
            "start_timestamp_seconds": BEGIN - 3600,
        }
        rows[f"{pid}:{100 * pid}"] = (numbers, words_of(job))
    return rows


def program_rows(second: int) -> dict:
    rows = {}
    for job, (_, pid, *_) in JOBS.items():
        hidden = job == "renamed"
        process = f"{pid}:{100 * pid}"
        words = {
            "process": process,
            "libraries": "cuda nvml" if hidden else "cublas cuda cudnn nccl python torch",
            "executable_place": "deleted" if hidden else "system",
            "executable_writable": "",
            "disguise": "interpreter" if hidden else "",
            "preload": "",
        }
        numbers = {
            "read_bytes": float(200 * second if hidden else 9_000_000 * second),
            "written_bytes": float(60 * second if hidden else 40_000 * second),
            "executable_age_seconds": float(7200 + second if hidden else 2e7 + second),
        }
        rows[process] = (numbers, words)
    return rows


def socket_rows(second: int) -> dict:
    """Return the renamed program's connection to a pool, and the LLM server's clients."""
    words = {"protocol": "tcp", "state": "established", "local_address": "10.0.0.5"}
    words |= {"grain": "tcp_info"}
    renamed, serving = "7400:740000", "5200:520000"
    pool = {"process": renamed, "local_port": "51234", "peer_address": "203.0.113.7"}
    pool |= words | {"peer_port": "443", "peer_scope": "public"}
    seen = {"first_seen_timestamp_seconds": BEGIN - 3000, "received_age_seconds": second % 9.0}
    slow = {"sent_bytes": 60.0 * second, "received_bytes": 9000 + 210.0 * second}
    rows = {f"{renamed}/881": (slow | seen | {"sent_age_seconds": second % 9.0}, pool)}
    listen = {
        "process": serving,
        "protocol": "tcp",
        "state": "listen",
        "local_address": "0.0.0.0",
        "grain": "tcp_info",
    }
    listen |= {"local_port": "8000", "peer_address": "", "peer_port": "", "peer_scope": "none"}
    rows[f"{serving}/700"] = ({}, listen)
    for client in range(4):
        who = {"process": serving, "local_port": "8000", "peer_address": f"10.0.1.{client}"}
        who |= words | {"peer_port": f"4{client}000", "peer_scope": "private"}
        traffic = {"sent_bytes": 9e4 * second, "received_bytes": 3e3 * second}
        rows[f"{serving}/{701 + client}"] = (traffic | seen, who)
    return rows


def device_rows() -> dict:
    addresses = [f"0000:{0x1B + 16 * index:02x}:00.0" for index in range(8)]
    return {a: ({}, {"address": a, "device": "0x2330", "driver": "nvidia"}) for a in addresses}


def upkeep_rows(second: int) -> dict:
    rows = {}
    for name, period in PERIODS.items():
        if name == "upkeep":
            continue
        part = f"sampler/{name}"
        numbers = {
            "last_success_timestamp_seconds": BEGIN + second,
            "age_seconds": 0.0,
            "period_seconds": period,
            "duration_seconds": 0.005,
            "busy_seconds": round(0.005 * second, 3),
            "cpu_seconds": round(0.004 * second, 3),
            "shed_runs": 0.0,
            "runs": float(second),
            "failed_runs": 0.0,
            "missed_runs": 0.0,
        }
        rows[part] = (numbers, {"part": part, "error": "", "sensor": ""})
    return rows


PERIODS = {
    "gpu": 1.0,
    "gpu_process": 1.0,
    "process": 2.0,
    "program": 5.0,
    "socket": 5.0,
    "gpu_device": 30.0,
    "upkeep": 1.0,
}


def snapshots() -> Iterator[Snapshot]:
    """Yield the whole recording."""
    tables = catalogue.tables()
    noise = np.random.default_rng(20)
    for second in range(SECONDS):
        rows = {
            "gpu": gpu_rows(second, noise),
            "gpu_process": gpu_process_rows(second),
            "process": process_rows(second),
            "program": program_rows(second),
            "socket": socket_rows(second),
            "gpu_device": device_rows(),
            "upkeep": upkeep_rows(second),
        }
        for name, content in rows.items():
            if second % PERIODS[name] == 0:
                yield Snapshot.from_rows(tables[name], BEGIN + second, content)


def recording() -> bytes:
    """Return the recording's lines, which are the same whenever they are made."""
    encoder = Encoder()
    header = encoder.header("demo", PERIODS, catalogue.tables())
    return header + b"".join(encoder.encode(snapshot) for snapshot in snapshots())


if __name__ == "__main__":
    FILE.write_bytes(gzip.compress(recording(), mtime=0))
