"""What drift remembers, out of the saved state."""

from __future__ import annotations

from collections.abc import Sequence

from aisec_daemon.app import catalogue
from aisec_daemon.app.settings import Settings
from aisec_daemon.app.state import StateDir
from aisec_daemon.detectors.drift import Drift, sharing
from aisec_daemon.pipeline.pipeline import Pipeline


class ProfilesError(Exception):
    """There is nothing that can be shown; the message says why."""


def load_profiles(settings: Settings) -> Sequence[sharing.Profile]:
    """Return every series that was saved, by owner and kind."""
    folder = StateDir(settings.state)
    pipeline = Pipeline(catalogue.tables(), [Drift()], {})
    try:
        lost = folder.peek(pipeline)
    except OSError as error:
        raise ProfilesError(f"{folder.folder} cannot be read: {error.strerror}") from error
    if lost:
        raise ProfilesError(lost)
    return list(sharing.profiles(pipeline.states[Drift.rule.name]))
