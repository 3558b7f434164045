from types import SimpleNamespace

import numpy as np

from aisec_daemon.host.nvml.fields import FIELDS, PROCESS_FIELDS
from aisec_daemon.host.nvml.reading import GpuReading, Reading
from aisec_daemon.host.nvml.row import Identity, Process
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.samplers.gpu_process import GpuProcess

NUMBERS = (np.nan,) * len(FIELDS)
TRAINING = ProcessIdentity(
    pid=42,
    start_ticks=777,
    name="python",
    executable="/usr/bin/python3.11",
    executable_state="",
    command="python train.py",
    command_hash="abc",
    user="ada",
    uid=1000,
    parent=1,
    container=None,
    pod="",
    qos="",
    slurm_job="",
    slurm_step="",
    unit="user@1000.service",
    login_user="ada",
)


def gpu(uuid, *processes, fresh=True):
    identity = Identity(uuid, "NVIDIA H200", "gpu", "", "0000:1b:00.0")
    return GpuReading(0, identity, NUMBERS, 0.0, "", processes, fresh)


def process(pid, *kinds, memory=1.0):
    return Process(pid, kinds or ("compute",), (memory, 0.5, 0.25, 0.0, 0.0))


def sample(*gpus):
    nvml = SimpleNamespace(read=lambda: Reading(gpus, "570", 0.0))
    held = []
    processes = SimpleNamespace(lookup={42: TRAINING}.get, protect=held.append)
    images = SimpleNamespace(of={TRAINING: "team/trainer:1.2"}.get)
    host = SimpleNamespace(
        nvml=nvml,
        processes=processes,
        images=images,
        digest={TRAINING.subject: "5ha"}.get,
        script={TRAINING.subject: "/srv/train.py"}.get,
    )
    read = GpuProcess().read(host, time=3.0)
    assert held == [{int(pid) for pid in read.labels["pid"]}]
    return read


def test_columns_are_the_fields():
    assert GpuProcess.table.column_names == PROCESS_FIELDS


def test_a_row_per_process_and_gpu():
    snapshot = sample(gpu("A", process(42, "compute", "graphics")), gpu("B", process(42)))
    words = {name: column[0] for name, column in snapshot.labels.items()}

    assert snapshot.subjects == ("A/42:777", "B/42:777")
    np.testing.assert_array_equal(snapshot["sm_utilization_ratio"], [0.5, 0.5])
    assert (words["pid"], words["process"], words["kind"]) == ("42", "42:777", "compute+graphics")
    assert (words["user"], words["uid"]) == ("ada", "1000")
    assert words["executable_hash"] == "5ha"
    assert words["script"] == "/srv/train.py"
    assert words["image"] == "team/trainer:1.2"
    assert words["container"] is None  # could not be read
    assert words["pod"] == ""  # there is none


def test_a_pid_that_proc_does_not_show_keeps_its_row():
    snapshot = sample(gpu("A", process(66)))

    assert snapshot.subjects == ("A/66:?",)
    assert snapshot.labels["process"] == ("66:?",)
    assert snapshot.labels["name"] == snapshot.labels["image"] == (None,)
    assert snapshot["memory_used_bytes"][0] == 1.0


def test_where_nothing_was_listed_known_processes_stay():
    """One that ended meanwhile is no hidden process."""
    snapshot = sample(gpu("A", process(42, memory=np.nan), process(66), fresh=False))

    assert snapshot.subjects == ("A/42:777",)
    assert np.isnan(snapshot["memory_used_bytes"][0])


def test_nobody_is_an_empty_table():
    assert sample(gpu("A")).values.shape == (0, len(PROCESS_FIELDS))


def test_every_column_and_label_has_a_help():
    assert all(x.help for x in (*GpuProcess.table.columns, *GpuProcess.table.labels))
