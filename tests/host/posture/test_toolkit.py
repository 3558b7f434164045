"""The NVIDIA Container Toolkit's version, by dpkg and by its library."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.posture.toolkit import parse_dpkg, read_toolkit

STANZA = b"""Package: libfoo
Status: install ok installed
Version: 9.9.9-1

Package: nvidia-container-toolkit
Status: install ok installed
Priority: optional
Architecture: amd64
Version: %s
Depends: nvidia-container-toolkit-base (= 1.17.7-1), libnvidia-container-tools (>= 1.17.7-1)
Description: NVIDIA Container toolkit
 Provides tools.

Package: zlib1g
Status: install ok installed
Version: 1:1.2.13
"""


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (STANZA % b"1.17.7-1", "1.17.7"),
        (STANZA % b"2:1.16.1-1ubuntu1", "1.16.1"),
        (STANZA % b"1.17.0~rc.2-1", "1.17.0~rc.2"),
        (
            STANZA.replace(b"install ok installed\nPri", b"deinstall ok config-files\nPri") % b"1",
            "",
        ),
        (STANZA.replace(b"nvidia-container-toolkit\n", b"nvidia-container-toolkit-x\n"), ""),
        (b"Package: libnvidia-container1\nStatus: hold ok installed\nVersion: 1.14.3-1", "1.14.3"),
        (b"", ""),
    ],
)
def test_what_dpkg_says(text, version):
    assert parse_dpkg(text) == version


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(text):
    assert parse_dpkg(text) == ""


def put(root, path, text=b""):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(text)


def test_dpkg_is_believed_before_names_of_files(tmp_path):
    put(tmp_path, "var/lib/dpkg/status", STANZA % b"1.17.8-1")
    put(tmp_path, "usr/lib/x86_64-linux-gnu/libnvidia-container.so.1.17.7")

    assert read_toolkit((tmp_path,)) == "1.17.8"


@pytest.mark.parametrize("folder", ["usr/lib64", "usr/local/nvidia/toolkit", "usr/lib"])
def test_without_dpkg_the_library_is_called_by_its_version(tmp_path, folder):
    (tmp_path / "usr").mkdir(exist_ok=True)
    for version in ("1", "1.9.0", "1.17.7", "1.17.7.bak"):
        put(tmp_path, f"{folder}/libnvidia-container.so.{version}")

    assert read_toolkit((tmp_path,)) == "1.17.7"


def test_none_installed_is_told_from_not_readable(tmp_path):
    (tmp_path / "bare").mkdir()
    (tmp_path / "host/usr/lib").mkdir(parents=True)

    assert read_toolkit((tmp_path / "bare", tmp_path / "gone")) is None
    assert read_toolkit((tmp_path / "bare", tmp_path / "host")) == ""
