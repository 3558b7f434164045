"""What a reader raises when it could not read."""


class UnreadableError(Exception):
    """A source could not be read: never to be confused with a source that is empty.

    `sensor` names the source as the `upkeep` table does; the message is one sentence for people.
    """

    def __init__(self, sensor: str, message: str) -> None:
        super().__init__(message)
        self.sensor = sensor
