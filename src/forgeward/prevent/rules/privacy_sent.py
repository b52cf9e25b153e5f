"""Who a person is, is sent to somebody outside."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.outbound import hosts
from forgeward.prevent.flow.slices import Chain
from forgeward.prevent.flow.values import SHIFT
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule, Spot

_PERSONAL = re.compile(
    r"^(account_?id|atlassian_?id|aaid|e_?mail(_?address)?|user_?e_?mail|display_?name|public_?name|full_?name|first_?name|last_?name"
    r"|phone(_?number)?)$",
    re.IGNORECASE,
)
_ATLASSIAN = re.compile(r"(^|\.)(atlassian\.(com|net)|atl-paas\.net|jira\.com|bitbucket\.org|trello\.com)$|^localhost$")


def check(analysis: Analysis) -> Iterator[Hit]:
    """Addresses, bodies and headers of requests that hold an account id, a name or an e-mail address."""
    for request in sorted(analysis.requests.values()):
        if request.site >> SHIFT not in analysis.shipped:
            continue
        known = hosts(request, analysis.linker)
        if known and all(_ATLASSIAN.search(h) for h in known):
            continue
        for node in (request.body, request.url, request.options):
            if node >= 0 and (name := personal(analysis, node, ())):
                where = ", ".join(sorted(known)) or "another system"
                trace: list[tuple[Spot, str]] = [(node, f"holds “{name}”"), (request.site, f"is sent to {where}")]
                yield Hit(
                    request.site, f"“{name}” of a person is sent to {where}.", HIGH if known else MEDIUM, trace, (name,)
                )
                break


def personal(analysis: Analysis, node: int, chain: Chain) -> str:
    """The property that says who a person is, among what a value is made of; empty for none."""
    for origin in analysis.slicer.slice(node, chain).origins:
        if origin.sort in {"input", "call", "callback", "param"} and origin.path and _PERSONAL.match(origin.path[-1]):
            return ".".join(origin.path[-2:])
    return ""


RULE = Rule(
    id="privacy-sent",
    category="privacy",
    title="Personal data sent to another system",
    severity=Grade.LOW,
    cwe=("CWE-359",),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:L/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
    promises=("P-3", "TC-3", "TC-6", "S-3"),
    requirement="Say which personal data leaves the platform, to whom, and why.",
    why=(
        "The other system has it for good: it is no longer erased with the account, and the vendor's statement"
        " about data"
        " must name it."
    ),
    fix=(
        "Send an identifier of the app's own instead; where the function needs the person, document it and report"
        " the account."
    ),
    example="""\
await fetch('https://api.example.com/jobs', { method: 'POST', body: JSON.stringify({ job: job.id }) });
""",
    links=("https://developer.atlassian.com/platform/forge/user-privacy-guidelines/",),
    check=check,
)
