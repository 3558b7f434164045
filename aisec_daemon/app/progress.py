"""A progress bar on standard error, where a person looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from aisec_daemon.model import Tick

_EVERY = 500


@contextmanager
def progress(*, enabled: bool) -> Iterator[Callable[[Tick], None]]:
    """Yield what counts ticks and shows how many there were."""
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} snapshots"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not enabled) as bar:
        task = bar.add_task("replay", total=None)
        count = 0

        def advance(_: Tick) -> None:
            nonlocal count
            count += 1
            if count % _EVERY == 0:
                bar.update(task, completed=count)

        yield advance
