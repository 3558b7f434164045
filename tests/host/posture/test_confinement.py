"""Labels of security modules."""

from __future__ import annotations

import os
from errno import EACCES, EINVAL

import pytest

from aisec_daemon.host.posture.confinement import read_label


@pytest.fixture
def read(tmp_path):
    def read(files):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(text)
        descriptor = os.open(tmp_path, os.O_RDONLY)
        try:
            return read_label(descriptor)
        finally:
            os.close(descriptor)

    return read


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (b"docker-default (enforce)\n", "docker-default (enforce)"),
        (b"cri-containerd.apparmor.d (enforce)\n", "cri-containerd.apparmor.d (enforce)"),
        (b"unconfined\n", "unconfined"),
        (
            b"system_u:system_r:container_t:s0:c12,c345\0",
            "system_u:system_r:container_t:s0:c12,c345",
        ),
        (b"evil\x1b[2J (enforce)", "evil\\x1b[2J (enforce)"),
    ],
)
def test_a_label_as_modules_write_it(read, text, label):
    assert read({"attr/current": text}) == label


def test_apparmors_own_file_is_asked_first(read):
    assert read({"attr/current": b"x", "attr/apparmor/current": b"profile (enforce)"}) == (
        "profile (enforce)"
    )


def test_no_module_is_no_label(read):
    assert read({"attr/current": b""}) == ""
    assert read({"attr/current": b"\0", "attr/apparmor/current": b"\n"}) == ""


def test_no_file_is_unknown(read):
    assert read({}) is None


def test_a_label_is_short_however_long_it_is(read):
    assert len(read({"attr/current": b"a b" * 9999})) <= 256


@pytest.mark.parametrize(("number", "label"), [(EINVAL, ""), (EACCES, None)])
def test_kernels_that_refuse(read, monkeypatch, number, label):
    """EINVAL is how a kernel says that it has no module."""

    def refuse(*_):
        raise OSError(number, "refused")

    monkeypatch.setattr("aisec_daemon.host.posture.confinement.os.read", refuse)
    if label is None:
        with pytest.raises(OSError, match="refused"):
            read({"attr/current": b"x"})
    else:
        assert read({"attr/current": b"x"}) == label
