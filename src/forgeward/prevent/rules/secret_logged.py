"""A secret is written to the logs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules._secrets import secret_origin
from forgeward.prevent.rules.base import HIGH, Hit, Rule, Spot

_LOGS = re.compile(r"^:console\.(log|info|warn|error|debug|trace|dir|table)$")


def check(analysis: Analysis) -> Iterator[Hit]:
    """Arguments of console that come from getSecret, a secret variable, or a field with the name of a secret."""
    for site, position, argument in logged(analysis):
        sliced = analysis.slicer.slice(argument)
        for origin in sliced.origins:
            if what := secret_origin(analysis, origin):
                trace: list[tuple[Spot, str]] = [(origin.node, f"{what} comes from here"), (site, "is logged")]
                message = f"{what[0].upper()}{what[1:]} is written to the log."
                yield Hit(site, message, HIGH, trace, (str(position),))
                break


def logged(analysis: Analysis) -> Iterator[tuple[int, int, int]]:
    """Every value that is logged: the call, the argument's position, its node."""
    for site, _ in analysis.calls_of(lambda s: _LOGS.match(s) is not None):
        if site >> 22 in analysis.backend:
            for position, argument in enumerate(analysis.ops(site)[1:]):
                yield site, position, argument


RULE = Rule(
    id="secret-logged",
    category="secret",
    title="Secret written to the log",
    severity=Grade.MEDIUM,
    cwe=("CWE-532",),
    vector="CVSS:4.0/AV:N/AC:L/AT:P/PR:H/UI:N/VC:H/VI:N/VA:N/SC:L/SI:L/SA:N",
    promises=("TC-8", "TC-15"),
    requirement="Secrets and tokens never enter logs.",
    why=(
        "Logs are read by more people than secrets, leave the platform by download, and are kept when the secret is "
        "rotated."
    ),
    fix="Log that the secret was there, not what it was.",
    example="""\
console.log('token present', Boolean(token));
""",
    links=("https://developer.atlassian.com/platform/forge/monitor-app-logs/",),
    check=check,
)
