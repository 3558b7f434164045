"""A journal on a small disk of its own, full and then read-only.

Run by tests/system/test_journal_disk.py in a mount namespace of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from aisec_daemon.journal.journal import Journal
from tests.journal.findings import change, finding
from tests.journal.test_failures import NOW, failure, opened, rows, told, until


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def full(place: Path) -> None:
    """Fill the disk, find all told and a part written; make room, find all written."""
    journal = Journal(place / "state", NOW)
    journal.pending("r", 0)
    (place / "ballast").write_bytes(bytes(7_700_000))
    names = [f"{at}" for at in range(80)]
    failures = {failure(journal, opened(name)) for name in names}
    until(lambda: "full" in failure(journal))
    assert all("full" in said for said in failures - {""}), failures
    assert told(journal) == names
    assert len(rows(place / "state")) < len(names)
    (place / "ballast").unlink()
    until(lambda: rows(place / "state") == names, 60)
    assert failure(journal) == ""
    journal.close()


def read_only(place: Path) -> None:
    """Read what is there, tell what happens, and write it once that is possible."""
    before = rows(place / "state")
    mount("-o", "remount,ro", str(place))
    journal = Journal(place / "state", NOW + 100)
    assert "cannot be written" in journal.wrong[0]
    assert len(journal.kept.cases) == len(before)
    journal.begin()
    assert "not kept" in failure(journal, change("opened", of=finding("new")))
    assert told(journal)[-1] == "new"
    mount("-o", "remount,rw", str(place))
    until(lambda: rows(place / "state")[-1] == "new", 60)
    journal.close()


def main() -> None:
    place = Path(sys.argv[1])
    mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place))
    full(place)
    read_only(place)
    sys.stdout.write("survived\n")


if __name__ == "__main__":
    main()
