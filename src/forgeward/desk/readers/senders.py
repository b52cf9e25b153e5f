"""What is known of whoever wrote to a case: sentences for each mail of its thread, and whether the reporter is proven.

The sentences lie sealed beside the mails, so they go when their person is erased; the verdicts stay in the history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from forgeward.desk import kept, proofs
from forgeward.desk.models import MessageRow
from forgeward.edges.home import Home
from forgeward.errors import KeyErased
from forgeward.respond.case import Case
from forgeward.respond.openpgp import shown


@dataclass(frozen=True, slots=True)
class KeyLine:
    """An OpenPGP key that somebody's mail brought along. ``hindrance``: why nothing can be encrypted to it."""

    fingerprint: str
    state: str
    hindrance: str


BY_MAIL = frozenset({"mail", "support"})  # sources whose reporter is whom a mail names


def told(case: int) -> Mapping[int, tuple[str, ...]]:
    """By the number of the history's entry: what DKIM, SPF, DMARC, ARC and OpenPGP said of that mail. One query."""
    rows = MessageRow.objects.filter(case=case, direction="in", raw__isnull=False).select_related("raw")
    found = {}
    for row in rows:
        if row.raw is None:
            continue
        try:
            head = kept.unseal(row.raw, "head", row.raw.head_blob)
        except KeyErased:
            continue
        found[row.entry_seq or 1] = tuple(str(each) for each in head.get("details", ()))
    return found


def keys(home: Home, address: str, now: datetime) -> tuple[KeyLine, ...]:
    """The keys that we have of an address, the newest first, as people compare them."""
    known = proofs.keyring(home).known(address) if address else ()
    return tuple(
        KeyLine(shown(each.certificate.fingerprint), each.state(now), each.certificate.hindrance(now)) for each in known
    )


def unverified(case: Case) -> bool:
    """Whether replies go to an address that nothing proves: the first mail had neither DMARC nor OpenPGP for it."""
    if not case.reporter or case.source not in BY_MAIL:
        return False
    return not {"dmarc:pass", "openpgp:pass"} & set(case.signals) or "openpgp:fail" in case.signals
