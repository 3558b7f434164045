"""Why a web configuration file is refused."""

from __future__ import annotations


class WebConfigError(ValueError):
    """A web configuration file that cannot be used; one sentence for people."""
