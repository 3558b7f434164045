"""The page: figures between two marks of a file whose other text is written by hand."""

from __future__ import annotations

from pathlib import Path

BEGIN = "<!-- figures of make bench-detection: begin; do not edit -->"
END = "<!-- figures of make bench-detection: end -->"


def put(path: Path, figures: str) -> None:
    """Put figures between the marks of a page, at its end if it has none; make it if need be."""
    text = path.read_text(encoding="utf-8") if path.exists() else "# Mining\n"
    if (BEGIN in text) != (END in text) or text.count(BEGIN) > 1 or text.count(END) > 1:
        raise ValueError(f"{path} has one of the two marks without the other, or one twice")
    if BEGIN not in text:
        text = f"{text.rstrip()}\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{before}{BEGIN}\n\n{figures.strip()}\n\n{END}{after}", encoding="utf-8")
