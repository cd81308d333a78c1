"""Things that happen one after the other, in the order of their moments."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime

Happening = Callable[[datetime], None]


class Clock:
    """Happenings still to come; what is planned for the past happens at once."""

    def __init__(self) -> None:
        """Nothing is planned yet."""
        self._coming: list[tuple[datetime, int, Happening]] = []
        self._planned = 0

    def at(self, moment: datetime, happening: Happening) -> None:
        """Plan something; two things of the same moment happen in the order in which they were planned."""
        self._planned += 1
        heapq.heappush(self._coming, (moment, self._planned, happening))

    def run(self, until: datetime) -> None:
        """Let everything happen up to that moment, and what follows from it."""
        while self._coming and self._coming[0][0] <= until:
            moment, _, happening = heapq.heappop(self._coming)
            happening(moment)
