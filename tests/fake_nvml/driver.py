"""A fake driver at the C boundary: the real pynvml runs, its function pointers lead here.

`install(pynvml, source)` puts it in place; `source` is a world (see `scenario`) or the path of a
file that holds one. Nothing here is imported by the daemon.
"""

# ruff: noqa: N802 the methods are named like the C functions they stand for

from __future__ import annotations

import ctypes
import json
import os
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

U32, U64, PTR, DOUBLE = ctypes.c_uint, ctypes.c_ulonglong, ctypes.c_void_p, ctypes.c_double
SUCCESS, INVALID_ARGUMENT, NOT_SUPPORTED, NOT_FOUND, INSUFFICIENT_SIZE, TIMEOUT = 0, 2, 3, 6, 7, 10
GPU_ADDRESS, MIG_ADDRESS, STRIDE = 0x10000, 0x80000, 0x100
_LOOK_SECONDS = 0.25  # between looks for an event
SAMPLE_MICROSECONDS = 166_667
BUFFERED_SAMPLES = 120
EPOCH_MICROSECONDS = 1_700_000_000_000_000
ULL_TYPE, DOUBLE_TYPE, UINT_TYPE = 3, 0, 1
UINT_FIELDS = frozenset({82, 185, 186, 190, 197, 198, 230})  # as driver 580 on an H200 has them


class CodeError(Exception):
    """A call answers this code."""


