"""Numbers that parts of the daemon put on the page."""

from __future__ import annotations

import pytest

from aisec_daemon.model.exposition import Board, Family, Page

SENT = Family("aisec_sent_total", "counter", "Sent.", ("receiver",))
QUEUE = Family("aisec_queue_rows", "gauge", "Waiting.")


def page(board: Board, **constant: str) -> list[str]:
    text = Page("1", lambda: board.chunks(constant)).plain(openmetrics=False).decode()
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_the_latest_value_of_each_series_is_shown():
    board = Board()
    for value in (1.0, 2.0):
        board.show(SENT, value, 'a"b')
    board.show(SENT, 5.0, "c")
    board.show(QUEUE, 0.0)

    assert page(board, replayed="x") == [
        'aisec_sent_total{replayed="x",receiver="a\\"b"} 2.0',
        'aisec_sent_total{replayed="x",receiver="c"} 5.0',
        'aisec_queue_rows{replayed="x"} 0.0',
    ]


def test_what_is_hidden_is_shown_no_longer():
    board = Board()
    board.show(QUEUE, 1.0)
    board.hide(QUEUE)

    assert page(board) == []


def test_words_must_fit_the_labels():
    with pytest.raises(ValueError, match="receiver"):
        Board().show(SENT, 1.0)
