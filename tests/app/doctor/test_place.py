"""What is said of the state folder, the address, the clock and the settings."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from aisec_daemon.app.doctor import place
from aisec_daemon.app.doctor.check import Status
from aisec_daemon.app.doctor.place import Folder, Time

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("folder", "status"),
    [
        (Folder(Path("/s"), 0o700, writable=True), Status.OK),
        (Folder(Path("/s"), 0o750, writable=True), Status.OK),
        (Folder(Path("/s"), None, writable=True), Status.OK),
        (Folder(Path("/s"), None, writable=False), Status.DEGRADED),
        (Folder(Path("/s"), 0o700, writable=False), Status.DEGRADED),
        (Folder(Path("/s"), 0o755, writable=True), Status.DEGRADED),
        (Folder(Path("/s"), 0o700, writable=True, open_files=("hash.key",)), Status.DEGRADED),
    ],
)
def test_a_state_folder_is_ours_alone(folder, status):
    check = place.judge_folder(folder)

    assert check.status is status
    assert bool(check.remedy) == bool(check.lost) == (status is Status.DEGRADED)


def test_a_folder_is_looked_at_and_not_made(tmp_path):
    there, absent = tmp_path / "state", tmp_path / "a/b"
    there.mkdir(mode=0o700)
    (there / "hash.key").write_bytes(b"k")
    (there / "hash.key").chmod(0o644)

    assert place.read_folder(there) == Folder(there, 0o700, writable=True, open_files=("hash.key",))
    assert place.read_folder(absent) == Folder(absent, None, writable=True)
    assert not absent.parent.exists()


def test_a_free_address_is_free_and_given_back():
    assert place.read_address("127.0.0.1:0") == "free"
    assert place.judge_address("127.0.0.1:0", "free", protected=False).status is Status.OK


def test_an_address_that_another_program_has_is_told_with_a_command():
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        answer = place.read_address(listen)
    check = place.judge_address(listen, answer, protected=False)

    assert check.status is Status.DEGRADED
    assert "listens there" in check.found
    assert listen.rpartition(":")[2] in check.remedy
    assert place.judge_address(listen, answer, protected=True).status is Status.UNKNOWN


def test_an_address_that_is_none_is_told():
    check = place.judge_address("nowhere", place.read_address("nowhere"), protected=True)

    assert check.status is Status.DEGRADED
    assert "host:port" in check.found


@pytest.mark.parametrize(
    ("time", "status"),
    [
        (Time(NOW, NOW - 60, synchronised=True), Status.OK),
        (Time(NOW, None, None), Status.OK),
        (Time(NOW, NOW - 60, synchronised=False), Status.DEGRADED),
        (Time(NOW, NOW + 60, synchronised=True), Status.DEGRADED),
        (Time(0.0, None, None), Status.DEGRADED),
    ],
)
def test_a_clock_is_judged_by_the_boot_and_by_the_kernels_word(time, status):
    assert place.judge_time(time).status is status


def test_this_machines_clock_is_read():
    read = place.read_time(Path("/"))

    assert read.boot is not None
    assert read.boot < read.now


def test_settings_that_are_wrong_are_one_line_with_the_command_that_explains():
    check = place.judge_settings(Path("/x.toml"), "a: bad\nb: bad", service_file=False)

    assert (check.status, check.found) == (Status.DEGRADED, "a: bad; b: bad")
    assert check.remedy == "aisec-daemon check /x.toml"


def test_whoever_names_no_file_hears_of_the_services():
    assert "--settings" in place.judge_settings(None, "", service_file=True).found
    assert place.judge_settings(None, "", service_file=False).found == "defaults"
