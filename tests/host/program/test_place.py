"""Where an executable lies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.program.place import place


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/usr/bin/python3.11", "system"),
        ("/opt/conda/bin/python", "system"),
        ("/nix/store/abc-python/bin/.python3-wrapped", "system"),
        ("/home/a/.venv/bin/python", "home"),
        ("/home/a/.local/share/uv/python/bin/python3.12", "home"),
        ("/root/train", "home"),
        ("/home/a/.conda/envs/x/bin/python", "home"),
        ("/home/a/.cache/.x/python3", "hidden"),
        ("/home/a/.../python3", "hidden"),
        ("/usr/lib/.a/b", "hidden"),
        ("/tmp/.x/python3", "hidden"),
        ("/tmp/ /a", "hidden"),
        ("/tmp/.mount_Appabc/usr/bin/app", "temporary"),
        ("/tmp/x", "temporary"),
        ("/dev/shm/x", "temporary"),
        ("/run/user/1000/x", "temporary"),
        ("/var/tmp/x", "temporary"),
        ("/memfd:x", "memory"),
        ("/data/project/bin/train", "other"),
        ("/app/server", "other"),
    ],
)
def test_a_path_has_its_word(path, word):
    assert place(path.encode(), gone=False) == word


def test_a_file_that_is_gone_is_deleted_wherever_it_lay():
    assert place(b"/usr/bin/x", gone=True) == "deleted"
    assert place(b"/memfd:x", gone=True) == "memory"


@given(st.binary(), st.booleans())
def test_any_path_has_a_word(path, gone):
    words = {"system", "home", "temporary", "hidden", "memory", "deleted", "other"}

    assert place(path, gone=gone) in words
