"""What `make install` says before it changes anything, and what it lays out."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.systemd.stage import CHECKOUT


def make(target, folder, **variables):
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", **variables}
    return subprocess.run(
        ["make", "-s", target],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def program(file, text):
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize("target", ["install", "uninstall"])
def test_who_is_not_root_is_asked_to_be(target, tmp_path):
    program(tmp_path / "id", "echo 1000")
    done = make(target, tmp_path)

    assert done.returncode != 0
    assert f"run it as root (sudo make {target})" in done.stdout


def test_a_missing_venv_is_named_with_its_package(tmp_path):
    python = program(tmp_path / "python", 'case "$2" in *ensurepip*) exit 1 ;; esac')
    done = make("install", tmp_path, DESTDIR=str(tmp_path / "root"), INSTALL_PYTHON=python)

    assert done.returncode != 0
    assert "python3-venv is missing: apt install python3-venv" in done.stdout
    assert not (tmp_path / "root").exists()


def test_a_missing_python_is_named_with_its_package(tmp_path):
    python = str(tmp_path / "python")
    done = make("install", tmp_path, DESTDIR=str(tmp_path / "root"), INSTALL_PYTHON=python)

    assert done.returncode != 0
    assert "apt install python3" in done.stdout


@pytest.mark.system
def test_a_folder_takes_the_files_and_nothing_is_started(tmp_path):
    root = tmp_path / "root"
    said = make("install", tmp_path, DESTDIR=str(root))
    assert said.returncode == 0, said.stdout

    settings = root / "etc/aisec-daemon/aisec.toml"
    script = root / "opt/aisec-daemon/bin/aisec-daemon"
    link = root / "usr/local/bin/aisec-daemon"

    assert settings.read_text("utf-8") == (CHECKOUT / "deploy/aisec.toml").read_text("utf-8")
    assert script.read_text("utf-8").startswith("#!/opt/aisec-daemon/bin/python")
    assert str(link.readlink()) == "/opt/aisec-daemon/bin/aisec-daemon"

    make("uninstall", tmp_path, DESTDIR=str(root))
    left = [file for file in root.rglob("*") if not file.is_dir()]
    assert left == [settings]
