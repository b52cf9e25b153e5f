"""The check of TC-10: how old the last scan in CI of each app is. Its evidence is as old as the oldest of them."""

from __future__ import annotations

from datetime import datetime

from forgeward.desk.models import EvidenceRow
from forgeward.desk.scanned import ages

CHECK = "check:ci_scanning"


def record(now: datetime) -> None:
    """Keeps what is seen after a scan was handed in. Nothing changes while time passes but the age of it."""
    seen = ages()
    if not seen:
        return
    oldest = min(seen, key=lambda each: each.at)
    unread = [each.app for each in seen if not each.complete]
    count = f"{len(seen)} apps are" if len(seen) > 1 else f"{oldest.app} is"
    what = f"{count} scanned in CI; the oldest scan is that of {oldest.app}, of {oldest.at:%Y-%m-%d %H:%M}Z."
    if unread:
        what += f" Not scanned whole: {', '.join(unread)}."
    last = EvidenceRow.objects.filter(mechanism=CHECK).order_by("-pk").first()
    if last is None or last.what != what[:300]:
        EvidenceRow.objects.create(mechanism=CHECK, at=min(oldest.at, now), ok=True, what=what[:300])
