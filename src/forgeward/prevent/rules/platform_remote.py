"""Parts of the app run outside of Forge."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules.base import HIGH, Hit, Rule, manifest_line
from forgeward.prevent.yaml_lines import Map, fields, items, leaf


def check(analysis: Analysis) -> Iterator[Hit]:
    """Remotes and Connect modules of the manifest."""
    tree = analysis.manifest.tree
    for remote in items(tree.get("remotes")):
        if isinstance(remote, Map):
            message = (
                f"The remote “{leaf(remote.get('key'))}” takes data out of the platform: not eligible for Runs on "
                "Atlassian."
            )
            yield Hit(manifest_line(analysis, remote.line), message, HIGH, subject=(leaf(remote.get("key")),))
    for kind in fields(tree.get("connectModules")):
        line = tree.lines.get("connectModules", 1)
        message = f"The Connect module {kind} runs on the vendor's own servers: not eligible for Runs on Atlassian."
        yield Hit(manifest_line(analysis, line), message, HIGH, subject=(kind,))


RULE = Rule(
    id="platform-remote",
    category="platform",
    title="Part of the app runs outside of Forge",
    severity=Grade.INFO,
    cwe=("CWE-653",),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:L/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N",
    promises=("P-1", "TC-1", "TC-2", "O-3"),
    requirement="State where data is processed; remotes validate the Forge invocation token.",
    why=(
        "Isolation, encryption and residency of what runs elsewhere are the vendor's to provide and to prove, and"
        " customers with rules about them must be told."
    ),
    fix="Move it into Forge functions and storage, or document the remote, its data and its region.",
    example="""\
remotes:
  - key: backend
    baseUrl: https://api.example.com
    auth:
      appUserToken:
        enabled: true
""",
    links=("https://developer.atlassian.com/platform/forge/runs-on-atlassian/",),
    check=check,
)
