"""Policies that follow the house's first one, each with some figures changed."""

from __future__ import annotations

from datetime import date, datetime

from forgeward.desk.actions import policies
from forgeward.policy.defaults import default_policy_text
from forgeward.policy.document import Policy
from forgeward.vocabulary import Actor

FIRST = default_policy_text("Lattice & Loom", date(2026, 1, 1), "Europe/London")


def changed(version: int, *swaps: tuple[str, str]) -> str:
    """The house's policy as ``version``, with texts swapped that stand in it exactly once."""
    text = FIRST
    for old, new in (("version: 1\n", f"version: {version}\n"), *swaps):
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the default policy"
        text = text.replace(old, new)
    return text


def adopt(text: str, actor: Actor, at: datetime) -> Policy:
    return policies.adopt(policies.propose(text, actor, at), actor, at)
