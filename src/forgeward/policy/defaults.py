"""The complete default policy, and the examples made from it: one template, filled with a vendor's own facts.

``default.yaml`` holds every sentence, figure and mechanism once; an example differs only in who promises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from forgeward.errors import BadInput, NotFound
from forgeward.policy.calendar import check_zone
from forgeward.policy.model import Reference
from forgeward.policy.parse_values import address, link
from forgeward.policy.parse_yaml import unprintable

_PLACEHOLDER = re.compile(r"%([A-Z]+)%")
_LONGEST_NAME = 200

PLATFORM_REFERENCES = (
    Reference("Forge data residency", "https://developer.atlassian.com/platform/forge/data-residency/"),
    Reference("Atlassian Trust", "https://www.atlassian.com/trust"),
)


@dataclass(frozen=True, slots=True)
class Details:
    """What differs between two vendors that promise the same. ``None`` for an address: not named yet."""

    name: str
    effective: date
    zone: str = "UTC"
    apps: tuple[str, ...] = ()
    profile: str | None = None
    security: str | None = None
    privacy: str | None = None
    references: tuple[Reference, ...] = PLATFORM_REFERENCES


# Almbase's Partner Security Policy, effective 5 May 2026. Its zone and holidays are not published, so UTC stands.
EXAMPLES: Mapping[str, Details] = {
    "almbase": Details(
        name="Almbase",
        effective=date(2026, 5, 5),
        apps=("Field Radar",),
        security="security@almbase.com",
        privacy="apps@almbase.com",
    )
}


def default_policy_text(vendor_name: str, effective: date, zone: str) -> str:
    """The default policy for this vendor, as YAML that passes ``document.check``.

    ``vendor_name`` may hold quotes, line breaks (folded to blanks) and any printable character. Its addresses are not
    named yet, and its sentences say so. Raises ``BadInput`` for an empty or unprintable name and an unknown zone.
    """
    return policy_text(Details(vendor_name, effective, zone))


def example_policy_text(example: str) -> str:
    """A ready instance by its name in ``EXAMPLES``. Raises ``NotFound``."""
    if example not in EXAMPLES:
        raise NotFound(f"There is no example “{example}”.", next=f"Choose one of: {', '.join(EXAMPLES)}.")
    return policy_text(EXAMPLES[example])


def policy_text(details: Details) -> str:
    """The template filled in. Raises ``BadInput`` where a detail cannot stand in a policy."""
    name = " ".join(details.name.split())
    if not name or len(name) > _LONGEST_NAME:
        raise BadInput(f"A vendor's name has 1 to {_LONGEST_NAME} characters.", next="Give it with --vendor.")
    filled = {
        "EFFECTIVE": details.effective.isoformat(),
        "VENDOR": quoted(name),
        "PROFILE": "null" if details.profile is None else quoted(link(details.profile)),
        "APPS": f"[{', '.join(quoted(app) for app in details.apps)}]",
        "SECURITY": "null" if details.security is None else quoted(address(details.security)),
        "PRIVACY": "null" if details.privacy is None else quoted(address(details.privacy)),
        "ZONE": quoted(check_zone(details.zone)),
        "REFERENCES": "".join(
            f"\n  - title: {quoted(reference.title)}\n    url: {quoted(link(reference.url))}"
            for reference in details.references
        ),
    }
    template = files("forgeward.policy").joinpath("default.yaml").read_text("utf-8")
    # One pass, so that a name which looks like a placeholder stays a name.
    return _PLACEHOLDER.sub(lambda found: filled[found[1]], template)


def quoted(text: str) -> str:
    """A double-quoted YAML scalar (YAML 1.2.2, section 7.3.1) of one line. Raises ``BadInput`` for odd characters."""
    if odd := unprintable(text):
        raise BadInput(f"The character U+{ord(odd):04X} cannot stand in a policy.", next="Write it without.")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
