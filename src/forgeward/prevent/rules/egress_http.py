"""Something is called without TLS."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.outbound import hosts
from forgeward.prevent.rules.base import HIGH, Hit, Rule, manifest_line

_LOCAL = ("localhost", "127.0.0.1", "[::1]", "0.0.0.0", "host.docker.internal")  # noqa: S104 - a name to look for


def check(analysis: Analysis) -> Iterator[Hit]:
    """http:// in the manifest's addresses and in requests of the code; the own machine is no network."""
    for egress in analysis.manifest.egress:
        if egress.address.startswith(("http://", "ws://")) and not any(name in egress.address for name in _LOCAL):
            yield Hit(manifest_line(analysis, egress.line), f"“{egress.address}” is reached without TLS.", HIGH)
    for remote in (analysis.manifest.tree.entries.get("remotes"),):
        for line, url in _urls(remote):
            yield Hit(manifest_line(analysis, line), f"The remote “{url}” is reached without TLS.", HIGH)
    for request in analysis.requests.values():
        for host, scheme in hosts(request, analysis.linker).items():
            if scheme == "http" and host not in _LOCAL:
                yield Hit(request.site, f"The request to {host} is sent without TLS.", HIGH, subject=(host,))


def _urls(node: object) -> Iterator[tuple[int, str]]:
    from forgeward.prevent.yaml_lines import Leaf, Map, Seq, walk

    if isinstance(node, Leaf | Map | Seq):
        for _, below in walk(node):
            if (
                isinstance(below, Leaf)
                and below.value.startswith("http://")
                and not any(n in below.value for n in _LOCAL)
            ):
                yield below.line, below.value


RULE = Rule(
    id="egress-http",
    category="egress",
    title="Traffic without TLS",
    severity=Grade.MEDIUM,
    cwe=("CWE-319",),
    vector="CVSS:4.0/AV:A/AC:H/AT:P/PR:N/UI:N/VC:H/VI:L/VA:N/SC:N/SI:N/SA:N",
    promises=("TC-4",),
    requirement="TLS 1.2 or later for all traffic.",
    why="Whoever sits on the way reads and changes what is sent: customer data, and the credentials beside it.",
    fix="Use https://.",
    example="""\
await fetch('https://api.example.com/v1/items');
""",
    links=("https://developer.atlassian.com/platform/forge/manifest-reference/permissions/",),
    check=check,
)
