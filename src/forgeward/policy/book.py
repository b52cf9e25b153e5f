"""Which policy was in force when. Clocks ask it, since a figure that changed midway never improves the past."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime, time
from zoneinfo import ZoneInfo

from forgeward.errors import BadInput
from forgeward.policy.model import Policy


def in_force_from(policy: Policy, adopted_at: datetime) -> datetime:
    """The instant from which an adopted policy counts: its adoption, or the start of its effective date if later."""
    begins = datetime.combine(policy.effective, time.min, tzinfo=ZoneInfo(policy.time.zone))
    return max(adopted_at, begins.astimezone(adopted_at.tzinfo))


class PolicyBook:
    """The adopted policies, each with the instant (UTC) from which it is in force, in ascending order.

    What happened before the first adoption is judged by the first policy: a report may be older than the home.
    """

    __slots__ = ("_instants", "adopted")

    def __init__(self, adopted: Iterable[tuple[datetime, Policy]]) -> None:
        """Raises ``BadInput`` when nothing was adopted, an instant has no zone, or the instants do not ascend."""
        self.adopted: tuple[tuple[datetime, Policy], ...] = tuple(adopted)
        self._instants = [at for at, _ in self.adopted]
        if not self.adopted:
            raise BadInput("No policy has been adopted.", next="Run `forgeward policy adopt`.")
        if any(at.tzinfo is None for at in self._instants):
            raise BadInput("An instant of adoption has no zone.", next="Give instants in UTC.")
        if any(b <= a for a, b in zip(self._instants, self._instants[1:], strict=False)):
            raise BadInput("Policies must be given in the order in which they came into force.")

    @classmethod
    def of(cls, adoptions: Iterable[tuple[datetime, Policy]]) -> PolicyBook:
        """From (adopted at, policy) in the order of adoption.

        A policy that was superseded before its effective date was never in force, so it is left out.
        """
        entries: list[tuple[datetime, Policy]] = []
        for adopted_at, policy in adoptions:
            begins = in_force_from(policy, adopted_at)
            while entries and entries[-1][0] >= begins:
                entries.pop()
            entries.append((begins, policy))
        return cls(entries)

    def at(self, instant: datetime) -> Policy:
        """The policy in force at ``instant``."""
        return self.adopted[max(bisect_right(self._instants, instant) - 1, 0)][1]

    @property
    def latest(self) -> Policy:
        """The last one adopted, whether or not its effective date has come."""
        return self.adopted[-1][1]

    @property
    def first(self) -> Policy:
        return self.adopted[0][1]

    def __hash__(self) -> int:
        return hash(self.adopted)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PolicyBook) and other.adopted == self.adopted

    def __repr__(self) -> str:
        return f"PolicyBook({[(at.isoformat(), p.version) for at, p in self.adopted]})"
