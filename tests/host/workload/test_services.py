"""Which service a process runs: by files of an installed distribution, by marks, never by names."""

from __future__ import annotations

import os

import pytest

from aisec_daemon.host.workload.services import services
from tests.host.workload.node import SITE, install, loaded


def service(node):
    """Return service and frameworks of the only asset, or nothing."""
    found = [(asset.service, asset.frameworks) for asset in node.assets()]
    return found[0] if found else None


def test_the_word_of_a_service_is_one_word():
    assert all(word.replace("_", "").isalnum() and word.islower() for word in _words())
    assert len({*_words()}) == len(_words())
    assert {"jupyter", "ray", "tensorboard", "mlflow", "triton", "vllm", "ollama"} <= {*_words()}


def _words():
    return [each.word for each in services().all]


def test_a_script_of_an_environment(node):
    folder = node.python(7, "/opt/venv/bin/jupyter-lab", "--no-browser")
    install(folder, "jupyter-server", "2.14.0", "jupyter-server")
    install(folder, "jupyterlab", "4.2.0", "jupyter-lab", "jupyter-labhub")

    assert service(node) == ("jupyter", ("jupyterlab 4.2.0",))


def test_a_script_behind_links_as_pipx_makes_them(node):
    folder = node.python(7, "/usr/local/bin/mlflow", "server")
    install(folder, "mlflow", "2.14.1", "mlflow")
    (folder / "root/usr/local/bin").mkdir(parents=True)
    (folder / "root/usr/local/bin/mlflow").symlink_to("/opt/venv/bin/mlflow")

    assert service(node) == ("mlflow", ("mlflow 2.14.1",))


@pytest.mark.parametrize(
    "argv",
    [
        ("-m", "vllm.entrypoints.openai.api_server", "--model", "x"),
        (f"{SITE}/vllm/entrypoints/openai/api_server.py",),
        ("/opt/venv/bin/vllm", "serve", "x"),
        ("/opt/venv/bin/uvicorn", "vllm.server:app"),
    ],
)
def test_a_module_a_file_of_it_a_script_and_a_server_that_serves_it(node, argv):
    folder = node.python(7, *argv)
    install(folder, "vllm", "0.6.0", "vllm")
    file = folder / f"root{SITE}/vllm/entrypoints/openai/api_server.py"
    file.parent.mkdir(parents=True)
    file.write_text("")

    assert service(node) == ("vllm", ("vllm 0.6.0",))


@pytest.mark.parametrize(
    "break_", ["no dist-info", "other dist-info", "no file", "other prefix", "no script"]
)
def test_without_the_files_there_is_no_service(node, break_, monkeypatch):
    monkeypatch.setattr("aisec_daemon.host.workload.packages._AGAIN_SECONDS", 0)
    folder = node.python(7, "/opt/venv/bin/jupyter-server")
    info = install(folder, "jupyter-server", "2.14.0", "jupyter-server")
    assert service(node) is not None
    if break_ == "no dist-info":
        info.rename(info.with_suffix(".gone"))
    elif break_ == "other dist-info":
        info.rename(info.with_name("requests-2.0.dist-info"))
    elif break_ == "no file":
        (folder / "root/opt/venv/bin/jupyter-server").unlink()
    elif break_ == "other prefix":
        (folder / "root/tmp").mkdir()
        (folder / "root/opt/venv/bin/jupyter-server").rename(folder / "root/tmp/jupyter-server")
        (folder / "cmdline").write_text("python\0/tmp/jupyter-server\0")
    else:
        (info / "entry_points.txt").write_text("[console_scripts]\nother = a:b\n")
        info.rename(info.with_name("jupyter_server-2.14.1.dist-info"))
    node.host.workloads._looked.clear()

    assert service(node) is None


def test_a_native_program_with_such_arguments_runs_no_script(node):
    """`sleep` under another name, with the arguments of a server."""
    folder = node.add(7, argv=("/opt/venv/bin/python", "/opt/venv/bin/jupyter-server"))
    install(folder, "jupyter-server", "2.14.0", "jupyter-server")

    assert service(node) is None


def test_an_executable_among_packages(node):
    exe = f"{SITE}/tensorboard_data_server/bin/server"
    folder = node.add(7, loaded(exe), argv=("server", "--logdir=/x"), exe=exe)
    install(folder, "tensorboard", "2.21.0", "tensorboard")
    file = folder / f"root{exe}"
    file.parent.mkdir(parents=True)
    file.write_text("")

    assert service(node) == ("tensorboard", ("tensorboard 2.21.0",))


def test_java_that_runs_an_archive_among_packages(node):
    jar = f"{SITE}/ts/frontend/model-server.jar"
    maps = loaded("/usr/lib/jvm/lib/server/libjvm.so")
    folder = node.add(7, maps, ("java", "-cp", f".:{jar}", "org.x.Y"), "/usr/lib/jvm/bin/java")
    install(folder, "torchserve", "0.12.0", "torchserve", module="ts")
    (folder / f"root{jar}").parent.mkdir()
    (folder / f"root{jar}").write_text("")

    assert service(node) == ("torchserve", ("torchserve 0.12.0",))


def test_a_library_that_only_a_service_has(node):
    node.add(7, loaded("/opt/tritonserver/lib/libtritonserver.so"), exe="/opt/x/tritonserver")

    assert service(node) == ("triton", ("triton",))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\x7fELF" + b"x" * 3_000_000 + b"path\tgithub.com/ollama/ollama\n", ("ollama", ())),
        (b"\x7fELF" + b"x" * 3_000_000, None),
    ],
)
def test_a_static_server_is_known_by_its_name_and_marks_in_its_file(node, content, found):
    folder = node.add(7, exe="/usr/local/bin/ollama", argv=("/usr/local/bin/ollama", "serve"))
    file = folder / "root/usr/local/bin/ollama"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)

    assert service(node) == found


