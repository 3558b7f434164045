"""Words for mapped libraries."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.program.libraries import libraries, vocabulary

SITE = "/opt/venv/lib/python3.11/site-packages"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/usr/lib/x86_64-linux-gnu/libcuda.so.580.159", {"cuda"}),
        ("/usr/lib/x86_64-linux-gnu/libcudart.so.12", {"cuda"}),
        ("/usr/lib/x86_64-linux-gnu/libnvidia-opencl.so.1", {"opencl"}),
        ("/usr/lib/x86_64-linux-gnu/libOpenCL.so.1.0.0", {"opencl"}),
        (f"{SITE}/torch/lib/libtorch_cuda.so", {"torch", "python"}),
        (f"{SITE}/nvidia/cudnn/lib/libcudnn.so.9", {"cudnn", "python"}),
        (f"{SITE}/nvidia/nccl/lib/libnccl.so.2", {"nccl", "python"}),
        (f"{SITE}/tensorflow/libtensorflow_cc.so.2", {"tensorflow", "python"}),
        (f"{SITE}/jaxlib/xla_extension.so", {"jax", "python"}),
        (f"{SITE}/triton/_C/libtriton.so", {"triton", "python"}),
        ("/usr/local/lib/libggml-cuda.so", {"llama"}),
        ("/usr/lib/libgromacs_mpi.so.8", {"gromacs"}),
        ("/usr/lib/x86_64-linux-gnu/libmpi.so.40.30.4", {"mpi"}),
        ("/usr/lib/x86_64-linux-gnu/libnvoptix.so.1", {"optix"}),
        ("/usr/lib/x86_64-linux-gnu/libnvidia-encode.so.1", {"nvenc"}),
        ("/usr/lib/python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so", {"python"}),
        ("/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0", {"python"}),
        ("/usr/lib/x86_64-linux-gnu/libc.so.6", set()),
        ("/home/a/mylibcuda.so", set()),
        ("/home/libcuda.so/x", set()),
    ],
)
def test_a_file_earns_its_words(path, words):
    assert libraries([path.encode()]) == words


@given(st.lists(st.binary(), max_size=20))
def test_words_are_those_of_the_vocabulary(paths):
    assert libraries(paths) <= {*vocabulary(), "python"}


def test_words_are_words():
    """They are joined by spaces, and the label's readers split them."""
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", word) for word in vocabulary())