class Driver:
    """The state of one process's library; its C functions are the methods named like them."""

    def __init__(self, pynvml: Any, source: dict | Path, clock: Callable[[], float]) -> None:
        self.pynvml = pynvml
        self.clock = clock
        self.calls: Counter[str] = Counter()
        self._source = source
        self._seen: tuple = ()
        self._looked = False  # in this call
        self._world: dict = {}
        self._opened: int | None = None
        self._gpm: dict[int, tuple[float, dict]] = {}
        self._registered: dict[int, set[int]] = {}
        self._announced: Counter[str] = Counter()
        self._shapes: dict[str, Any] = {}
        self._layouts: dict[str, Any] = {}
        self.samples_allocated = 0

    # The world

    @property
    def world(self) -> dict:
        if isinstance(self._source, dict):
            return self._source
        if self._looked:
            return self._world
        self._looked = True
        found = self._source.stat()
        seen = (found.st_mtime_ns, found.st_ino, found.st_size)
        if seen != self._seen:
            self._world = json.loads(Path(self._source).read_text())
            self._seen = seen
        return self._world

    def now(self) -> int:
        """Microseconds on the driver's own clock."""
        boot = int(self.clock() * 1e6)
        return boot if self.world["driver"]["boot_relative"] else EPOCH_MICROSECONDS + boot

    def layout(self, name: str) -> Any:
        """One of pynvml's structures, without what it adds to each access for people's eyes."""
        if name not in self._layouts:
            self._layouts[name] = plain(getattr(self.pynvml, name))
        return self._layouts[name]

    def device(self, handle: int | None, call: str) -> dict:
        """The GPU or MIG instance behind a handle, after its troubles have had their say."""
        gpus = self.world["gpus"]
        if self._opened != self.world["driver"]["generation"]:
            raise CodeError(self.world["driver"]["stale_code"])
        if handle is None:
            raise CodeError(INVALID_ARGUMENT)
        place = handle - (MIG_ADDRESS if handle >= MIG_ADDRESS else GPU_ADDRESS)
        index, slot = divmod(place, STRIDE)
        if index >= len(gpus):
            raise CodeError(15)
        self.trouble(gpus[index], call)
        if handle < MIG_ADDRESS:
            return gpus[index]
        instances = gpus[index]["mig"] or []
        if slot >= len(instances):
            raise CodeError(INVALID_ARGUMENT)
        return instances[slot]

    def trouble(self, gpu: dict, call: str) -> None:
        if gpu["crash"] == call:
            os.abort()
        until = time.monotonic() + hang_seconds(gpu, call)
        while time.monotonic() < until:
            time.sleep(0.02)
            self._looked = False
            now = next((x for x in self.world["gpus"] if x["uuid"] == gpu["uuid"]), gpu)
            if not hang_seconds(now, call):
                break
        if gpu["code"]:
            raise CodeError(gpu["code"])
        if gpu["errors"].get(call, 0):
            raise CodeError(gpu["errors"][call])

    # Opening and enumeration

    def nvmlInitWithFlags(self, flags: U32) -> None:
        driver = self.world["driver"]
        time.sleep(driver["init_hang"])
        if driver["state"] != "ok":
            raise CodeError(driver["state"])
        self._opened = driver["generation"]

    def nvmlSystemGetDriverVersion(self, text: PTR, length: U32) -> None:
        self._text(text, self.world["driver"]["version"])

    def nvmlDeviceGetCount_v2(self, count: PTR) -> None:
        U32.from_address(count).value = len(self.world["gpus"])

    def nvmlDeviceGetHandleByIndex_v2(self, index: U32, handle: PTR) -> None:
        if index >= len(self.world["gpus"]):
            raise CodeError(INVALID_ARGUMENT)
        self._hand_out(index, "nvmlDeviceGetHandleByIndex_v2", handle)

    def nvmlDeviceGetHandleByUUID(self, uuid: ctypes.c_char_p, handle: PTR) -> None:
        for index, gpu in enumerate(self.world["gpus"]):
            if gpu["uuid"].encode() == uuid:
                return self._hand_out(index, "nvmlDeviceGetHandleByUUID", handle)
        raise CodeError(NOT_FOUND)

    def _hand_out(self, index: int, call: str, handle: PTR) -> None:
        self.trouble(self.world["gpus"][index], call)
        PTR.from_address(handle).value = GPU_ADDRESS + index * STRIDE

    def nvmlDeviceGetUUID(self, handle: PTR, text: PTR, length: U32) -> None:
        self._text(text, self.device(handle, "nvmlDeviceGetUUID")["uuid"])

    def nvmlDeviceGetName(self, handle: PTR, text: PTR, length: U32) -> None:
        self._text(text, self.device(handle, "nvmlDeviceGetName")["name"])

    def nvmlDeviceGetPciInfo_v3(self, handle: PTR, info: PTR) -> None:
        gpu = self.device(handle, "nvmlDeviceGetPciInfo_v3")
        answer = self.layout("nvmlPciInfo_t").from_address(info)
        answer.domain, answer.bus, answer.device = gpu["pci"]

    # Numbers

    def nvmlDeviceGetMemoryInfo_v2(self, handle: PTR, memory: PTR) -> None:
        self._memory(handle, "nvmlDeviceGetMemoryInfo_v2", self.layout("c_nvmlMemory_v2_t"), memory)

    def nvmlDeviceGetMemoryInfo(self, handle: PTR, memory: PTR) -> None:
        self._memory(handle, "nvmlDeviceGetMemoryInfo", self.layout("c_nvmlMemory_t"), memory)

    def _memory(self, handle: int, call: str, layout: Any, memory: int) -> None:
        known = self.device(handle, call)["memory"]
        answer = layout.from_address(memory)
        answer.total, answer.used = known["total"], known["used"]
        if hasattr(answer, "reserved"):
            answer.reserved = known["reserved"]

    def nvmlDeviceGetFieldValues(self, handle: PTR, count: U32, fields: PTR) -> None:
        gpu = self.device(handle, "nvmlDeviceGetFieldValues")
        for item in (self.layout("c_nvmlFieldValue_t") * count).from_address(fields):
            value = gpu["fields"].get(str(item.fieldId))
            code = gpu["errors"].get(f"field/{item.fieldId}", SUCCESS)
            if item.fieldId in (138, 139) and item.scopeId != 0xFFFFFFFF:
                code = INVALID_ARGUMENT
            item.nvmlReturn = NOT_SUPPORTED if value is None else code
            item.latencyUsec = 15
            item.value.ullVal = 0xDEAD  # what stands there after a failure means nothing
            if item.nvmlReturn == SUCCESS:
                self._field(item, gpu, value)

    def _field(self, item: Any, gpu: dict, value: float) -> None:
        """Put a value where its type says; what stands beside 32 bits means nothing."""
        if isinstance(value, float):
            item.valueType, item.value.dVal = DOUBLE_TYPE, value
        elif item.fieldId in UINT_FIELDS and item.fieldId not in gpu.get("long_fields", ()):
            item.valueType, item.value.ullVal = UINT_TYPE, 0xDEAD << 32 | value % 2**32
        else:
            item.valueType, item.value.ullVal = ULL_TYPE, value

    def nvmlDeviceGetSamples(
        self, handle: PTR, kind: U32, last: U64, value_type: PTR, count: PTR, samples: PTR
    ) -> None:
        gpu = self.device(handle, "nvmlDeviceGetSamples")
        name = {0: "power", 1: "utilization", 2: "memory"}[kind]
        if gpu["errors"].get(f"samples/{name}"):
            raise CodeError(gpu["errors"][f"samples/{name}"])
        values = gpu["samples"][name]
        if values is None:
            raise CodeError(NOT_FOUND)
        U32.from_address(value_type).value = UINT_TYPE
        ticks = self._ticks(last) if values else []
        room = self._room(count, len(ticks))
        for item, tick in zip(
            (self.layout("c_nvmlSample_t") * room).from_address(samples), ticks, strict=False
        ):
            item.timeStamp = tick * SAMPLE_MICROSECONDS
            item.sampleValue.uiVal = values[tick % len(values)]

    def _ticks(self, last: int) -> list[int]:
        newest = self.now() // SAMPLE_MICROSECONDS
        oldest = max(last // SAMPLE_MICROSECONDS + 1, newest - BUFFERED_SAMPLES + 1)
        return list(range(oldest, newest + 1))

    def _room(self, count: int, needed: int) -> int:
        room = U32.from_address(count).value
        U32.from_address(count).value = needed
        if needed > room:
            raise CodeError(INSUFFICIENT_SIZE)
        return needed

    def nvmlDeviceGetUtilizationRates(self, handle: PTR, rates: PTR) -> None:
        gpu = self.device(handle, "nvmlDeviceGetUtilizationRates")
        answer = self.layout("c_nvmlUtilization_t").from_address(rates)
        answer.gpu, answer.memory = gpu["rates"]

    def nvmlDeviceGetClockInfo(self, handle: PTR, kind: U32, clock: PTR) -> None:
        gpu = self.device(handle, "nvmlDeviceGetClockInfo")
        U32.from_address(clock).value = gpu["clocks"][kind]

    def nvmlDeviceGetMaxClockInfo(self, handle: PTR, kind: U32, clock: PTR) -> None:
        gpu = self.device(handle, "nvmlDeviceGetMaxClockInfo")
        U32.from_address(clock).value = gpu.get("max_clocks", gpu["clocks"])[kind]

    def nvmlDeviceGetCurrentClocksEventReasons(self, handle: PTR, reasons: PTR) -> None:
        gpu = self.device(handle, "nvmlDeviceGetCurrentClocksEventReasons")
        U64.from_address(reasons).value = gpu["clock_events"]

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, handle: PTR, reasons: PTR) -> None:
        gpu = self.device(handle, "nvmlDeviceGetCurrentClocksThrottleReasons")
        U64.from_address(reasons).value = gpu["clock_events"]

    def nvmlDeviceGetTemperatureV(self, handle: PTR, temperature: PTR) -> None:
        gpu = self.device(handle, "nvmlDeviceGetTemperatureV")
        answer = self.layout("c_nvmlTemperature_v1_t").from_address(temperature)
        answer.temperature = gpu["temperature"]

    def nvmlDeviceGetTemperature(self, handle: PTR, sensor: U32, temperature: PTR) -> None:
        gpu = self.device(handle, "nvmlDeviceGetTemperature")
        U32.from_address(temperature).value = gpu["temperature"]

    def nvmlDeviceGetEnforcedPowerLimit(self, handle: PTR, limit: PTR) -> None:
        gpu = self.device(handle, "nvmlDeviceGetEnforcedPowerLimit")
        U32.from_address(limit).value = gpu["power_limit"]

    def nvmlDeviceGetEncoderUtilization(self, handle: PTR, percent: PTR, period: PTR) -> None:
        gpu = self.device(handle, "nvmlDeviceGetEncoderUtilization")
        U32.from_address(percent).value = gpu["encoder"]

    def nvmlDeviceGetDecoderUtilization(self, handle: PTR, percent: PTR, period: PTR) -> None:
        gpu = self.device(handle, "nvmlDeviceGetDecoderUtilization")
        U32.from_address(percent).value = gpu["decoder"]

    def nvmlDeviceGetPersistenceMode(self, handle: PTR, mode: PTR) -> None:
        gpu = self.device(handle, "nvmlDeviceGetPersistenceMode")
        U32.from_address(mode).value = gpu.get("persistence", 1)

    def nvmlDeviceGetAccountingMode(self, handle: PTR, mode: PTR) -> None:
        gpu = self.device(handle, "nvmlDeviceGetAccountingMode")
        U32.from_address(mode).value = gpu.get("accounting", 0)

    # Processes

    def nvmlDeviceGetComputeRunningProcesses_v3(self, h: PTR, count: PTR, infos: PTR) -> None:
        self._processes(h, "nvmlDeviceGetComputeRunningProcesses_v3", "compute", count, infos)

    def nvmlDeviceGetComputeRunningProcesses_v2(self, h: PTR, count: PTR, infos: PTR) -> None:
        self._processes(h, "nvmlDeviceGetComputeRunningProcesses_v2", "compute", count, infos)

    def nvmlDeviceGetGraphicsRunningProcesses_v3(self, h: PTR, count: PTR, infos: PTR) -> None:
        self._processes(h, "nvmlDeviceGetGraphicsRunningProcesses_v3", "graphics", count, infos)

    def nvmlDeviceGetMPSComputeRunningProcesses_v3(self, h: PTR, count: PTR, infos: PTR) -> None:
        self._processes(h, "nvmlDeviceGetMPSComputeRunningProcesses_v3", "mps", count, infos)

    def nvmlDeviceGetConfComputeMemSizeInfo(self, handle: PTR, info: PTR) -> None:
        raise CodeError(NOT_SUPPORTED)

    def nvmlDeviceGetRunningProcessDetailList(self, handle: PTR, info: PTR) -> None:
        raise CodeError(NOT_SUPPORTED)

    def _processes(self, handle: int, call: str, kind: str, count: int, infos: int) -> None:
        listed = [x for x in self.device(handle, call)["processes"] if x["kind"] == kind]
        room = self._room(count, len(listed))
        layout = self._info_layout()
        for item, known in zip(
            (layout * room).from_address(infos or 0) if room else (), listed, strict=False
        ):
            item.pid, item.usedGpuMemory = known["pid"], known["memory"]

    def _info_layout(self) -> Any:
        """Without the detail list the driver is one of those with the larger structure."""
        if "nvmlDeviceGetRunningProcessDetailList" not in self.world["driver"]["missing"]:
            return self.layout("c_nvmlProcessInfo_v2_t")
        if "larger" not in self._shapes:
            fields = [*self.layout("c_nvmlProcessInfo_v2_t")._fields_, ("protected", U64)]
            self._shapes["larger"] = type("Larger", (ctypes.Structure,), {"_fields_": fields})
        return self._shapes["larger"]

    def nvmlDeviceGetProcessUtilization(
        self, handle: PTR, samples: PTR, count: PTR, last: U64
    ) -> None:
        gpu = self.device(handle, "nvmlDeviceGetProcessUtilization")
        known = gpu["process_samples"]
        if known is None:
            known = [{"age": 0, **x} for x in gpu["processes"]]
        if not known:
            raise CodeError(NOT_FOUND)
        now = self.now()
        stamped = [(now - int(x["age"] * 1e6), x) for x in known]
        stamped = [(stamp, x) for stamp, x in stamped if stamp > last]
        room = self._room(count, len(stamped))
        if not room:
            return
        array = (self.layout("c_nvmlProcessUtilizationSample_t") * room).from_address(samples)
        for item, (stamp, x) in zip(array, stamped, strict=False):
            item.pid, item.timeStamp = x["pid"], stamp
            item.smUtil, item.memUtil, item.encUtil, item.decUtil = (
                x[name] for name in ("sm", "mem", "enc", "dec")
            )

    # MIG

    def nvmlDeviceGetMigMode(self, handle: PTR, current: PTR, pending: PTR) -> None:
        gpu = self.device(handle, "nvmlDeviceGetMigMode")
        U32.from_address(current).value = U32.from_address(pending).value = gpu["mig"] is not None

    def nvmlDeviceGetMaxMigDeviceCount(self, handle: PTR, count: PTR) -> None:
        self.device(handle, "nvmlDeviceGetMaxMigDeviceCount")
        U32.from_address(count).value = 7

    def nvmlDeviceGetMigDeviceHandleByIndex(self, handle: PTR, index: U32, mig: PTR) -> None:
        gpu = self.device(handle, "nvmlDeviceGetMigDeviceHandleByIndex")
        if index >= len(gpu["mig"] or []):
            raise CodeError(NOT_FOUND)
        PTR.from_address(mig).value = handle - GPU_ADDRESS + MIG_ADDRESS + index

    def nvmlDeviceGetGpuInstanceId(self, handle: PTR, id_: PTR) -> None:
        known = self.device(handle, "nvmlDeviceGetGpuInstanceId")
        U32.from_address(id_).value = known["gpu_instance"]

    def nvmlDeviceGetComputeInstanceId(self, handle: PTR, id_: PTR) -> None:
        known = self.device(handle, "nvmlDeviceGetComputeInstanceId")
        U32.from_address(id_).value = known["compute_instance"]

    # GPM

    def nvmlGpmQueryDeviceSupport(self, handle: PTR, support: PTR) -> None:
        gpu = self.device(handle, "nvmlGpmQueryDeviceSupport")
        answer = self.layout("c_nvmlGpmSupport_t").from_address(support)
        answer.isSupportedDevice = gpu["gpm"] is not None

    def nvmlGpmSampleAlloc(self, sample: PTR) -> None:
        self.samples_allocated += 1
        address = 0x900000 + 0x10 * self.calls["nvmlGpmSampleAlloc"]
        PTR.from_address(sample).value = address

    def nvmlGpmSampleFree(self, sample: PTR) -> None:
        self.samples_allocated -= 1
        self._gpm.pop(sample, None)

    def nvmlGpmSampleGet(self, handle: PTR, sample: PTR) -> None:
        gpu = self.device(handle, "nvmlGpmSampleGet")
        if gpu["gpm"] is None or gpu["mig"] is not None:
            raise CodeError(NOT_SUPPORTED)
        self._gpm[sample] = (self.clock(), gpu)

    def nvmlGpmMigSampleGet(self, handle: PTR, instance: U32, sample: PTR) -> None:
        gpu = self.device(handle, "nvmlGpmMigSampleGet")
        for mig in gpu["mig"] or []:
            if mig["gpu_instance"] == instance:
                self._gpm[sample] = (self.clock(), mig)
                return
        raise CodeError(INVALID_ARGUMENT)

    def nvmlGpmMetricsGet(self, request: PTR) -> None:
        asked = self.layout("c_nvmlGpmMetricsGet_t").from_address(request)
        before, after = (
            self._gpm[ctypes.cast(sample, PTR).value] for sample in (asked.sample1, asked.sample2)
        )
        if asked.version != 1 or after[0] <= before[0]:
            raise CodeError(INVALID_ARGUMENT)
        known, errors = after[1]["gpm"], after[1].get("errors", {})
        for metric in asked.metrics[: asked.numMetrics]:
            value = known.get(str(metric.metricId))
            code = errors.get(f"gpm/{metric.metricId}", SUCCESS)
            metric.nvmlReturn = NOT_SUPPORTED if value is None else code
            metric.value = 77.0 if value is None else value

    # Events

    def nvmlEventSetCreate(self, event_set: PTR) -> None:
        PTR.from_address(event_set).value = 0x700000
        self._registered[0x700000] = set()

    def nvmlDeviceGetSupportedEventTypes(self, handle: PTR, kinds: PTR) -> None:
        self.device(handle, "nvmlDeviceGetSupportedEventTypes")
        U64.from_address(kinds).value = 0x10F

    def nvmlDeviceRegisterEvents(self, handle: PTR, kinds: U64, event_set: PTR) -> None:
        gpu = self.device(handle, "nvmlDeviceRegisterEvents")
        self._registered[event_set].add(handle)
        self._announced[gpu["uuid"]] = len(gpu["xids"])
        self._shapes[gpu["uuid"]] = self._shape(gpu)

    def nvmlEventSetWait_v2(self, event_set: PTR, data: PTR, milliseconds: U32) -> None:
        """Wait as a driver does, which costs nothing: the world is looked at where it changed."""
        until = time.monotonic() + milliseconds / 1000
        known = None
        while time.monotonic() < until:
            self._looked = False
            world = self.world
            if world is not known or isinstance(self._source, dict):
                known = world
                for handle in list(self._registered[event_set]):
                    if self._announce(handle, data):
                        return
            time.sleep(_LOOK_SECONDS)
        raise CodeError(TIMEOUT)

    def _announce(self, handle: int, data: int) -> bool:
        index = (handle - GPU_ADDRESS) // STRIDE
        if index >= len(self.world["gpus"]):
            return False
        gpu = self.world["gpus"][index]
        event = self.layout("c_nvmlEventData_t").from_address(data)
        told = self._announced[gpu["uuid"]]
        if len(gpu["xids"]) > told:
            self._announced[gpu["uuid"]] += 1
            event.eventType, event.eventData = 0x8, gpu["xids"][told]
        elif self._shapes.get(gpu["uuid"]) != self._shape(gpu):
            self._shapes[gpu["uuid"]] = self._shape(gpu)
            event.eventType, event.eventData = 0x100, 0
        else:
            return False
        ctypes.c_void_p.from_address(data).value = handle
        return True

    def _shape(self, gpu: dict) -> Any:
        return gpu["mig"] and [(x["uuid"], x["gpu_instance"]) for x in gpu["mig"]]

    def _text(self, place: int, text: str) -> None:
        ctypes.memmove(place, text.encode() + b"\0", len(text.encode()) + 1)

    # C functions

    def c_functions(self) -> dict[str, Any]:
        """Every method that is named like a C function, as one."""
        names = [name for name in dir(type(self)) if name.startswith("nvml")]
        missing = self.world["driver"]["missing"]
        return {name: self._c_function(name) for name in names if name not in missing}

    def _c_function(self, name: str) -> Any:
        method = getattr(self, name)
        types = [eval(kind) for word, kind in method.__annotations__.items() if word != "return"]

        def answer(*args: Any) -> int:
            self.calls[name] += 1
            self._looked = False
            try:
                method(*args)
            except CodeError as error:
                return error.args[0]
            except Exception:  # noqa: BLE001 an exception cannot cross the C boundary
                traceback.print_exc()
                return 999
            return SUCCESS

        return ctypes.CFUNCTYPE(ctypes.c_int, *types)(answer)


