"""Whatever the text, there is JSON of it."""

from __future__ import annotations

import json
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.model.jsontext import dumps


@given(st.recursive(st.text(st.characters()), lambda x: st.lists(x) | st.tuples(x), max_leaves=5))
def test_any_text_is_written_and_read_back_as_text(content):
    json.loads(dumps({"content": content}))


def test_what_is_not_valid_unicode_is_escaped_not_lost():
    assert json.loads(dumps({"a\ud800": ["\udcff"]})) == {"a\\ud800": ["\\udcff"]}


def test_what_was_not_read_is_null_not_zero():
    assert dumps([math.nan, np.array([1.0, math.nan])]) == b"[null,[1.0,null]]"
