"""When an Alertmanager is told what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """Seconds, and how much at once.

    `resend`: an open alert is told again after this, so that an Alertmanager that lost it learns
    of it. `expire`: when it would resolve by itself, should we fall silent. `firing`: an alert is
    kept firing so long after it was taken, since Alertmanager says nothing of one that fired and
    resolved between two looks at its group (group_wait, group_interval). `repeat`: a resolved
    alert is told again for so long. `batch` alerts go into one request; so many `changes` are taken
    from the outbox before they are delivered.
    """

    resend: float = 60.0
    expire: float = 3600.0
    firing: float = 330.0
    repeat: float = 300.0
    batch: int = 64
    changes: int = 2048

    def __post_init__(self) -> None:
        if min(self.resend, self.expire, self.batch, self.changes) <= 0:
            raise ValueError("resend, expire, batch and changes must be more than 0")
        if min(self.firing, self.repeat) < 0:
            raise ValueError("firing and repeat must not be less than 0")
        if self.expire < 4 * self.resend:
            raise ValueError("expire must be at least four times resend: some requests get lost")
