"""Lines are numbered as an editor numbers them, and none is beyond bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.app.traces.faults import Faults
from aisec_daemon.app.traces.lines import LONGEST, OVERLONG, lines


def read(folder, content: bytes, longest: int = LONGEST) -> list[tuple[int, bytes]]:
    file = folder / "file"
    file.write_bytes(content)
    return [
        (number, text)
        for first, texts in lines(file, Faults(), longest)
        for number, text in enumerate(texts, first)
    ]


@given(st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"\n", b"")), max_size=20))
def test_lines_are_numbered_from_one(tmp_path_factory, texts):
    texts = [b"first", *texts]
    found = read(tmp_path_factory.mktemp("lines"), b"\n".join(texts))

    assert [t for _, t in found] == (texts if texts[-1] else texts[:-1])
    assert [n for n, _ in found] == list(range(1, len(found) + 1))


def test_a_huge_line_costs_itself_alone(tmp_path):
    for size in (LONGEST + 1, 10 * LONGEST, 100 * LONGEST):
        assert read(tmp_path, b"a\n" + b"x" * size + b"\nb") == [
            (1, b"a"),
            (2, OVERLONG),
            (3, b"b"),
        ]
        assert read(tmp_path, b"a\n" + b"x" * size) == [(1, b"a"), (2, OVERLONG)]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    assert read(tmp_path, b"\xef\xbb\xbfa\nb") == [(1, b"a"), (2, b"b")]
