"""Libraries put before libc."""

from __future__ import annotations

from pathlib import Path

import pytest

from aisec_daemon.host.views import preload
from aisec_daemon.host.views.preload import (
    answering,
    parse_environment,
    parse_libraries,
    read_preloads,
)


def test_names_are_parted_by_blanks_and_colons():
    text = b"# ours\n/usr/lib/a.so /usr/lib/b.so:c.so\n\n/d.so # because\n"

    assert parse_libraries(text) == ["/usr/lib/a.so", "/usr/lib/b.so", "c.so", "/d.so"]


def test_only_the_linkers_variables_count():
    text = b"PATH=/bin\0LD_PRELOAD=/a.so:/b.so\0XLD_PRELOAD=/c.so\0LD_AUDIT=/d.so\0"

    assert parse_environment(text) == ["/a.so", "/b.so", "/d.so"]


def test_hostile_names_are_made_visible():
    assert parse_libraries(b"/tmp/\x1b[2J.so")[0].isprintable()


def test_here_libc_answers_all_calls():
    assert answering() == {}


def test_another_file_that_answers_is_named(monkeypatch):
    monkeypatch.setattr(preload, "_LIBC", preload.re.compile(b"nothing"))

    (calls,) = answering().values()
    assert {"readdir", "syscall", "kill"} <= set(calls)


@pytest.mark.parametrize(
    ("file", "libc", "expected"),
    [
        (b"/lib/libc.so.6", b"/lib/libc.so.6", True),
        (b"/lib/libpthread.so.0", b"/lib/libc.so.6", True),
        (b"/tmp/libc.so.6", b"/lib/libc.so.6", False),  # a hook that bears its name
        (b"/lib/libhide.so", b"/lib/libc.so.6", False),
        (b"/lib/ld-musl-x86_64.so.1", None, True),
        (b"python3", b"/lib/libc.so.6", True),
    ],
)
def test_libc_is_known_by_its_place_too(file, libc, expected):
    assert preload._expected(file, libc) is expected


def test_what_every_program_loads_is_read_below_the_root(tmp_path):
    assert read_preloads(tmp_path) == {}
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/ld.so.preload").write_text("/usr/local/lib/x.so\n")

    assert read_preloads(tmp_path) == {"/usr/local/lib/x.so": ()}
    assert isinstance(Path("/proc/self/environ").read_bytes(), bytes)
