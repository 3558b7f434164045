"""Killed at any instant, a journal loses nothing that was told, and tells nothing anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import numpy as np

from aisec_daemon.journal.opening import open_readable
from tests.daemon import ROOT

# Forks of a process that has imported everything: a hundred starts of Python would take minutes.
NURSERY = """
import os, sys
from tests.journal import streamer
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        streamer.main()
    print(f"pid {pid}", flush=True)
    os.waitpid(pid, 0)
    print("dead", flush=True)
"""


class Record:
    """What the streamer said, over all its lives."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.sent: list[tuple[int, str, str]] = []
        self.lives: list[tuple[str, int]] = []
        self.kept: set[str] = set()
        self.pid = ""

    def take(self, line: str) -> str:
        assert line, "the nursery is gone"
        word, *rest = line.split()
        if word == "told":
            self.told.append((rest[0], rest[1]))
        elif word == "sent":
            self.sent.append((int(rest[0]), rest[1], rest[2]))
            self.lives.append((self.pid, int(rest[0])))
        elif word == "kept":
            self.kept = set(rest)
        elif word == "pid":
            self.pid = rest[0]
        return word

    def until(self, word: str, lines) -> None:
        while self.take(lines.readline()) != word:
            pass


class Nursery:
    """Starts the streamer over and over."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", NURSERY, str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def live(self, record: Record, seconds: float) -> None:
        """Let it live for so long."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        record.until("kept", self.process.stdout)
        time.sleep(seconds)
        os.kill(int(record.pid), signal.SIGKILL)
        record.until("dead", self.process.stdout)

    def close(self) -> None:
        self.process.communicate(timeout=10)


def rows(file: Path, query: str) -> list[tuple]:
    with closing(open_readable(file)) as db:
        return db.execute(query).fetchall()


def test_a_hundred_kills_lose_no_finding_and_tell_none_as_new_again(tmp_path):
    file, record, nursery = tmp_path / "journal.db", Record(), Nursery(tmp_path)
    standing: set[str] = set()
    mark, marks = 0, []
    for moment in np.random.default_rng(7).uniform(0.005, 0.12, 100):
        before = len(record.sent)
        nursery.live(record, moment)
        again = [seq for seq, _, _ in record.sent[before:] if seq <= mark]
        assert again == [], "told again though the disk knew how far the receiver had come"
        mark = max((seq for (seq,) in rows(file, "SELECT seq FROM cursor")), default=0)
        marks.append(mark)
        assert record.kept == standing, "an open finding was forgotten, or a closed one came back"
        standing = {name for (name,) in rows(file, "SELECT id FROM finding WHERE status = 'open'")}
    nursery.close()
    changes = rows(file, "SELECT seq, what, finding FROM change ORDER BY seq")

    assert len(record.told) > 500
    assert set(record.told) - {(what, name) for _, what, name in changes} == set()
    latest = {name: what for _, what, name in changes}
    assert standing == {name for name, what in latest.items() if what == "opened"}
    sent = [seq for seq, _, _ in record.sent]
    assert {seq for seq, _, _ in changes if seq <= max(sent)} == set(sent)
    assert max(Counter((life, seq) for life, seq in record.lives).values()) == 1
    assert len(set(marks)) > 10  # the disk did know, not only at the end
