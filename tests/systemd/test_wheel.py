"""The wheel, in a fresh virtual environment of every Python there is."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.systemd.stage import CHECKOUT

pytestmark = pytest.mark.system

VERSIONS = ("3.10", "3.11", "3.12", "3.13")


def pythons():
    """Return the interpreters on the path or beside pyenv's, one of each version."""
    found = {"{}.{}".format(*sys.version_info): Path(sys.executable)}
    for version in VERSIONS:
        places = [shutil.which(f"python{version}", path="/usr/local/bin:/usr/bin")]
        places += sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
        for place in filter(None, places):
            found.setdefault(version, Path(place))
    return found
