"""Debian's Chromium without a window, and without a word to anyone but the page.

As a module it takes the picture in the docs: python -m tests.system.browser URL FILE.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.image
import numpy as np
from numpy.typing import NDArray

_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
_SCHEMES = {"dark": "0", "light": "1"}  # Blink's PreferredColorScheme


def browse(folder: Path, *arguments: str) -> str:
    """Run Chromium with an empty profile below `folder`; return what it prints."""
    with tempfile.TemporaryDirectory(dir=folder) as profile:
        done = subprocess.run(
            ["chromium", *_QUIET, f"--user-data-dir={profile}", *arguments],
            capture_output=True,
            text=True,
            timeout=90,
            check=True,
        )
    return done.stdout


def dom(url: str, folder: Path) -> str:
    """Return the document as the browser has understood it."""
    return browse(folder, "--dump-dom", url)


def screenshot(url: str, folder: Path, scheme: str = "light") -> NDArray[np.uint8]:
    """Return the picture, (height, width, 3)."""
    file = folder / "page.png"
    take(url, file, scheme)
    return (matplotlib.image.imread(file)[..., :3] * 255).astype(np.uint8)


def take(url: str, file: Path, scheme: str = "light", size: str = "1280,1400") -> None:
    """Write the picture into a file."""
    browse(
        file.parent,
        f"--blink-settings=preferredColorScheme={_SCHEMES[scheme]}",
        f"--window-size={size}",
        f"--screenshot={file}",
        url,
    )


if __name__ == "__main__":
    take(sys.argv[1], Path(sys.argv[2]).absolute(), size="1280,1330")
