"""Which script or module an interpreter runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.workload.script import parse_java, parse_python

SPAWN = "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)"


@pytest.mark.parametrize(
    ("arguments", "kind", "name"),
    [
        (["python", "train.py", "--lr", "1"], "file", "train.py"),
        (["python", "-u", "-W", "ignore", "/a/train.py"], "file", "/a/train.py"),
        (["python", "-Wignore", "-X", "dev", "-Xfoo", "x.py"], "file", "x.py"),
        (["python", "--check-hash-based-pycs", "never", "x.py"], "file", "x.py"),
        (["python", "--", "x.py"], "file", "x.py"),
        (["python", "-m", "torch.distributed.run", "x.py"], "module", "torch.distributed.run"),
        (["python", "-um", "vllm.entrypoints.openai.api_server"], "module", None),
        (["python", "-mvllm"], "module", "vllm"),
        (["python", "-c", "import torch", "x.py"], "code", ""),
        (["python", "-Icimport torch"], "code", ""),
        (["python", "-"], "code", ""),
        (["python", "-c", SPAWN, "--multiprocessing-fork"], "child", ""),
        (
            ["python", "-c", "from multiprocessing.resource_tracker import main;main(9)"],
            "child",
            "",
        ),
        (["python"], "", ""),
        (["-python3"], "", ""),
        ([], "", ""),
        (["ray::train()"], "child", ""),
        (["VLLM::EngineCore"], "child", ""),
        (
            ["/v/bin/python", "/v/bin/gunicorn", "-b", ":1", "mlflow.server:app"],
            "module",
            "mlflow.server",
        ),
        (
            ["python", "-m", "uvicorn", "litellm.proxy:app", "--port", "4"],
            "module",
            "litellm.proxy",
        ),
        (["python", "/v/bin/uvicorn", "--factory", "a.b:make()"], "module", "a.b"),
        (["python", "/v/bin/gunicorn", "-c", "conf.py"], "file", "/v/bin/gunicorn"),
    ],
)
def test_python(arguments, kind, name):
    found = parse_python([each.encode() for each in arguments])

    assert found.kind == kind
    assert name is None or found.name == name.encode()


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (
            [
                "java",
                "-cp",
                ".:/v/lib/python3.11/site-packages/ts/frontend/model-server.jar",
                "org.S",
            ],
            "/v/lib/python3.11/site-packages/ts/frontend/model-server.jar",
        ),
        (["java", "-Xmx1g", "-jar", "/opt/app.jar"], "/opt/app.jar"),
        (["java", "Main"], ""),
        ([], ""),
    ],
)
def test_java(arguments, name):
    assert parse_java([each.encode() for each in arguments]).name == name.encode()


@given(st.lists(st.binary(max_size=20) | st.sampled_from([b"-m", b"-c", b"-W", b"--", b"-"])))
def test_any_arguments_are_survived(arguments):
    assert parse_python(arguments).kind in ("", "file", "module", "code", "child")
    parse_java(arguments)
