"""The wheel, in a fresh virtual environment of every Python that is found here."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.request import urlopen

import pytest

from aisec_daemon.host.driver import has_driver
from tests.systemd.stage import CHECKOUT, environment

pytestmark = pytest.mark.system

VERSIONS = ("3.10", "3.11", "3.12", "3.13")


def pythons() -> dict[str, str]:
    """Return one interpreter of each version: the one that runs this, the system's, or pyenv's."""
    found = {f"{sys.version_info[0]}.{sys.version_info[1]}": sys.executable}
    for version in VERSIONS:
        name = f"python{version}"
        system = shutil.which(name, path="/usr/local/bin:/usr/bin")
        others = sorted(map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/{name}")))
        for place in [*([system] if system else []), *others]:
            if not subprocess.run([place, "-c", "import ensurepip, venv"], check=False).returncode:
                found.setdefault(version, place)
    return found


@pytest.fixture(scope="module")
def wheel():
    """Build it as people do."""
    subprocess.run(["make", "wheel"], cwd=CHECKOUT, check=True)
    return max((CHECKOUT / "dist").glob("*.whl"), key=lambda file: file.stat().st_mtime)


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()

    assert "aisec_daemon/app/demo.jsonl.gz" in names
    assert "aisec_daemon/py.typed" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"aisec_daemon"}


@pytest.mark.parametrize("python", pythons().values(), ids=pythons().keys())
def test_it_runs_far_from_the_checkout(python, wheel, tmp_path, capsys):
    """Help, check, and a page that answers."""
    with capsys.disabled():
        subprocess.run([python, "--version"], check=True)
    venv = tmp_path / "venv"
    subprocess.run([python, "-m", "venv", venv], check=True)
    install = [venv / "bin/pip", "install", "-q", "--no-compile", wheel]
    subprocess.run(install, cwd=tmp_path, env=environment(), check=True)
    program = venv / "bin/aisec-daemon"

    def say(*arguments):
        return subprocess.check_output([program, *arguments], cwd=tmp_path, text=True)

    settings = tmp_path / "aisec.toml"
    settings.write_text(f'listen = "127.0.0.1:0"\nstate = "{tmp_path}/state"\n')

    assert "run" in say("--help")
    assert say("check", settings) == f"{settings}: good\n"

    command = [program, "run", "--demo", "--settings", settings]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as daemon:
        said = iter(daemon.stderr.readline, "")
        url = next(found[0] for line in said if (found := re.search(r"http://\S+/metrics", line)))
        page = urlopen(url, timeout=10).read().decode()
        daemon.terminate()
        assert daemon.wait(10) == 0

    assert "aisec_web_unprotected" in page
    assert ('replayed="demo"' in page) is not has_driver(Path("/"))
