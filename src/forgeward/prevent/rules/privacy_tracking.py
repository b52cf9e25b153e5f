"""The behaviour of single people is followed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules._trackers import RECORDERS, tracker_of
from forgeward.prevent.rules.base import HIGH, Hit, Rule
from forgeward.prevent.rules.privacy_sent import personal

_NAMES = re.compile(
    r"(identify|setUser|setUserId|people\.set|setUserProperties|alias|getFS\w*|setPersonProperties|getSessionURL)$"
)
_STARTS = re.compile(r"(init|initialize|start|hotjar\.initialize|default|record)$")


def check(analysis: Analysis) -> Iterator[Hit]:
    """Recorders of sessions, and tracking calls that are told who the person is."""
    for site, symbol in analysis.calls_of(lambda s: bool(tracker_of(s.removeprefix("new ").split(":")[0]))):
        service = tracker_of(symbol.removeprefix("new ").split(":")[0])
        name = symbol.rpartition(":")[2]
        if service in RECORDERS and _STARTS.search(name or "default"):
            yield Hit(site, f"{service} records what each person does on the page.", HIGH, subject=(service,))
        elif _NAMES.search(name) or re.search(r"track|capture|event|log", name, re.IGNORECASE):
            who = next((w for a in analysis.ops(site)[1:] if (w := personal(analysis, a, ()))), "")
            if who:
                yield Hit(
                    site, f"{service} is told “{who}”: what this person does is followed.", HIGH, subject=(service,)
                )


RULE = Rule(
    id="privacy-tracking",
    category="privacy",
    title="Behaviour of people is followed",
    severity=Grade.MEDIUM,
    cwe=("CWE-359",),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:N/VA:N/SC:L/SI:N/SA:N",
    promises=("TC-6", "P-3"),
    requirement="Collect no more personal data than the function needs; analytics carries no end-user data.",
    why=(
        "The policy says that people's behaviour is not tracked. With an account id beside each event, or a"
        " recording of the"
        " screen, it is; the recording also holds what the page showed."
    ),
    fix="Count events without saying whose they are; leave recorders of sessions out.",
    example="""\
analytics.track('report opened', { source: 'panel' });   // no account id, no site
""",
    links=("https://developer.atlassian.com/platform/forge/user-privacy-guidelines/",),
    check=check,
)
