"""What loaded libraries say: words, frameworks, their folders and versions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.program.libraries import vocabulary
from aisec_daemon.host.workload.frameworks import frameworks
from aisec_daemon.host.workload.loaded import Use, understand
from tests.host.workload.node import SITE


def said(*paths: str):
    return understand(frozenset(path.encode() for path in paths))


@pytest.mark.parametrize(
    ("path", "use"),
    [
        (f"{SITE}/torch/lib/libtorch_cpu.so", Use("torch", SITE.encode(), "")),
        (f"{SITE}/nvidia/cudnn/lib/libcudnn.so.9", Use("cudnn", SITE.encode(), "")),
        (f"{SITE}/sklearn/x.cpython-311.so", Use("scikit-learn", SITE.encode(), "")),
        (f"{SITE}/flash_attn_2_cuda.cpython-311.so", Use("flash_attention", SITE.encode(), "")),
        ("/usr/lib/libonnxruntime.so.1.17.0", Use("onnxruntime", b"", "1.17.0")),
        ("/usr/local/cuda/lib64/libcudart.so.12.4.127", Use("cuda", b"", "12.4.127")),
        ("/usr/lib/libtorch.so (deleted)", Use("torch", b"", "")),
    ],
)
def test_a_framework_is_told_with_what_its_files_tell(path, use):
    assert said("/usr/lib/libc.so.6", path).uses == (use,)


def test_the_driver_has_no_version_of_cuda():
    """Its number is the driver's."""
    loaded = said("/usr/lib/libcuda.so.550.54.15")

    assert (loaded.words, loaded.suffices, loaded.uses) == ({"cuda"}, True, ())


def test_a_folder_of_packages_comes_before_a_number():
    loaded = said("/usr/lib/libtorch.so.2.1.0", f"{SITE}/torch/lib/libc10.so")

    assert loaded.uses == (Use("torch", SITE.encode(), ""),)


def test_the_packages_of_the_interpreter_are_known_by_its_standard_library():
    loaded = said("/opt/python3.12/lib/python3.12/lib-dynload/_ssl.cpython-312.so")

    assert loaded.sites == (b"/opt/python3.12/lib/python3.12/site-packages",)
    assert loaded.interpreter == "python"


def test_a_framework_and_its_word_are_one_vocabulary():
    """Words of both data files, so that neither drifts from the other."""
    known = frameworks()

    assert known.suffices | known.uses <= vocabulary().keys()
    assert all(each.distributions for each in known.named.values())


@given(st.lists(st.binary(max_size=80), max_size=8).map(frozenset))
def test_any_paths_have_words_of_the_vocabulary(paths):
    assert understand(paths).words <= {*vocabulary(), "python"}
