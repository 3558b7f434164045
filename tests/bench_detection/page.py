"""The page: figures between two marks of a file whose other text is written by hand."""

from __future__ import annotations

from pathlib import Path

BEGIN = "<!-- figures of make bench-detection: begin; do not edit -->"
END = "<!-- figures of make bench-detection: end -->"


def put(path: Path, figures: str, begin: str = BEGIN, end: str = END) -> None:
    """Put figures between two marks of a page, at its end if it has none; make it if need be."""
    text = path.read_text(encoding="utf-8") if path.exists() else "# Mining\n"
    if (begin in text) != (end in text) or text.count(begin) > 1 or text.count(end) > 1:
        raise ValueError(f"{path} has one of the two marks without the other, or one twice")
    if begin not in text:
        text = f"{text.rstrip()}\n\n{begin}\n{end}\n"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{before}{begin}\n\n{figures.strip()}\n\n{end}{after}", encoding="utf-8")
