"""Front end and resolvers do not agree on a key."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.bridge import UNKNOWN
from forgeward.prevent.flow.entries import Door, Entry
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule


def check(analysis: Analysis) -> Iterator[Hit]:
    """Keys that are invoked and defined nowhere; keys that are defined and that nothing invokes."""
    asked = analysis.invocations
    defined: dict[str, Entry] = {}
    for entry in analysis.entries:
        if entry.resolver:
            defined.setdefault(entry.key, entry)
    if not asked or not defined:
        return
    for key, sites in asked.items():
        if key != UNKNOWN and key not in defined and not _answers_itself(analysis):
            yield Hit(sites[0], f"“{key}” is invoked, but no resolver defines it.", HIGH, subject=(key,))
    if UNKNOWN in asked or _is_called_otherwise(analysis):
        return
    for key, entry in defined.items():
        if key not in asked and entry.site >= 0 and entry.door == Door.USER:
            message = f"Nothing in the front end invokes “{key}”, yet everybody who can open the app may."
            yield Hit(entry.site, message, MEDIUM, subject=(key,))


def _answers_itself(analysis: Analysis) -> bool:
    """A function of the manifest that answers every key itself."""
    return any(not e.resolver for e in analysis.user_entries)


def _is_called_otherwise(analysis: Analysis) -> bool:
    """A front end that is not here, or one whose files could not be followed."""
    built = {key for key in analysis.manifest.resources if not analysis.resource_modules(key)}
    return any(key in built for _, key, _ in analysis.manifest.resource_refs)


RULE = Rule(
    id="manifest-invoke",
    category="manifest",
    title="Front end and resolvers do not agree",
    severity=Grade.LOW,
    cwe=("CWE-1164", "CWE-561"),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:L/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N",
    promises=("P-2", "TC-12"),
    requirement="Keep the surface of the app as small as its function.",
    why=(
        "A resolver that nothing needs is a door that nobody watches: it stays open to everybody who can open the app,"
        " and is forgotten when the checks of the others are reviewed. A key without resolver fails when it is used."
    ),
    fix="Remove the definition, or mend the key.",
    example="""\
resolver.define('save-settings', saveSettings);
await invoke('save-settings', settings);
""",
    links=("https://developer.atlassian.com/platform/forge/runtime-reference/custom-ui-resolver/",),
    check=check,
)
