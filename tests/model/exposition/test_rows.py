"""Tables that show every row."""

import math

import numpy as np

from aisec_daemon.model import Column, Kind, Label, Snapshot, Table, Tick
from aisec_daemon.model.exposition import RowSection

TABLE = Table(
    "gpu",
    "GPUs.",
    (Column("power_watts", "Power."), Column("energy_joules", "Energy.", Kind.COUNTER)),
    (Label("uuid", "Id."), Label("name", "Name.")),
    series=("uuid",),
    info=("name",),
)


def tick(*rows: tuple[str, str | None, float, float], table: Table = TABLE) -> Tick:
    """Rows of uuid, name, watts, joules."""
    values = np.array([row[2:] for row in rows], dtype=float).reshape(len(rows), 2)
    labels = {"uuid": tuple(r[0] for r in rows), "name": tuple(r[1] for r in rows)}
    subjects = tuple(str(at) for at in range(len(rows)))
    snapshot = Snapshot(table, 1.0, subjects, values, labels)
    return Tick(1.0, snapshot, lambda: np.full(values.shape, np.nan), (), ())


def lines(section: RowSection, of: Tick) -> list[str]:
    return [line for c in section.take(of)().chunks for line in c.body.decode()[1:].split("\n")]


def test_a_row_is_a_series_per_column_and_an_info() -> None:
    """A counter shows what its source counts."""
    section = RowSection(TABLE, {"c": "1"}, 100)

    assert lines(section, tick(("u", "H", 300.0, 7.0))) == [
        'aisec_gpu_power_watts{c="1",uuid="u"} 300.0',
        'aisec_gpu_energy_joules_total{c="1",uuid="u"} 7.0',
        'aisec_gpu_info{c="1",uuid="u",name="H"} 1.0',
    ]


def test_an_unread_cell_is_a_gap_and_an_unread_word_is_said() -> None:
    """A family without any reading is not there at all."""
    section = RowSection(TABLE, {}, 100)

    assert lines(section, tick(("u", None, math.nan, 7.0))) == [
        'aisec_gpu_energy_joules_total{uuid="u"} 7.0',
        'aisec_gpu_info{uuid="u",name="unknown"} 1.0',
    ]


def test_a_new_word_shows_at_once() -> None:
    """Kept texts follow their words; what left is gone."""
    section = RowSection(TABLE, {}, 100)
    section.take(tick(("u", "old", 1.0, 1.0), ("v", "w", 1.0, 1.0)))

    assert lines(section, tick(("u", "new", 1.0, 1.0)))[-1:] == [
        'aisec_gpu_info{uuid="u",name="new"} 1.0'
    ]


def test_rows_beyond_the_limit_and_rows_alike_are_counted() -> None:
    """Three series a row: a limit of seven has room for two rows."""
    rows = [("u", "a", 1.0, 1.0), ("u", "b", 2.0, 2.0), ("v", "c", 3.0, 3.0), ("w", "d", 4.0, 4.0)]
    section = RowSection(TABLE, {}, 7)
    rendered = section.take(tick(*rows))()

    assert rendered.dropped == 2 * 3
    assert [chunk.body.count(b"\n") for chunk in rendered.chunks] == [2, 2, 2]


def test_a_table_without_columns_shows_its_words() -> None:
    """Devices on a bus have no numbers."""
    table = Table("device", "Devices.", (), TABLE.labels, ("uuid",), ("name",))
    labels = {"uuid": ("u",), "name": ("n",)}
    snapshot = Snapshot(table, 1.0, ("s",), np.empty((1, 0)), labels)
    section = RowSection(table, {}, 10)

    assert lines(section, Tick(1.0, snapshot, lambda: np.empty((1, 0)), (), ())) == [
        'aisec_device_info{uuid="u",name="n"} 1.0'
    ]


def test_an_empty_snapshot_shows_nothing() -> None:
    """No rows, no lines."""
    assert RowSection(TABLE, {}, 10).take(tick())() == ([], 0)
