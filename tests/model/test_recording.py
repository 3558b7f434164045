"""A recording read back is what was recorded, whatever the text and the numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.model import Column, Kind, Label, Snapshot, Table
from aisec_daemon.model.decoder import Decoder
from aisec_daemon.model.recording import Encoder, RecordingError

TABLE = Table(
    "gpu",
    "A table for tests.",
    (Column("power_watts", "Power."), Column("energy_joules", "Energy.", Kind.COUNTER)),
    (Label("name", "Name."),),
    series=("name",),
)
TABLES = {"gpu": TABLE, "other": replace(TABLE, name="other")}

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


@given(st.lists(st.tuples(st.sampled_from(sorted(TABLES)), rows, st.integers(1, 3)), max_size=12))
def test_lines_read_together_are_what_each_is_alone(contents):
    encoder, alone, together = Encoder(), Decoder(TABLES), Decoder(TABLES)
    lines = [
        encoder.encode(replace(snapshot(float(time + part / 8), content), table=TABLES[name]))
        for time, (name, content, parts) in enumerate(contents)
        for part in range(parts)
    ]
    expected = list(map(alone.decode, lines))

    for one, other in zip(expected, together.decode_all(lines), strict=True):
        assert_same(one, other)


@pytest.mark.parametrize(
    "bad",
    [
        b"{",
        b'{"table":"gpu","time":1e999,"labels":{},"values":{}}',
        b'{"table":"gpu","time":"nan","labels":{},"values":{}}',
        b'{"table":"gpu","time":9,"labels":{},"values":{"energy_joules":[1,2]}}',
        Encoder().header("node", {}, TABLES),
    ],
)
def test_of_lines_read_together_one_bad_one_spoils_all_and_nothing_is_lost(bad):
    encoder, decoder = Encoder(), Decoder(TABLES)
    told = [(0.0, 5.0), (1.0, 5.0), (2.0, 6.0)]
    lines = [encoder.encode(snapshot(power, {"a": (power, e, "x")})) for power, e in told]
    decoder.decode(lines[0])
    with pytest.raises(RecordingError):
        decoder.decode_all([*lines[1:], bad])

    assert [tuple(s.values[0]) for s in decoder.decode_all(lines[1:])] == told[1:]


def test_short_lines_that_lean_on_a_large_table_are_not_all_read_at_once():
    many = {str(row): (1.0, 1.0, None) for row in range(1000)}
    decoder = Decoder(TABLES)
    decoder.decode(Encoder().encode(snapshot(0.0, many)))
    again = b'{"table":"gpu","time":1,"labels":{},"values":{}}'

    assert len(decoder.decode_all([again] * 100)) == 100
    with pytest.raises(RecordingError, match="too large"):
        decoder.decode_all([again] * 1000)


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
