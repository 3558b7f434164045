"""Measures NVML calls on a machine with a GPU: `python calls.py LOADS_PROGRAM > calls.json`.

LOADS_PROGRAM is `loads.cu`, compiled. Every probe is apart: one that fails says why in its place.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from ctypes import byref, c_uint, c_ulonglong
from itertools import pairwise
from typing import Any

import pynvml as n

FIELDS = {
    "power instant": (186, 0), "power average": (185, 0), "energy": (83, 0),
    "pcie tx bytes": (197, 0), "pcie rx bytes": (198, 0),
    "nvlink data tx": (138, 0xFFFFFFFF), "nvlink data rx": (139, 0xFFFFFFFF),
    "ecc 3": (3, 0), "ecc 4": (4, 0), "ecc 5": (5, 0), "ecc 6": (6, 0),
    "memory temperature": (82, 0), "remapped 142": (142, 0), "remapped 143": (143, 0),
    "remap pending": (144, 0), "remap failure": (145, 0), "power limit 190": (190, 0),
    "recovery action": (230, 0), "pcie since reset tx 255": (255, 0), "rx 256": (256, 0),
    "pcie replay 94": (94, 0), "throttle 74": (74, 0),
}  # fmt: skip


def fn(name: str) -> Callable[..., int]:
    return n._nvmlGetFunctionPointer(name)


def timed(call: Callable[[], Any], times: int = 40) -> dict[str, Any]:
    costs, answer = [], None
    for _ in range(times):
        begun = time.perf_counter()
        try:
            answer = call()
        except n.NVMLError as error:
            answer = f"error {error.value}"
        costs.append((time.perf_counter() - begun) * 1e6)
        time.sleep(0.01)
    costs.sort()
    return {
        "median_us": round(statistics.median(costs), 1),
        "p95_us": round(costs[int(len(costs) * 0.95)], 1),
        "max_us": round(costs[-1], 1),
        "answer": str(answer)[:80],
    }


def samples(handle: Any, kind: int) -> dict[str, Any]:
    array, count, of = (n.c_nvmlSample_t * 4096)(), c_uint(4096), c_uint()
    code = fn("nvmlDeviceGetSamples")(handle, kind, c_ulonglong(0), byref(of), byref(count), array)
    if code:
        return {"code": code}
    stamps = [array[i].timeStamp for i in range(count.value)]
    gaps = [b - a for a, b in pairwise(stamps)]
    return {
        "depth": count.value,
        "span_s": round((stamps[-1] - stamps[0]) / 1e6, 2) if stamps else None,
        "gap_ms": round(statistics.median(gaps) / 1e3, 2) if gaps else None,
        "newest_age_s": round(time.time() - stamps[-1] / 1e6, 3) if stamps else None,
        "last": [array[i].sampleValue.uiVal for i in range(max(count.value - 5, 0), count.value)],
    }


def fields(handle: Any) -> dict[str, Any]:
    batch = (n.c_nvmlFieldValue_t * len(FIELDS))()
    for item, (id_, scope) in zip(batch, FIELDS.values(), strict=True):
        item.fieldId, item.scopeId = id_, scope
    fn("nvmlDeviceGetFieldValues")(handle, len(batch), batch)
    return {
        name: {
            "code": item.nvmlReturn, "latency_us": item.latencyUsec, "type": item.valueType,
            "value": item.value.ullVal if item.valueType in (2, 3) else item.value.uiVal,
        }
        for name, item in zip(FIELDS, batch, strict=True)
    }  # fmt: skip


def gpm(handle: Any, seconds: float = 1.0) -> dict[str, Any]:
    first, second = n.c_nvmlGpmSample_t(), n.c_nvmlGpmSample_t()
    codes = [fn("nvmlGpmSampleAlloc")(byref(s)) for s in (first, second)]
    begun = time.perf_counter()
    codes.append(fn("nvmlGpmSampleGet")(handle, first))
    cost = time.perf_counter() - begun
    time.sleep(seconds)
    codes.append(fn("nvmlGpmSampleGet")(handle, second))
    request = n.c_nvmlGpmMetricsGet_t()
    wanted = [*range(1, 14), 20, 21, 60, 61, *range(248, 261)]
    request.version, request.numMetrics = 1, len(wanted)
    request.sample1, request.sample2 = first, second
    for at, id_ in enumerate(wanted):
        request.metrics[at].metricId = id_
    again = time.perf_counter()
    codes.append(fn("nvmlGpmMetricsGet")(byref(request)))
    cost_get = time.perf_counter() - again
    got = {
        str(m.metricId): round(m.value, 3) if m.nvmlReturn == 0 else f"code {m.nvmlReturn}"
        for m in request.metrics[: len(wanted)]
    }
    for sample in (first, second):
        fn("nvmlGpmSampleFree")(sample)
    return {"codes": codes, "sample_us": cost * 1e6, "metrics_us": cost_get * 1e6, "metrics": got}


def calls(handle: Any) -> dict[str, Any]:
    procs, util = (n.c_nvmlProcessInfo_v3_t * 256)(), (n.c_nvmlProcessUtilizationSample_t * 256)()

    def running(kind: str) -> str:
        count = c_uint(256)
        code = fn(f"nvmlDeviceGet{kind}RunningProcesses_v3")(handle, byref(count), procs)
        first = [(p.pid, p.usedGpuMemory) for p in procs[: min(count.value, 4)]]
        return f"code {code}, {count.value}: {first}"

    def utilization() -> str:
        count = c_uint(256)
        code = fn("nvmlDeviceGetProcessUtilization")(handle, util, byref(count), c_ulonglong(0))
        first = [(u.pid, u.smUtil, u.memUtil) for u in util[: min(count.value, 4)]]
        return f"code {code}, {count.value}: {first}"

    def details() -> str:
        info = n.c_nvmlProcessDetailList_v1_t()
        return str(fn("nvmlDeviceGetRunningProcessDetailList")(handle, byref(info)))

    batch = (n.c_nvmlFieldValue_t * 7)()
    for item, id_ in zip(batch, (186, 185, 83, 197, 198, 138, 139), strict=True):
        item.fieldId, item.scopeId = id_, 0xFFFFFFFF if id_ in (138, 139) else 0
    return {
        "GetFieldValues(7 fast)": timed(lambda: fn("nvmlDeviceGetFieldValues")(handle, 7, batch)),
        "GetMemoryInfo_v2": timed(lambda: n.nvmlDeviceGetMemoryInfo(handle, n.nvmlMemory_v2).used),
        "GetUtilizationRates": timed(lambda: n.nvmlDeviceGetUtilizationRates(handle).gpu),
        "GetComputeRunningProcesses_v3": timed(lambda: running("Compute")),
        "GetGraphicsRunningProcesses_v3": timed(lambda: running("Graphics")),
        "GetMPSComputeRunningProcesses_v3": timed(lambda: running("MPSCompute")),
        "GetProcessUtilization": timed(utilization),
        "GetRunningProcessDetailList": timed(details, 5),
        "GetSamples(utilization)": timed(lambda: samples(handle, 1), 20),
        "GetPcieThroughput": timed(lambda: n.nvmlDeviceGetPcieThroughput(handle, 0), 5),
        "GetClockInfo(SM)": timed(lambda: n.nvmlDeviceGetClockInfo(handle, 1)),
        "GetClockInfo(memory)": timed(lambda: n.nvmlDeviceGetClockInfo(handle, 2)),
        "GetMaxClockInfo(memory)": timed(lambda: n.nvmlDeviceGetMaxClockInfo(handle, 2), 5),
        "GetTemperature": timed(lambda: n.nvmlDeviceGetTemperature(handle, 0)),
        "GetCurrentClocksEventReasons": timed(
            lambda: n.nvmlDeviceGetCurrentClocksEventReasons(handle)
        ),
        "GetEncoderUtilization": timed(lambda: n.nvmlDeviceGetEncoderUtilization(handle)),
        "GetEnforcedPowerLimit": timed(lambda: n.nvmlDeviceGetEnforcedPowerLimit(handle)),
        "GetPowerUsage": timed(lambda: n.nvmlDeviceGetPowerUsage(handle)),
        "GetAccountingMode": timed(lambda: n.nvmlDeviceGetAccountingMode(handle), 5),
        "GetPersistenceMode": timed(lambda: n.nvmlDeviceGetPersistenceMode(handle), 5),
        "GetSupportedEventTypes": timed(lambda: hex(n.nvmlDeviceGetSupportedEventTypes(handle)), 5),
        "GetMigMode": timed(lambda: n.nvmlDeviceGetMigMode(handle), 5),
    }  # fmt: skip


def as_nobody(handle: Any) -> dict[str, Any]:
    """Ask again in a child that is no longer root."""
    out, into = os.pipe()
    if os.fork() == 0:
        os.setgid(65534)
        os.setuid(65534)
        n.nvmlInit()
        mine = n.nvmlDeviceGetHandleByIndex(0)
        answer = {}
        for name, probe in {
            "gpm": lambda: gpm(mine, 0.3),
            "compute": lambda: len(n.nvmlDeviceGetComputeRunningProcesses(mine)),
            "process utilization": lambda: len(n.nvmlDeviceGetProcessUtilization(mine, 0)),
            "accounting": lambda: n.nvmlDeviceGetAccountingPids(mine),
            "samples": lambda: samples(mine, 1),
            "fields": lambda: {k: v["code"] for k, v in fields(mine).items() if v["code"]},
            "events": lambda: n.nvmlDeviceRegisterEvents(mine, 8, n.nvmlEventSetCreate()),
        }.items():
            answer[name] = attempt(probe)
        os.write(into, json.dumps(answer, default=str).encode())
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as text:
        return json.load(text)


def pcie(handle: Any) -> dict[str, Any]:
    """Copy a known number of bytes to the GPU and back, and see by how much counters rose."""
    import torch

    here = torch.empty(1 << 30, dtype=torch.uint8).pin_memory()
    there = torch.empty(1 << 30, dtype=torch.uint8, device="cuda")
    report = {}
    for way, copy in {
        "to GPU, 8 GiB": lambda: there.copy_(here),
        "from GPU, 8 GiB": lambda: here.copy_(there),
    }.items():
        before = fields(handle)
        begun = time.perf_counter()
        for _ in range(8):
            copy()
        torch.cuda.synchronize()
        seconds = time.perf_counter() - begun
        time.sleep(0.2)
        after = fields(handle)
        names = ("pcie tx bytes", "pcie rx bytes", "pcie since reset tx 255", "rx 256")
        report[way] = {
            "seconds": round(seconds, 3),
            **{k: after[k]["value"] - before[k]["value"] for k in names if not after[k]["code"]},
        }
    return report


def starting(loads: str, handle: Any) -> dict[str, Any]:
    """Find the slowest call while another process makes and loses its CUDA context."""
    child = subprocess.Popen([loads, "idle", "--seconds", "2", "--gib", "40"])
    batch = (n.c_nvmlFieldValue_t * 1)()
    batch[0].fieldId = 186
    costs: dict[str, list[float]] = {"fields": [], "memory": [], "processes": []}
    until = time.monotonic() + 5
    while time.monotonic() < until:
        for name, call in {
            "fields": lambda: fn("nvmlDeviceGetFieldValues")(handle, 1, batch),
            "memory": lambda: n.nvmlDeviceGetMemoryInfo(handle),
            "processes": lambda: n.nvmlDeviceGetComputeRunningProcesses(handle),
        }.items():
            begun = time.perf_counter()
            call()
            costs[name].append((time.perf_counter() - begun) * 1e3)
        time.sleep(0.002)
    child.wait()
    return {k: {"max_ms": round(max(v), 2), "calls": len(v)} for k, v in costs.items()}


def attempt(probe: Callable[[], Any]) -> Any:
    try:
        return probe()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def main() -> None:
    loads = sys.argv[1]
    begun = time.perf_counter()
    n.nvmlInit()
    report: dict[str, Any] = {"init_s": round(time.perf_counter() - begun, 3)}
    handle = n.nvmlDeviceGetHandleByIndex(0)
    report["gpu"] = attempt(lambda: n.nvmlDeviceGetName(handle))
    report["driver"] = attempt(n.nvmlSystemGetDriverVersion)
    report["symbols"] = {
        name: attempt(lambda name=name: bool(fn(name)))
        for name in (
            "nvmlDeviceGetAccountingStats_v2", "nvmlDeviceGetRunningProcessDetailList",
            "nvmlDeviceGetProcessesUtilizationInfo", "nvmlGpmMigSampleGet",
            "nvmlDeviceGetTemperatureV", "nvmlEventSetWait_v2", "nvmlSystemEventSetCreate",
        )
    }  # fmt: skip
    report["limits"] = attempt(
        lambda: {
            "enforced_mw": n.nvmlDeviceGetEnforcedPowerLimit(handle),
            "default_mw": n.nvmlDeviceGetPowerManagementDefaultLimit(handle),
            "range_mw": n.nvmlDeviceGetPowerManagementLimitConstraints(handle),
        }
    )
    kinds = {
        0: "power",
        1: "utilization",
        2: "memory",
        3: "encoder",
        5: "sm clock",
        6: "memory clock",
        7: "module",
    }
    report["idle samples"] = {v: attempt(lambda k=k: samples(handle, k)) for k, v in kinds.items()}
    report["idle fields"] = attempt(lambda: fields(handle))
    report["idle calls"] = attempt(lambda: calls(handle))
    report["idle gpm"] = attempt(lambda: gpm(handle))
    report["starting"] = attempt(lambda: starting(loads, handle))
    busy = subprocess.Popen([loads, "integers", "--seconds", "30"])
    time.sleep(4)
    report["busy samples"] = {v: attempt(lambda k=k: samples(handle, k)) for k, v in kinds.items()}
    report["busy fields"] = attempt(lambda: fields(handle))
    report["busy calls"] = attempt(lambda: calls(handle))
    report["busy gpm"] = attempt(lambda: gpm(handle))
    report["as nobody"] = attempt(lambda: as_nobody(handle))
    busy.kill()
    report["pcie"] = attempt(lambda: pcie(handle))
    print(json.dumps(report, indent=1, default=str))


if __name__ == "__main__":
    main()