def test_an_executable_that_is_a_pipe_is_not_waited_for(node):
    folder = node.add(7, exe="/usr/local/bin/ollama")
    (folder / "root/usr/local/bin").mkdir(parents=True)
    os.mkfifo(folder / "root/usr/local/bin/ollama")

    assert service(node) is None


def test_who_uses_ray_is_not_the_service_and_its_own_processes_are(node):
    """As Ray 2.60 starts them: a driver, the server of the cluster's state, a worker."""
    raylet = loaded(f"{SITE}/ray/_raylet.so")
    gcs = f"{SITE}/ray/core/src/ray/gcs/gcs_server"
    install(node.python(7, "/srv/job.py", maps=raylet), "ray", "2.60.0", "ray")
    folder = node.add(8, loaded(gcs), (gcs, "--log_dir=/tmp/ray"), gcs)
    install(folder, "ray", "2.60.0", "ray")
    (folder / f"root{gcs}").parent.mkdir(parents=True)
    (folder / f"root{gcs}").write_text("")
    install(node.add(9, raylet, ("ray::IDLE",), "/usr/bin/python3.11"), "ray", "2.60.0", "ray")
    told = {each.workloads[0].identity.pid: each for each in node.assets()}

    assert {pid: each.service for pid, each in told.items()} == {7: "", 8: "ray", 9: ""}
    assert {each.frameworks for each in told.values()} == {("ray 2.60.0",)}


@pytest.mark.parametrize(
    ("text", "installed", "found"),
    [
        ("import os\nimport gradio as gr\n", True, ("gradio", ("gradio 4.44.0",))),
        ("try:\n    from gradio import Blocks\nexcept ImportError: pass\n", True, ("gradio", ...)),
        ("import gradio as gr\n", False, None),
        ("# import gradio\nprint('import gradio')\nimport gradio_tools\n", True, None),
        ("x" * 70_000 + "\nimport gradio\n", True, None),
    ],
)
def test_a_script_that_imports_what_is_a_service(node, text, installed, found):
    folder = node.python(7, "app.py")
    (folder / "root/app").mkdir()
    (folder / "root/app/app.py").write_text(text)
    if installed:
        install(folder, "gradio", "4.44.0")
    told = service(node)

    assert (told and told[0]) == (found and found[0])
    assert not told or told[1] == ("gradio 4.44.0",)


def test_a_script_that_is_a_pipe_is_not_waited_for(node):
    folder = node.python(7, "app.py")
    (folder / "root/app").mkdir()
    os.mkfifo(folder / "root/app/app.py")

    assert service(node) is None


def test_helpers_that_load_nothing_belong_to_their_service(node):
    """As uvicorn starts its workers: they hold the sockets."""
    folder = node.python(7, "-m", "uvicorn", "--workers=2", "mlflow.server:app")
    install(folder, "mlflow", "3.0", "mlflow")
    node.python(8, "-c", "from multiprocessing.spawn import spawn_main; spawn_main(1)", parent=7)
    node.python(9, "-c", "from multiprocessing.spawn import spawn_main; spawn_main(1)", parent=1)
    (asset,) = node.assets()

    assert [(w.identity.pid, w.service) for w in asset.workloads] == [(7, "mlflow"), (8, "mlflow")]


def test_a_checkout_is_known_by_what_lies_beside_its_script(node):
    folder = node.python(7, "main.py", "--listen")
    (folder / "root/app/comfy").mkdir(parents=True)
    (folder / "root/app/main.py").write_text("")
    (folder / "root/app/comfy/sd.py").write_text("")

    assert service(node) == ("comfyui", ())
    assert node.assets()[0].group.script == "/app/main.py"


def test_a_title_that_is_written_over_arguments_changes_nothing(node):
    """setproctitle(3): what was found stays."""
    folder = node.python(7, "/opt/venv/bin/jupyter-server")
    install(folder, "jupyter-server", "2.14.0", "jupyter-server")
    (before,) = node.assets()
    (folder / "cmdline").write_text("notebook: idle")
    for turn in range(1, 4):
        node.maps(7, (folder / "maps").read_text(), turn)
        (after,) = node.assets()

    assert node.host.workloads._looked[7].maps.count > 1
    assert (after.subject, after.service) == (before.subject, "jupyter")


def test_processes_of_one_user_that_were_started_alike_are_asked_once(node, monkeypatch):
    for pid in (7, 8, 9, 10):
        folder = node.python(pid, "/srv/train.py")
    (folder / "status").write_text("Name:\tpython\nUid:\t1001\t1001\t1001\t1001\n")
    asked = []

    def counted(path, flags, dir_fd=None, **more):
        asked.append(str(path).rpartition("/")[2])
        return real_open(path, flags, dir_fd=dir_fd, **more)

    real_open = os.open
    node.processes.scan()
    monkeypatch.setattr("aisec_daemon.host.workload.examine.os.open", counted)
    node.host.workloads.read()

    scripts = {pid: known.script for pid, known in node.host.workloads._looked.items()}
    assert scripts == dict.fromkeys((7, 8, 9, 10), "/srv/train.py")
    assert asked.count("cmdline") == 2


@pytest.mark.parametrize("first", [7, 8])
def test_a_title_over_one_process_hides_nothing_of_another(node, first):
    """Which of both is looked at first is the order of their pids."""
    pids = {7: "/srv/train.py", 8: "/srv/train.py"}
    for pid, script in pids.items():
        node.python(pid, script)
    node.processes.scan()
    (node.tree.proc / f"{first}/cmdline").write_text("ray::IDLE")
    node.host.workloads.read()

    assert node.host.workloads._looked[15 - first].script == "/srv/train.py"
