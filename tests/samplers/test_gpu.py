from types import SimpleNamespace

import numpy as np
import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.nvml.fields import FIELDS, INDEX
from aisec_daemon.host.nvml.reading import GpuReading, Reading
from aisec_daemon.host.nvml.row import Identity, Process
from aisec_daemon.samplers.gpu import Gpu

WHOLE = Identity("GPU-1", "NVIDIA H200", "gpu", "", "0000:1b:00.0")
PART = Identity("MIG-1", "NVIDIA H200 MIG 1g.18gb", "mig", "GPU-1", "0000:1b:00.0", "7", "0")


class Source:
    """NVML that answers one reading, or raises."""

    def __init__(self, answer):
        self.answer = answer

    def read(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def sample(*gpus, monotonic=100.0):
    source = Source(Reading(gpus, "570.86.10", monotonic))
    return Gpu().read(SimpleNamespace(nvml=source), time=1_700_000_000.0)


def test_columns_are_the_fields_the_age_and_the_processes():
    assert Gpu.table.column_names == (*FIELDS, "read_age_seconds", "listed_processes")


def test_processes_that_could_not_be_listed_are_not_none():
    listed = Process(5, ("compute",), ())
    snapshot = sample(
        GpuReading(0, WHOLE, (np.nan,) * len(FIELDS), 0.0, "", (listed,)),
        GpuReading(0, PART, (np.nan,) * len(FIELDS), 0.0, "", (), processes_fresh=False),
    )

    np.testing.assert_array_equal(snapshot["listed_processes"], [1.0, np.nan])


def test_a_row_per_gpu_and_per_mig_instance():
    numbers = tuple(float(n) for n in range(len(FIELDS)))
    snapshot = sample(
        GpuReading(0, WHOLE, numbers, 0.5),
        GpuReading(0, PART, (np.nan,) * len(FIELDS), 9.0, "no answer for 9.0 s"),
    )

    assert snapshot.subjects == ("GPU-1", "MIG-1")
    assert snapshot["power_watts"][0] == INDEX["power_watts"]
    np.testing.assert_array_equal(snapshot["read_age_seconds"], [0.5, 9.0])
    assert np.isnan(snapshot["memory_used_bytes"][1])
    assert snapshot.labels["kind"] == ("gpu", "mig")
    assert snapshot.labels["parent"] == ("", "GPU-1")
    assert snapshot.labels["index"] == ("0", "0")
    assert snapshot.labels["gpu_instance_id"] == ("", "7")
    assert snapshot.labels["driver_version"] == ("570.86.10", "570.86.10")
    assert snapshot.labels["error"] == ("", "no answer for 9.0 s")


def test_the_time_of_an_xid_is_told_by_the_callers_clock():
    """Three seconds before the reading on the monotonic clock is three seconds before `time`."""
    numbers = [np.nan] * len(FIELDS)
    numbers[INDEX["xid_last_timestamp_seconds"]] = 97.0
    snapshot = sample(GpuReading(0, WHOLE, tuple(numbers), 0.0), monotonic=100.0)

    assert snapshot["xid_last_timestamp_seconds"][0] == 1_699_999_997.0


def test_a_node_without_gpus_is_an_empty_table():
    assert sample().values.shape == (0, len(FIELDS) + 2)


def test_nvml_that_cannot_be_read_is_no_empty_table():
    source = Source(UnreadableError("nvml", "nvmlInitWithFlags: DRIVER_NOT_LOADED"))

    with pytest.raises(UnreadableError, match="DRIVER_NOT_LOADED"):
        Gpu().read(SimpleNamespace(nvml=source), time=0.0)


def test_every_column_and_label_has_a_help():
    assert all(x.help for x in (*Gpu.table.columns, *Gpu.table.labels))
