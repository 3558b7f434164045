import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.nvml.fields import FIELDS, PROCESS_FIELDS
from aisec_daemon.host.nvml.frames import Decoder, Frame, FrameError, Kind, encode
from aisec_daemon.host.nvml.messages import from_answer, to_answer
from aisec_daemon.host.nvml.row import Answer, Identity, Process, Row, Xid


def numbers(names):
    one = st.floats(allow_nan=False)
    return st.lists(one, min_size=len(names), max_size=len(names)).map(tuple)


texts = st.text(max_size=5)
pids = st.integers(0, 2**32 - 1)
kinds = st.lists(st.sampled_from(["compute", "mps"])).map(tuple)
processes = st.lists(st.builds(Process, pids, kinds, numbers(PROCESS_FIELDS)), max_size=3)
rows = st.builds(
    Row,
    st.builds(Identity, *[texts] * 7),
    numbers(FIELDS),
    st.none() | processes.map(tuple),
    texts,
)
xids = st.lists(st.builds(Xid, st.integers(0, 200), st.floats(0, 1e6)), max_size=2).map(tuple)
answers = st.builds(
    Answer,
    st.integers(0, 15),
    st.lists(rows, max_size=2).map(tuple),
    st.integers(0, 999),
    texts,
    st.none() | xids,
)


@given(answers)
def test_answers_come_back_as_they_were(answer):
    (frame,) = Decoder().feed(encode(from_answer(answer)))

    assert to_answer(frame) == answer


@pytest.mark.parametrize(
    "words",
    [{}, {"index": 0, "rows": [{}]}, {"index": "x", "rows": [], "xids": None, "code": 0}],
)
def test_other_words_are_refused(words):
    with pytest.raises(FrameError):
        to_answer(Frame(Kind.GPU, words))


def test_too_few_numbers_are_refused():
    row = Row(Identity(*"abcde"), (0.0,) * len(FIELDS), ())
    frame = from_answer(Answer(0, (row,)))

    with pytest.raises(FrameError):
        to_answer(frame._replace(numbers=frame.numbers[:-1]))
