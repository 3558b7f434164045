"""GPUs are known by the best name that a row gives them."""

from __future__ import annotations

import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.app.traces.gpus import UNKNOWN, Gpus, address, word

TABLE = catalogue.tables()["gpu"]


@pytest.mark.parametrize("text", [b"", b" - ", b"N/A", b"[N/A]", b" [Not Supported]"])
def test_what_was_not_read_is_no_word(text):
    assert word(text) is None


def test_words_are_bounded_and_any_bytes_are_text():
    assert word(b" NVIDIA X\r") == "NVIDIA X"
    assert len(word(b"\xff" * 70_000) or "") == 256


def test_a_pci_address_is_written_as_sysfs_writes_it():
    assert address("00000000:3B:00.0") == address("0000:3b:00.0") == "0000:3b:00.0"
    assert address("nonsense") == "nonsense"


def test_a_row_without_a_name_is_about_no_gpu_unless_its_place_tells():
    named = Gpus(TABLE, ("uuid",), positional=False)
    placed = Gpus(TABLE, (), positional=True)

    assert named[(b"[N/A]",)] == UNKNOWN
    assert placed.group([placed[()]] * 2, [0, 1], b"").unread.subjects == ("gpu-0", "gpu-1")


def test_a_gpu_that_comes_twice_in_a_poll_counts_once():
    gpus = Gpus(TABLE, ("index", "uuid"), positional=False)
    numbers = [gpus[row] for row in [(b"0", b"GPU-a"), (b"1", b"GPU-b"), (b"2", b"GPU-a")]]
    group = gpus.group(numbers, [0, 0, 0], b"key")

    assert (group.unread.subjects, group.kept) == (("GPU-a", "GPU-b"), [0, 1])
    assert group.unread.labels["index"] == ("0", "1")
