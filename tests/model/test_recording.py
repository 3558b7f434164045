"""A recording read back is what was recorded, whatever the text and the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.model import Column, Kind, Label, Snapshot, Table
from aisec_daemon.model.recording import Decoder, Encoder, RecordingError

TABLE = Table(
    "gpu",
    "A table for tests.",
    (Column("power_watts", "Power."), Column("energy_joules", "Energy.", Kind.COUNTER)),
    (Label("name", "Name."),),
    series=("name",),
)
TABLES = {"gpu": TABLE}

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.none()
numbers = st.floats(allow_infinity=False, width=64)
rows = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.tuples(numbers, numbers, words),
    max_size=4,
)


def snapshot(time, content):
    return Snapshot.from_rows(
        TABLE,
        time,
        {
            s: ({"power_watts": p, "energy_joules": e}, {"name": w})
            for s, (p, e, w) in content.items()
        },
    )


def assert_same(one: Snapshot, other: Snapshot) -> None:
    assert (one.table, one.time, one.subjects) == (other.table, other.time, other.subjects)
    assert dict(one.labels) == dict(other.labels)
    np.testing.assert_array_equal(one.values, other.values)


@given(st.lists(rows, max_size=6))
def test_round_trip(contents):
    encoder, decoder = Encoder(), Decoder(TABLES)
    decoder.decode(encoder.header("node", {"gpu": 1.0}, TABLES))
    for time, content in enumerate(contents):
        original = snapshot(float(time), content)

        assert_same(original, decoder.decode(encoder.encode(original)))


def test_only_what_changed_is_written():
    encoder = Encoder()
    first = encoder.encode(snapshot(0.0, {"a": (1.0, 5.0, "x")}))
    second = encoder.encode(snapshot(1.0, {"a": (1.0, 6.0, "x")}))

    assert b"power_watts" in first
    assert b"power_watts" not in second
    assert b"energy_joules" in second


def test_a_header_in_the_middle_starts_anew():
    decoder = Decoder(TABLES)
    for turn in range(2):
        encoder = Encoder()
        decoder.decode(encoder.header("node", {"gpu": 2.0}, TABLES))
        original = snapshot(float(turn), {"a": (1.0, 5.0, "x")})
        assert_same(original, decoder.decode(encoder.encode(original)))

    assert decoder.periods == {"gpu": 2.0}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\0\0\0",
        b"[]",
        b"{}",
        b'"gpu"',
        b'{"aisec_recording": 99, "node": "x", "tables": {}}',
        b'{"table": "gpu", "time": 1, "labels": {}, "values": {}}',
        b'{"table":"gpu","time":1,"subjects":["a"],"labels":{},"values":{"power_watts":[]}}',
    ],
)
def test_a_line_that_is_none_is_refused_in_one_sentence(line):
    with pytest.raises(RecordingError) as refusal:
        Decoder(TABLES).decode(line)

    assert "\n" not in str(refusal.value)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read_and_nothing_else(line):
    try:
        Decoder(TABLES).decode(line)
    except RecordingError:
        return


def test_a_table_of_tomorrow_is_passed_over_and_a_column_of_tomorrow_left_out():
    decoder = Decoder(TABLES)
    assert decoder.decode(b'{"table": "new", "time": 1}') is None

    line = (
        b'{"table":"gpu","time":1,"subjects":["a"],"labels":{"mood":["ok"]},'
        b'"values":{"power_watts":[3],"joy_ratio":[1]}}'
    )
    read = decoder.decode(line)
    assert read["power_watts"].tolist() == [3]
    assert np.isnan(read["energy_joules"]).all()
    assert read.labels["name"] == (None,)