def plain(layout: Any) -> Any:
    """The same fields, and those of structures and arrays in it, as ctypes has them."""
    if issubclass(layout, ctypes.Array):
        return plain(layout._type_) * layout._length_
    if not issubclass(layout, ctypes.Structure):
        return layout
    fields = [(name, plain(kind)) for name, kind, *_ in layout._fields_]
    return type(layout.__name__, (ctypes.Structure,), {"_fields_": fields})


def hang_seconds(gpu: dict, call: str) -> float:
    """How long a call about this GPU takes; it ends early when the world says so."""
    return gpu["hang"].get(call, gpu["hang"].get("*", 0.0))


def install(
    pynvml: Any, source: dict | Path, clock: Callable[[], float] = time.monotonic
) -> Driver:
    """Make this process's pynvml talk to a fake driver."""
    driver = Driver(pynvml, source, clock)
    pynvml._nvmlGetFunctionPointer_cache.clear()
    if driver.world["driver"]["state"] == "absent":
        pynvml.nvmlLib = None
        pynvml.CDLL = _no_library
        return driver
    pynvml.nvmlLib = object()
    pynvml._nvmlGetFunctionPointer_cache.update(driver.c_functions())
    return driver


def _no_library(name: str) -> None:
    raise OSError(f"{name}: cannot open shared object file")
