"""What is known of processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from aisec_daemon.host.proc.attributes import Attributes, Known
from aisec_daemon.host.proc.cache import Cache
from tests.host.proc.tree import KEY, Tree


@pytest.fixture
def known(tree: Tree, tally: object) -> Known:
    tree.add(7)
    return Attributes(tree.root, tally, KEY).read(7)


def test_an_image_that_changed_has_no_numbers(tree: Tree, known: Known) -> None:
    """Nor has one that cannot be read; whoever asks reads it in full."""
    cache = Cache(tree.proc, 10)
    cache.place(known)
    assert cache.numbers(known).ticks == 200
    tree.stat(7, "other")
    assert cache.numbers(known) is None
    (tree.proc / "7/stat").write_text("cut")
    assert cache.numbers(known) is None
    cache.clear()


def test_the_dead_are_forgotten_and_the_unseen_returned(tree: Tree, known: Known) -> None:
    """Once."""
    cache = Cache(tree.proc, 10)
    known.fresh = True
    cache.place(known)

    assert [identity.pid for identity in cache.sweep(())] == [7]
    assert cache.sweep(()) == []
    assert cache.get(7) is None
    assert known.descriptor == -1


def test_below_the_limit_the_order_is_that_of_the_listing() -> None:
    """Beyond it the protected are more than the limit if they must be."""
    cache = Cache(Path("/proc"), 2)
    assert cache.within_limit([3, 1]) == [3, 1]
    cache.protected = frozenset((4, 5, 6))

    assert cache.within_limit([1, 4, 5, 6]) == [4, 5, 6]
