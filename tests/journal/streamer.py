"""A stream of findings into a journal and out to a receiver, to be killed at any instant.

`python -m tests.journal.streamer FOLDER`: opens, changes and closes findings as fast as it can and
tells of each on standard output, as a log would (`told what id`) and as a receiver of the outbox
(`sent seq what id`).
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from threading import Thread

from aisec_daemon.journal.journal import Journal
from aisec_daemon.journal.kept import Kept, KeptCase
from aisec_daemon.model import Finding
from tests.journal.findings import change, finding, tick


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def receive(journal: Journal) -> None:
    while True:
        for seq, each in journal.pending("receiver", 8):
            say(f"sent {seq} {each.what} {each.finding.id}")
            journal.done("receiver", seq)
        time.sleep(0.001)


def stream(journal: Journal, run: str) -> None:
    """Open a finding each turn, close the one of five turns ago, keep everything every ten."""
    now = time.time()
    standing: dict[str, Finding] = {c.finding.id: c.finding for c in journal.kept.cases}
    say(f"kept {' '.join(standing)}")
    for turn in range(100_000):
        fresh = finding(f"{run}-{turn}", since=now + turn, opened=now + turn)
        standing[fresh.id] = fresh
        changes = [change("opened", time=now + turn, of=fresh)]
        ending = standing.pop(f"{run}-{turn - 5}", None)
        if ending is not None:
            changes.append(change("closed", time=now + turn, of=replace(ending)))
        journal(tick(*changes, open_now=tuple(standing.values()), time=now + turn))
        for each in changes:
            say(f"told {each.what} {each.finding.id}")
        if turn % 10 == 0:
            cases = tuple(KeptCase(f) for f in standing.values())
            journal.keep(Kept(now + turn, cases=cases))


def main() -> None:
    journal = Journal(Path(sys.argv[1]), time.time())
    assert journal.wrong == []
    journal.pending("receiver", 0)
    Thread(target=receive, args=(journal,), daemon=True).start()
    stream(journal, f"{time.time_ns():x}")


if __name__ == "__main__":
    main()
