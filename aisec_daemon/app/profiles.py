"""What drift remembers, out of the journal."""

from __future__ import annotations

from collections.abc import Sequence

from aisec_daemon.app.asking import AskError, asked
from aisec_daemon.app.settings import Settings
from aisec_daemon.detectors.drift import Drift, sharing
from aisec_daemon.journal.cases import states_of


class ProfilesError(Exception):
    """There is nothing that can be shown; the message says why."""


def load_profiles(settings: Settings) -> Sequence[sharing.Profile]:
    """Return every series that was kept, by owner and kind."""
    try:
        with asked(settings.state) as db:
            states, _ = states_of(db)
    except AskError as error:
        raise ProfilesError(str(error)) from None
    version, state = states.get(Drift.rule.name, (0, None))
    if state is None:
        raise ProfilesError("drift has not been remembered yet, or its memory is damaged")
    if Drift.memory is None or version != Drift.memory.version:
        raise ProfilesError(f"version {version} of drift's memory is not known")
    return list(sharing.profiles(state))
