"""The app calls Atlassian with somebody's API token instead of with the platform."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.constants import HOLE, patterns
from forgeward.prevent.flow.outbound import literal_property
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule

_HOST = re.compile(
    rf"^https?://((api|auth)\.atlassian\.com|api\.bitbucket\.org|[^/{HOLE}]*\.(atlassian\.net|jira\.com)|{HOLE}\.atlassian\.net)(/|$|{HOLE})"
)
_SCHEME = re.compile(r"^(Basic|Bearer)\b", re.IGNORECASE)


def check(analysis: Analysis) -> Iterator[Hit]:
    """Requests to an Atlassian host with an Authorization header of the app's own."""
    for request in analysis.requests.values():
        urls = patterns(request.url, analysis.linker) if request.url >= 0 else frozenset()
        if not any(_HOST.match(url) for url in urls):
            continue
        headers = literal_property(request.options, "headers", analysis.linker)
        value = literal_property(headers, "authorization", analysis.linker)
        basic = literal_property(request.options, "auth", analysis.linker)
        if value < 0 and basic < 0:
            continue
        texts = patterns(value, analysis.linker) if value >= 0 else frozenset()
        scheme = next((m.group(1) for t in sorted(texts) if (m := _SCHEME.match(t))), "")
        message = f"Atlassian is called with a {scheme or 'personal'} credential instead of asUser() or asApp()."
        yield Hit(request.site, message, HIGH if scheme or basic >= 0 else MEDIUM)


RULE = Rule(
    id="token-atlassian",
    category="token",
    title="Atlassian called with a personal or API token",
    severity=Grade.MEDIUM,
    cwe=("CWE-522", "CWE-250"),
    vector="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:H/VI:L/VA:N/SC:L/SI:N/SA:N",
    promises=("P-1", "P-2", "TC-1"),
    requirement="No personal or API tokens; Runs on Atlassian does not admit them.",
    why=(
        "The token carries all permissions of the person who made it, on every site of theirs; it passes by the app's"
        " scopes, by admin consent and by the audit log of the app."
    ),
    fix="Call the product with asUser() or asApp(); ask for the scope that the call needs.",
    example="""\
await api.asUser().requestJira(route`/rest/api/3/issue/${key}`);
""",
    links=("https://developer.atlassian.com/platform/forge/runs-on-atlassian/",),
    check=check,
)
