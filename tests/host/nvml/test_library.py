import pynvml
import pytest

from aisec_daemon.host.nvml.library import Ladder, Library, LostError, NvmlError, code_name
from tests.fake_nvml import scenario


def failing(code, kind=NvmlError):
    def way():
        raise kind("nvmlDeviceGetSomething", code)

    return way


def test_codes_have_names():
    assert [code_name(code) for code in (0, 3, 999, 12345)] == [
        "SUCCESS",
        "NOT_SUPPORTED",
        "UNKNOWN",
        "12345",
    ]


def test_errors_can_be_keys():
    """pynvml's own cannot: it compares without a hash."""
    error = NvmlError("nvmlInit", 9)

    assert {error: 1}[error] == 1
    told = "the NVIDIA kernel module is not loaded (nvmlInit: DRIVER_NOT_LOADED)"
    assert str(error) == told


def test_a_missing_symbol_is_an_answer(fake):
    fake(scenario.node())
    library = Library()

    assert library.ask("nvmlDeviceGetNothingOfTheKind") == 13
    assert library.take_tally() == [
        ("nvmlDeviceGetNothingOfTheKind", "FUNCTION_NOT_FOUND", 1.0, 0.0)
    ]
    assert library.take_tally() == []


def test_a_library_that_is_not_there_is_an_answer(monkeypatch):
    monkeypatch.setattr(pynvml, "nvmlLib", None)
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})

    assert not Library().has("nvmlInit_v2")


@pytest.mark.parametrize("code", [3, 13, 25, 26])
def test_a_permanent_answer_drops_a_way_for_good(code):
    asked = []

    def first():
        asked.append(1)
        raise NvmlError("nvmlDeviceGetSomething", code)

    ladder = Ladder(first, lambda: 7)

    assert (ladder.read(), ladder.read(), len(asked)) == (7, 7, 1)


@pytest.mark.parametrize("code", [2, 4, 6, 10, 999])
def test_a_transient_answer_drops_nothing(code):
    answers = iter([failing(code), lambda: 7])

    def way():
        return next(answers)()

    ladder = Ladder(way)

    assert (ladder.read(), ladder.read()) == (None, 7)


def test_a_lost_gpu_is_for_others_to_judge():
    with pytest.raises(LostError):
        Ladder(failing(15, LostError)).read()
