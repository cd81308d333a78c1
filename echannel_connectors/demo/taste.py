"""What people want: which items are put into baskets, season by season."""

from __future__ import annotations

import random
from datetime import date
from itertools import accumulate

from echannel_connectors.demo.catalogue import ITEMS, Item
from echannel_connectors.demo.story import SEASONS, Story


class Taste:
    """Chooses items by what they weigh in that month."""

    def __init__(self, story: Story, rng: random.Random) -> None:
        """Remember the story: some products come later, some go out of fashion."""
        self.story, self.rng = story, rng
        self._months: dict[tuple[int, int, bool], list[float]] = {}

    def choose(self, day: date, how_many: int) -> list[int]:
        """Numbers of items, perhaps the same one twice."""
        key = (day.year, day.month, day >= self.story.retired_on)
        if key not in self._months:
            self._months[key] = list(accumulate(self._weight(item, day) for item in ITEMS))
        return self.rng.choices(range(len(ITEMS)), cum_weights=self._months[key], k=how_many)

    def _weight(self, item: Item, day: date) -> float:
        one = item.product
        if one.role == "dead" and day >= self.story.retired_on:
            return 0.0
        if one.role == "new" and day < date(self.story.today.year - 1, 4, 1):
            return 0.0
        return one.weight * float(item.share) * SEASONS[one.season][day.month - 1]
