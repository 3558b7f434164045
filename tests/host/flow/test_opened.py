"""Open files of models and data, and what they were opened for; with true files of this machine."""

from __future__ import annotations

import os
import time

import pytest

from aisec_daemon.host.flow.opened import read_opened, size_of


@pytest.fixture
def proc():
    descriptor = os.open("/proc/self", os.O_RDONLY | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize(
    ("flags", "reads", "writes"),
    [
        (os.O_RDONLY, True, False),
        (os.O_WRONLY, False, True),
        (os.O_RDWR, True, True),
        (os.O_WRONLY | os.O_APPEND, False, True),
    ],
)
def test_a_file_is_read_or_written_as_it_was_opened(tmp_path, proc, flags, reads, writes):
    """By the rights of the link, and by fdinfo, which say the same."""
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"x" * 77)
    descriptor = os.open(file, flags)
    try:
        for real in (True, False):
            listed = read_opened(proc, 4096, real=real).files
            (found,) = [each for each in listed if each.path == os.fsencode(file)]
            assert (found.reads, found.writes) == (reads, writes)
            assert size_of(proc, found.number) == 77
    finally:
        os.close(descriptor)


def test_a_file_that_is_gone_is_told_by_the_name_it_had(tmp_path, proc):
    file = tmp_path / "a\nb.pt"
    with file.open("wb"):
        file.unlink()
        paths = [each.path for each in read_opened(proc, 4096, real=True).files]

    assert os.fsencode(file) in paths


def test_what_is_no_data_is_not_told(tmp_path, proc):
    with (tmp_path / "x.log").open("wb"):
        paths = [each.path for each in read_opened(proc, 4096, real=True).files]

    assert not any(path.endswith(b".log") for path in paths)


def test_of_files_without_end_so_many_are_looked_at(tmp_path):
    """A hundred thousand descriptors, as links of a copy."""
    folder = tmp_path / "fd"
    folder.mkdir()
    (tmp_path / "fdinfo").mkdir()
    for number in range(2000):
        (folder / str(number)).symlink_to("/data/x.parquet")
        (tmp_path / f"fdinfo/{number}").write_text("pos:\t0\nflags:\t0100000\n")
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        listing = read_opened(descriptor, 500, real=False)
        all_of_them = read_opened(descriptor, 5000, real=False)
    finally:
        os.close(descriptor)

    assert (len(listing.files), listing.links, listing.whole) == (500, 500, False)
    assert (len(all_of_them.files), all_of_them.whole) == (2000, True)


def test_a_true_process_with_many_descriptors_is_read_in_no_time(tmp_path, proc):
    file = tmp_path / "x.parquet"
    file.write_text("")
    opened = [os.open(file, os.O_RDONLY) for _ in range(500)]
    begun = time.thread_time()
    listing = read_opened(proc, 400, real=True)
    spent = time.thread_time() - begun
    for descriptor in opened:
        os.close(descriptor)

    assert not listing.whole
    assert spent < 1.0


@pytest.mark.parametrize("text", ["", "flags:", "flags:\tx\n", "pos: 1\n"])
def test_flags_that_cannot_be_understood_are_those_of_a_reader(tmp_path, text):
    (tmp_path / "fd").mkdir()
    (tmp_path / "fdinfo").mkdir()
    (tmp_path / "fd/3").symlink_to("/data/x.parquet")
    (tmp_path / "fdinfo/3").write_text(text)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        (found,) = read_opened(descriptor, 10, real=False).files
    finally:
        os.close(descriptor)

    assert (found.reads, found.writes) == (True, False)
