"""How facts begin and end, and how a severity comes into force: shared by the folds of ``evolve``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from forgeward.respond.case import Case, SeverityMark, Span
from forgeward.vocabulary import Fact


def begin(facts: dict[Fact, datetime], fact: Fact, at: datetime) -> dict[Fact, datetime]:
    """The facts with ``fact`` since ``at``; one that holds already keeps its first instant."""
    return facts if fact in facts else facts | {fact: at}


def end(case: Case, at: datetime, *facts: Fact) -> dict[str, Any]:
    """The case's facts without these; what they started stays on record as earlier spans, so no miss is lost."""
    there = [fact for fact in facts if fact in case.facts]
    if not there:
        return {}
    return {
        "facts": {fact: since for fact, since in case.facts.items() if fact not in there},
        "earlier": (*case.earlier, *(Span(fact, case.facts[fact], at) for fact in there)),
    }


def mark_severity(case: Case, facts: dict[Fact, datetime], mark: SeverityMark) -> dict[str, Any]:
    """A confirmed severity comes into force. ``URGENT`` begins with Critical or High and ends with a lower level."""
    fields: dict[str, Any] = {"severity_history": (*case.severity_history, mark), "facts": facts}
    if mark.level.urgent:
        fields["facts"] = begin(facts, Fact.URGENT, mark.at)
    elif Fact.URGENT in facts:
        fields["facts"] = {fact: since for fact, since in facts.items() if fact is not Fact.URGENT}
        fields["earlier"] = (*case.earlier, Span(Fact.URGENT, facts[Fact.URGENT], mark.at))
    return fields
