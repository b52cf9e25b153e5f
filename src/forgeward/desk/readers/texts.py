"""Sealed texts, opened for many entries at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from forgeward.desk import programme
from forgeward.desk.models import SealedValues

ERASED = "[erased]"


def of_case(pk: int, number: str) -> Mapping[int, Mapping[str, str]]:
    """Every readable text of a case by entry number and name; erased ones are left out. One query."""
    rows = SealedValues.objects.filter(entry__case_id=pk).values_list("entry__seq", "subject", "blob")
    grouped: dict[int, list[tuple[str, bytes]]] = {}
    for seq, subject, blob in rows.iterator():
        grouped.setdefault(seq, []).append((subject, bytes(blob)))
    vault = programme.vault()
    return {seq: vault.values(f"{number}:{seq}", blobs) for seq, blobs in grouped.items()}


def erased(subjects: Sequence[str]) -> str:
    """What stands in place of a text that one of these subjects owned: with the day of the erasure."""
    vault = programme.vault()
    return next((word for subject in subjects if (word := vault.erased_word(subject)) != ERASED), ERASED)


def titles(cases: Sequence[tuple[int, str, int]]) -> Mapping[int, str]:
    """Titles of cases given as (pk, number, title_seq), by pk. One query for all."""
    place = {(pk, seq): f"{number}:{seq}" for pk, number, seq in cases}
    rows = SealedValues.objects.filter(
        entry__case_id__in=[pk for pk, _, _ in cases],
        entry__seq__in={seq for _, _, seq in cases},
    ).values_list("entry__case_id", "entry__seq", "subject", "blob")
    grouped: dict[tuple[int, int], list[tuple[str, bytes]]] = {}
    for pk, seq, subject, blob in rows:
        if (pk, seq) in place:
            grouped.setdefault((pk, seq), []).append((subject, bytes(blob)))
    vault = programme.vault()
    opened = {
        key[0]: vault.values(place[key], blobs).get("title") or erased([subject for subject, _ in blobs])
        for key, blobs in grouped.items()
    }
    return {pk: opened.get(pk, ERASED) for pk, _, _ in cases}
