"""Useful content to everyone as often as the contact policy lets it through: what frequency does, and nothing else."""

from dataclasses import dataclass

from lifesim.strategy import CustomerView, Luck, Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class SteadyContent:
    """Every day the next of several contents, by push, to whoever consents; how often it arrives the caps decide."""

    zh = "每天向同意者推送轮换内容，到达次数由频控决定。"

    contents: tuple[str, ...] = ("insurance_basics", "newsletter", "product_offer")
    at: str = "12:00"
    channel: str = "push"

    @property
    def schedule(self) -> Schedule:
        return Schedule(at=self.at, weekdays=(1, 2, 3, 4, 5, 6, 7))

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        content = self.contents[customers.date.toordinal() % len(self.contents)]
        return Touches(customers.where(getattr(customers, f"consents_{self.channel}") == 1), content, self.channel)
