"""Structures of pynvml that are read without pynvml."""

import ctypes

import pynvml
import pytest

from aisec_daemon.host.nvml.layouts import plain

USED = [
    pynvml.c_nvmlFieldValue_t,
    pynvml.c_nvmlSample_t,
    pynvml.c_nvmlProcessUtilizationSample_t,
    pynvml.c_nvmlProcessInfo_v2_t,
    pynvml.c_nvmlGpmMetricsGet_t,
    pynvml.c_nvmlGpmMetric_t,
]


@pytest.mark.parametrize("item", USED, ids=lambda item: item.__name__)
def test_a_plain_structure_lies_in_memory_as_pynvml_s_does(item: type) -> None:
    ours = plain(item)

    assert ctypes.sizeof(ours) == ctypes.sizeof(item)
    for name, *_ in item._fields_:
        theirs = getattr(item, name)
        assert (getattr(ours, name).offset, getattr(ours, name).size) == (
            theirs.offset,
            theirs.size,
        )


@pytest.mark.parametrize("item", USED, ids=lambda item: item.__name__)
def test_nothing_of_pynvml_is_asked_for_a_field(item: type) -> None:
    """Of structures within, too."""
    assert plain(item).__getattribute__ is ctypes.Structure.__getattribute__
    assert plain(item).__setattr__ is ctypes.Structure.__setattr__
    assert item.__getattribute__ is not ctypes.Structure.__getattribute__


def test_structures_within_are_plain() -> None:
    request = plain(pynvml.c_nvmlGpmMetricsGet_t)()
    request.metrics[1].metricId = 7

    assert isinstance(request.metrics[1], plain(pynvml.c_nvmlGpmMetric_t))
    assert pynvml.c_nvmlGpmMetricsGet_t.from_buffer(request).metrics[1].metricId == 7
