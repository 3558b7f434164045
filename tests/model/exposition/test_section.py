"""Label texts of rows."""

from aisec_daemon.model import Snapshot
from aisec_daemon.model.exposition.section import Labelling


def test_texts_are_kept_while_words_stay() -> None:
    """The same words give the very same object; rows that are gone are forgotten."""
    labelling = Labelling(("a",))
    first = labelling.distinct([("1",), ("2",)], 10)

    assert labelling.distinct([("1",), ("2",)], 10) is first
    assert labelling.distinct([("2",)], 10) == (('a="2"',), [0])
    assert set(labelling._texts) == {("2",)}


def test_no_text_is_given_twice() -> None:
    """Words that look alike on the page would be one series with two values."""
    keys = [(None,), ("unknown",), ("x",)]

    assert Labelling(("a",)).distinct(keys, 10) == (('a="unknown"', 'a="x"'), [0, 2])


def test_there_is_a_limit() -> None:
    """The first rows stay."""
    labelling = Labelling(("a",))
    keys = [("1",), ("2",)]

    assert labelling.distinct(keys, 1) == (('a="1"',), [0])
    assert labelling.distinct(keys, 2)[1] == [0, 1]


def test_a_table_without_labels_has_one_empty_key_a_row(bare_snapshot: Snapshot) -> None:
    """Such a table has one row, and no braces."""
    labelling = Labelling(())

    assert labelling.distinct(labelling.keys(bare_snapshot), 5) == (("",), [0])
