"""The default policy as text, and one changed in one place."""

from datetime import date

from forgeward.policy import document
from forgeward.policy.defaults import default_policy_text
from forgeward.policy.model import Policy

DEFAULT = default_policy_text("Lattice & Loom", date(2026, 1, 1), "Europe/London")


def changed(*pairs: tuple[str, str], text: str = DEFAULT) -> str:
    """The text with each (old, new) replaced once; the old must stand there exactly once."""
    for old, new in pairs:
        assert text.count(old) == 1, f"{text.count(old)} times: {old}"
        text = text.replace(old, new)
    return text


def policy(*pairs: tuple[str, str]) -> Policy:
    return document.load(changed(*pairs))


def line_of(text: str, part: str) -> int:
    """The line (from 1) on which ``part`` begins."""
    return text.count("\n", 0, text.index(part)) + 1
