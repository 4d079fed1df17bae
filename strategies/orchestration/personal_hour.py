"""The same content at the hour at which each customer has opened most: learned from openings alone."""

from dataclasses import dataclass

import numpy as np

from lifesim.strategy import CustomerView, IntArray, Luck, Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class PersonalHour:
    """On some days of the week by push: at the best hour for the customer; until enough is known, at each in turn.

    What an hour is worth is what everyone does at it, corrected by what the customer does. With one hour nothing is
    learned.

    Attributes
    ----------
    hours
        Hours of the day at which may be sent.
    enough
        Touches that have arrived, from which on the best hour is known well enough.
    prior
        Touches that what everyone does at an hour counts for.
    """

    zh = "每周若干天推送：在该客户最佳时段；未知时逐一试探。"

    content: str = "newsletter"
    weekdays: tuple[int, ...] = (2, 5)
    hours: tuple[int, ...] = (9, 12, 15, 18, 20)
    enough: int = 5
    prior: float = 20.0

    @property
    def schedule(self) -> Schedule:
        return Schedule(at=tuple(f"{hour:02}:00" for hour in self.hours), weekdays=self.weekdays)

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        now = self.hours.index(customers.now % 86_400 // 3_600)
        mine = (customers.consents_push == 1) & (customers.days_since_touch >= 1)
        if len(self.hours) > 1:
            mine &= self._chosen(customers) == now
        return Touches(customers.where(mine), self.content, "push")

    def _chosen(self, customers: CustomerView) -> IntArray:
        """Position in ``hours`` of the hour of each customer; it stays the same for a day."""
        delivered, opened = (
            np.column_stack([getattr(customers, f"{what}_at_{hour:02}") for hour in self.hours]).astype(float)
            for what in ("delivered", "opened")
        )
        everyone = opened.sum(axis=0) / np.maximum(delivered.sum(axis=0), 1.0)
        rates = (opened + self.prior * everyone) / (delivered + self.prior)
        # Days of age differ from customer to customer and stay what they are: not all are at the same hour in turn.
        in_turn = (customers.date.toordinal() + np.floor(customers.age * 365)) % len(self.hours)
        return np.where(delivered.sum(axis=1) >= self.enough, rates.argmax(axis=1), in_turn)
