"""Names of users."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.tally import Tally
from aisec_daemon.host.users import Users, parse_passwd


def test_the_first_name_of_a_number_counts() -> None:
    """As getpwuid(3) has it; what is no user's line is passed over."""
    text = b"root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\n+nis\n#x\na:b:c:d:e:f:g\n"

    assert parse_passwd(text) == {0: "root"}


@given(st.binary(max_size=200))
def test_any_file_is_survived(text: bytes) -> None:
    """And yields visible names alone."""
    assert all(name.isprintable() for name in parse_passwd(text + b"\n" + text).values())


def test_names_are_those_of_the_host_that_is_watched(tmp_path: Path) -> None:
    """Not of this process's name service; who has none is a number."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("somebody:x:0:0::/:/bin/sh\n")
    users = Users(tmp_path, Tally())

    assert (users.name(0), users.name(12345)) == ("somebody", "12345")


def test_a_new_file_is_read_and_an_old_one_is_not(tmp_path: Path) -> None:
    """Once a scan it is looked at."""
    (tmp_path / "etc").mkdir()
    file = tmp_path / "etc/passwd"
    file.write_text("old:x:7:0::/:/bin/sh\n")
    users = Users(tmp_path, Tally())
    users.refresh()
    file.write_text("newer:x:7:0::/:/bin/sh\n")
    os.utime(file, ns=(1, 1))
    assert users.name(7) == "old"
    users.refresh()

    assert users.name(7) == "newer"


def test_a_missing_file_is_counted(tmp_path: Path) -> None:
    """Numbers are told all the same."""
    tally = Tally()

    assert Users(tmp_path, tally).name(7) == "7"
    assert tally.rows()[0][0] == ("users", "passwd", "ENOENT")
