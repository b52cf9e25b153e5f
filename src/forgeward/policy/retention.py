"""How long each kind of data is kept: figures of the policy, and the instant before which a thing's time is over."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import datetime, timedelta

from forgeward.errors import BadInput
from forgeward.policy import names
from forgeward.policy.parse_fields import Reader
from forgeward.policy.targets import Target, Unit, parse_target

KEYS_MOST = Target(30, Unit.DAYS)
"""A backup of keys holds those of people who were erased since, so it may never be kept for longer."""
_LENGTHS = {
    Unit.HOURS: timedelta(hours=1),
    Unit.DAYS: timedelta(days=1),
    Unit.WEEKS: timedelta(weeks=1),
}


def read_retention(top: Reader) -> Mapping[str, Target]:
    """The section ``retention``; a kind that it does not name is kept until somebody erases it."""
    reader = top.inner("retention", tuple(names.RETENTION), required=False)
    if reader is None:
        return {}
    found = {kind: reader.parsed(kind, _length, required=False) for kind in names.RETENTION}
    keys = found.get("key_backups")
    if keys and keys.seconds_hint > KEYS_MOST.seconds_hint:
        reader.report.add(reader.at("key_backups"), f"Backups of keys are kept for {KEYS_MOST} at most, not {keys}.")
    return {kind: target for kind, target in found.items() if target}


def _length(text: str) -> Target:
    target = parse_target(text)
    if target.unit.business or target.unit is Unit.MAINTENANCE:
        raise BadInput(f"“{text}” is no time to keep data.", next="Count it in hours, days, weeks, months or years.")
    return target


def before(now: datetime, target: Target) -> datetime:
    """What is older than this has been kept for ``target``. A month is the same day of the month before, or its last.

    Raises ``KeyError`` for a unit that `read_retention` refuses.
    """
    if target.unit in {Unit.MONTHS, Unit.YEARS}:
        months = target.amount * (12 if target.unit is Unit.YEARS else 1)
        year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return now.replace(year=year, month=month + 1, day=min(now.day, last))
    return now - target.amount * _LENGTHS[target.unit]
