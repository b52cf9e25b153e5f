"""The code calls a host that the manifest does not allow."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.outbound import hosts
from forgeward.prevent.flow.values import SHIFT
from forgeward.prevent.rules.base import MEDIUM, Hit, Rule

_PLATFORM = re.compile(r"^(localhost|127\.0\.0\.1|.*\.localhost)$")


def check(analysis: Analysis) -> Iterator[Hit]:
    """Hosts that are written in the source and match no address of their side."""
    for request in analysis.requests.values():
        backend = request.site >> SHIFT in analysis.backend
        allowed = [
            e.address for e in analysis.manifest.egress if e.kind == f"fetch.{'backend' if backend else 'client'}"
        ]
        if not backend and not any("bridge" in s for m in analysis.frontend for s in analysis.modules[m].imports):
            continue
        for host in hosts(request, analysis.linker):
            if not _PLATFORM.match(host) and not any(matches(address, host) for address in allowed):
                side = "backend" if backend else "client"
                message = f"{host} is called, but is no address of permissions.external.fetch.{side}."
                yield Hit(request.site, message, MEDIUM, subject=(host,))


def matches(address: str, host: str) -> bool:
    """Whether an address of the manifest allows a host (``*.example.com`` allows its subdomains)."""
    bare = re.sub(r"^[a-z]+://", "", address.strip().lower()).split("/")[0].split(":")[0]
    if bare in {"*", "*.*"}:
        return True
    if bare.startswith("*."):
        return host.endswith(bare[1:])
    return host == bare


RULE = Rule(
    id="egress-undeclared",
    category="egress",
    title="Call to a host that is not declared",
    severity=Grade.LOW,
    cwe=("CWE-1059",),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:L/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N",
    promises=("TC-3",),
    requirement="Every outbound call is declared and documented.",
    why=(
        "The platform blocks the call, so the function fails; or the code is dead and its data flow documented nowhere."
    ),
    fix="Declare the address, with category and inScopeEUD, and document it; or remove the call.",
    example="""\
permissions:
  external:
    fetch:
      backend:
        - address: https://api.example.com
""",
    links=("https://developer.atlassian.com/platform/forge/runtime-egress-permissions/",),
    check=check,
)
