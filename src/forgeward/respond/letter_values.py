"""What a letter's placeholders stand for in one case, in the letter's language.

A figure comes from the policy in force, so that a letter cannot promise what the policy does not. What the case does
not know yet is left out: it becomes a gap that a person fills or strikes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from forgeward.policy.model import POLICY, Policy
from forgeward.policy.targets import Target, Unit
from forgeward.respond.case import Case
from forgeward.vocabulary import Fact, Severity

_LEVELS: Final[Mapping[str, Mapping[Severity, str]]] = {
    "en": {level: level.value for level in Severity},
    "de": {
        Severity.CRITICAL: "kritisch",
        Severity.HIGH: "hoch",
        Severity.MEDIUM: "mittel",
        Severity.LOW: "niedrig",
    },
}
# After “innerhalb von”, so in the dative; one, and several.
_UNITS_DE: Final[Mapping[Unit, tuple[str, str]]] = {
    Unit.BUSINESS_DAYS: ("einem Arbeitstag", "Arbeitstagen"),
    Unit.BUSINESS_HOURS: ("einer Arbeitsstunde", "Arbeitsstunden"),
    Unit.HOURS: ("einer Stunde", "Stunden"),
    Unit.DAYS: ("einem Tag", "Tagen"),
    Unit.WEEKS: ("einer Woche", "Wochen"),
    Unit.MONTHS: ("einem Monat", "Monaten"),
    Unit.YEARS: ("einem Jahr", "Jahren"),
}
_MONTHS_DE: Final = (
    "Januar", "Februar", "März", "April", "Mai", "Juni",
    "Juli", "August", "September", "Oktober", "November", "Dezember",
)  # fmt: skip


def values(case: Case, policy: Policy, person: str, language: str) -> dict[str, str]:
    """Values by placeholder, without those that the case does not know. ``person`` is the writer's name."""
    zone = ZoneInfo(policy.time.zone)
    known = {
        "case": case.number,
        "vendor": policy.vendor.name,
        "contact": policy.vendor.contacts.security or "",
        "person": person,
        "received": day(case.facts.get(Fact.RECEIVED), language, zone),
        "answer": _within(policy, Fact.ACKNOWLEDGED, None, language),
        "level": _spoken(_LEVELS, language)[case.level] if case.level else "",
        "fix": _within(policy, Fact.SHIPPED, case.level, language) if case.level else "",
        "shipped": day(case.facts.get(Fact.SHIPPED), language, zone),
    }
    return {name: value for name, value in known.items() if value}


def receipt_values(number: str, policy: Policy, language: str) -> dict[str, str]:
    """What the automatic receipt may say. Where no time to answer is promised, it promises none."""
    soon = "sobald wir können" if language.partition("-")[0] == "de" else "as soon as we can"
    return {
        "case": number,
        "vendor": policy.vendor.name,
        "contact": policy.vendor.contacts.security or "",
        "answer": _within(policy, Fact.ACKNOWLEDGED, None, language) or soon,
    }


def within(target: Target, language: str) -> str:
    """A figure as an adverbial: “within 2 business days”, “innerhalb von 2 Arbeitstagen”."""
    german = language.partition("-")[0] == "de"
    if target.unit is Unit.MAINTENANCE:
        return "zum nächsten Wartungstermin" if german else "by the next maintenance date"
    if not german:
        return f"within {target}"
    one, several = _UNITS_DE[target.unit]
    return f"innerhalb von {one}" if target.amount == 1 else f"innerhalb von {target.amount} {several}"


def day(instant: datetime | None, language: str, zone: ZoneInfo) -> str:
    """“23 November 2026”, “23. November 2026”; empty for no instant."""
    if instant is None:
        return ""
    local = instant.astimezone(zone)
    if language.partition("-")[0] == "de":
        return f"{local.day}. {_MONTHS_DE[local.month - 1]} {local.year}"
    return f"{local.day} {local:%B} {local.year}"


def _within(policy: Policy, stops: Fact, level: Severity | None, language: str) -> str:
    rules = (at.rule for at in policy.rules() if at.regime == POLICY)
    found = (rule for rule in rules if rule.stops is stops and rule.target and rule.runs_for(level))
    rule = next(found, None)
    return within(rule.target, language) if rule and rule.target else ""


def _spoken(table: Mapping[str, Mapping[Severity, str]], language: str) -> Mapping[Severity, str]:
    return table.get(language.partition("-")[0], table["en"])


__all__ = ["day", "receipt_values", "values", "within"]
