"""Sentences with figures in them: ``within {{ targets.fix.critical }}``. A reference is a name, nothing more.

template ──pieces──▶ text and names ──segments(values)──▶ text, each part with the figure that it states
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from forgeward.errors import BadInput
from forgeward.policy.model import Contacts, Policy, Thresholds
from forgeward.policy.targets import Target

_REFERENCE = re.compile(r"\{\{ *([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*) *\}\}")
NO_ADDRESS = "an address that is not named yet"


class Segment(NamedTuple):
    """A part of a rendered sentence. ``figure`` is the reference's name where the part states a figure, else empty."""

    text: str
    figure: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """What a reference stands for. Only figures (targets, thresholds, reminders) are marked in the text."""

    text: str
    is_figure: bool = True


def pieces(template: str) -> list[str]:
    """Text and names in turn, text first. Raises ``BadInput`` where braces stand that are no reference."""
    parts = _REFERENCE.split(template)
    for text in parts[::2]:
        if "{{" in text or "}}" in text:
            raise BadInput(
                "Double braces that hold no name stand in the text.",
                next="Write a reference like {{ targets.fix.critical }}.",
            )
    return parts


def references(template: str) -> tuple[str, ...]:
    """The names that a template refers to. Raises ``BadInput`` as ``pieces`` does."""
    return tuple(pieces(template)[1::2])


def plain_text(template: str) -> str:
    """The template without its references, to look for figures that somebody wrote by hand."""
    return _REFERENCE.sub("\0", template)


def segments(template: str, values: Mapping[str, Value]) -> tuple[Segment, ...]:
    """The sentence, part by part. A value is never read as a template again. Raises ``BadInput`` for unknown names."""
    found = []
    for i, part in enumerate(pieces(template)):
        if i % 2 == 0:
            found.append(Segment(part))
        elif part in values:
            value = values[part]
            found.append(Segment(value.text, part if value.is_figure else ""))
        else:
            raise BadInput(f"Nothing is called “{part}” here.", next="Refer to targets, thresholds or contacts.")
    return tuple(segment for segment in found if segment.text)


def values_of(policy: Policy, thresholds: Thresholds | None = None) -> dict[str, Value]:
    """What sentences of this policy may refer to. ``thresholds``: a regime's own, in place of the policy's."""
    return values_from(
        policy.targets, thresholds or policy.thresholds, policy.reminders, policy.vendor.contacts, policy.vendor.name
    )


def values_from(
    targets: Mapping[str, Target],
    thresholds: Thresholds,
    reminders: tuple[int, ...],
    contacts: Contacts,
    vendor: str,
) -> dict[str, Value]:
    """The same, from the parts."""
    return {
        **{f"targets.{name}": Value(str(target)) for name, target in targets.items()},
        "thresholds.critical": Value(str(thresholds.critical)),
        "thresholds.high": Value(str(thresholds.high)),
        "thresholds.medium": Value(str(thresholds.medium)),
        "reminders": Value(f"{enumerated([str(percent) for percent in reminders])} %"),
        "contacts.security": Value(contacts.security or NO_ADDRESS, is_figure=False),
        "contacts.privacy": Value(contacts.privacy or NO_ADDRESS, is_figure=False),
        "vendor.name": Value(vendor, is_figure=False),
    }


def enumerated(words: list[str]) -> str:
    """“a, b and c”."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
