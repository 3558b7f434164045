"""Many numbers at once, against a slow twin."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aisec_daemon.model import Column
from aisec_daemon.model.exposition.block import Block
from aisec_daemon.model.exposition.families import Family, Series

PIPES = tuple(Column(f"{p}_ratio", "P.", family="p_ratio", labels=(("pipe", p),)) for p in "ab")
SERIES = (
    Series(Family("aisec_t_watts", "gauge", "W."), (Column("watts", "W."),)),
    Series(Family("aisec_t_p_ratio", "gauge", "P.", ("pipe",)), PIPES),
)


def slow(rows: tuple[str, ...], values: np.ndarray) -> dict[str, dict[str, float]]:
    """Lines and their numbers by family."""
    found: dict[str, dict[str, float]] = {}
    heads = [
        ("aisec_t_watts", 'c="1"'),
        ("aisec_t_p_ratio", 'c="1",pipe="a"'),
        ("aisec_t_p_ratio", 'c="1",pipe="b"'),
    ]
    for (name, head), numbers in zip(heads, values, strict=True):
        for row, number in zip(rows, numbers, strict=True):
            if np.isfinite(number):
                found.setdefault(name, {})[f"{name}{{{head},{row}}}"] = number
    return found


def parse(chunks: list) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for family, body in chunks:
        assert body.startswith(b"\n")
        lines = (line.rsplit(" ", 1) for line in body.decode()[1:].split("\n"))
        found[family.name] = {prefix: float(number) for prefix, number in lines}
    return found


@settings(max_examples=60)
@given(st.data())
def test_a_block_says_what_its_slow_twin_says(data: st.DataObject) -> None:
    """Whatever changes from tick to tick: numbers, gaps, rows."""
    block = Block(SERIES, {"c": "1"})
    rows: tuple[str, ...] = ()
    for _ in range(4):
        if data.draw(st.booleans()):
            rows = tuple(f'i="{at}"' for at in range(data.draw(st.integers(0, 4))))
        cells = st.floats(width=64) | st.just(float("nan"))
        size = 3 * len(rows)
        values = np.array(data.draw(st.lists(cells, min_size=size, max_size=size)))
        values = values.reshape(3, len(rows))

        assert parse(block.render(rows, values)) == slow(rows, values)


def test_prefixes_are_made_once() -> None:
    """While rows and gaps stay, only numbers are written anew."""
    block = Block(SERIES, {})
    rows = ('i="1"',)
    block.render(rows, np.ones((3, 1)))
    prefixes, lines = block._prefixes, block._lines
    block.render(rows, np.full((3, 1), 2.0))

    assert block._prefixes is prefixes
    assert block._lines is lines


def test_a_counter_below_zero_is_a_gap() -> None:
    """Neither format allows it: such a reading is a fault."""
    counter = Series(Family("aisec_t_joules_total", "counter", "J."), (Column("joules", "J."),))
    (chunk,) = Block((*SERIES[:1], counter), {}).render(("",), np.full((2, 1), -1.0))

    assert chunk.family.name == "aisec_t_watts"


def test_no_labels_means_no_braces() -> None:
    """A series without any label is its bare name."""
    (chunk,) = Block(SERIES[:1], {}).render(("",), np.ones((1, 1)))

    assert chunk.body == b"\naisec_t_watts 1.0"
