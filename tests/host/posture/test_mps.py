"""MPS's control pipe."""

from __future__ import annotations

import os

import pytest

from aisec_daemon.host.posture.mps import is_service, pipe_directory, read_pipes


def pipe(root, folder="tmp/nvidia-mps", mode=0o666, folder_mode=0o755):
    place = root / folder
    place.mkdir(parents=True)
    os.mkfifo(place / "control")
    (place / "control").chmod(mode)
    place.chmod(folder_mode)


@pytest.mark.parametrize(
    ("mode", "folder_mode", "told"),
    [
        (0o666, 0o777, "others"),
        (0o666, 0o755, "others"),
        (0o666, 0o700, "private"),
        (0o600, 0o777, "private"),
        (0o644, 0o755, "private"),
    ],
)
def test_rights_of_pipe_and_folder(tmp_path, mode, folder_mode, told):
    """Nothing is opened: a pipe would make the reader wait."""
    pipe(tmp_path, mode=mode, folder_mode=folder_mode)

    assert read_pipes([tmp_path], []) == told


def test_there_may_be_none_and_none_may_be_known(tmp_path):
    (tmp_path / "tmp").mkdir()

    assert read_pipes([tmp_path], []) == ""
    assert read_pipes([tmp_path / "gone"], []) is None
    assert read_pipes([tmp_path / "tmp"], []) is None  # a part of a host, without its /tmp
    assert read_pipes([tmp_path / "gone", tmp_path], []) == ""


def test_the_service_says_where_its_pipe_is(tmp_path):
    service = tmp_path / "proc/77"
    (service / "root/tmp").mkdir(parents=True)
    (service / "environ").write_bytes(b"A=1\0CUDA_MPS_PIPE_DIRECTORY=/run/mps\0B=2\0")
    pipe(service / "root", "run/mps")

    assert read_pipes([tmp_path], [service]) == "others"


def test_a_link_is_not_followed(tmp_path):
    pipe(tmp_path / "other", "x")
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp/nvidia-mps").symlink_to(tmp_path / "other/x")

    assert read_pipes([tmp_path], []) is None


def test_a_service_that_may_not_be_read_is_unknown(tmp_path):
    assert read_pipes([], [tmp_path / "gone"]) is None


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        (b"CUDA_MPS_PIPE_DIRECTORY=/x/y\0", b"/x/y"),
        (b"XCUDA_MPS_PIPE_DIRECTORY=/x\0", b"/tmp/nvidia-mps"),
        (b"CUDA_MPS_PIPE_DIRECTORY=relative\0", b"/tmp/nvidia-mps"),
        (b"CUDA_MPS_PIPE_DIRECTORY=/" + b"x" * 4000 + b"\0", b"/tmp/nvidia-mps"),
        (b"", b"/tmp/nvidia-mps"),
    ],
)
def test_the_variable(environ, folder):
    assert pipe_directory(environ) == folder


def test_who_is_the_service():
    assert is_service("nvidia-cuda-mps")  # as comm is cut
    assert not is_service("python")
