from types import SimpleNamespace

import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.samplers.gpu_device import GpuDevice


def test_a_row_per_gpu(tmp_path):
    folder = tmp_path / "sys/bus/pci/devices/0000:1b:00.0"
    folder.mkdir(parents=True)
    for name, text in {"vendor": "0x10de", "class": "0x030200", "device": "0x2330"}.items():
        (folder / name).write_text(text)
    snapshot = GpuDevice().read(SimpleNamespace(root=tmp_path), time=5.0)

    assert snapshot.time == 5.0
    assert snapshot.subjects == ("0000:1b:00.0",)
    assert {name: words[0] for name, words in snapshot.labels.items()} == {
        "address": "0000:1b:00.0",
        "device": "0x2330",
        "driver": "",
    }


def test_without_a_bus_it_is_unreadable(tmp_path):
    with pytest.raises(UnreadableError):
        GpuDevice().read(SimpleNamespace(root=tmp_path), time=5.0)
