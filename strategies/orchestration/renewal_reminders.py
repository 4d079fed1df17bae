"""Reminders around the due date of a premium: messages before it and in grace, and a call by the desk late in grace."""

from dataclasses import dataclass

from lifesim.strategy import CustomerView, Luck, Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class RenewalReminders:
    """Every morning: to whom a premium falls due, or fell due and is not paid, by the number of days.

    Attributes
    ----------
    messages
        Days after the due date on which a message goes out by SMS; below zero before it.
    calls
        Days on which the desk calls with help: another debit, a loan on the policy, an answer to what displeased.
    """

    zh = "每天早晨按距到期日的天数提醒应缴未缴的保费。"
    service = True

    messages: tuple[int, ...] = (-30, -7, 3, 20)
    calls: tuple[int, ...] = ()
    at: str = "10:15"
    message: str = "premium_notice"
    call: str = "premium_help"

    @property
    def schedule(self) -> Schedule:
        return Schedule(at=self.at)

    def touch(self, customers: CustomerView, luck: Luck) -> list[Touches]:
        since_due = -customers.days_to_due

        def on(days: tuple[int, ...]) -> object:
            return sum(((since_due >= day) & (since_due < day + 1) for day in days), start=since_due > 10_000)

        return [
            Touches(customers.where(on(self.messages)), self.message, "sms"),
            Touches(customers.where(on(self.calls)), self.call, "call"),
        ]
