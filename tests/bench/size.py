"""What it takes on the disk

The wheel, and what a fresh environment holds once it is installed with all that it needs, without
pip; sums of file sizes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.report import table
from tests.daemon import ROOT

SHOWN = 5


def megabytes(folder: Path) -> float:
    files = [file for file in folder.rglob("*") if file.is_file() and not file.is_symlink()]
    return sum(file.stat().st_size for file in files) / 1e6


def measure() -> str:
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [*pip, "wheel", "--no-deps", "--wheel-dir", folder, "."]
        subprocess.run(command, cwd=ROOT, check=True)
        (wheel,) = folder.glob("*.whl")
        packages = folder / "packages"
        subprocess.run([*pip, "install", "--target", packages, wheel], check=True)
        kilobytes = wheel.stat().st_size / 1e3
        sizes = {each.name: megabytes(each) for each in packages.iterdir() if each.is_dir()}
        whole = megabytes(packages)
    order = sorted(sizes, key=lambda each: -sizes[each])
    largest = ", ".join(f"{each} {sizes[each]:.0f}" for each in order[:SHOWN])
    head = ["wheel, kB", "installed, MB", "of which ours", "largest"]
    ours = f"{sizes['aisec_daemon']:.1f}"
    return table(head, [[f"{kilobytes:.0f}", f"{whole:.0f}", ours, largest]])
