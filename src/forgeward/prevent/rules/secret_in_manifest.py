"""A credential stands in the manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules._secrets import is_secret_name, looks_typed
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule, manifest_line
from forgeward.prevent.yaml_lines import Leaf, walk

_IN_URL = re.compile(
    r"https?://[^/\s:@]+:[^/\s@$]{6,}@|[?&](?:api_?key|token|access_token|client_secret|key)=[A-Za-z0-9_\-]{12,}",
    re.IGNORECASE,
)
_SENT = {"headers", "queryParameters", "overrides", "query"}
_HEADER = re.compile(
    r"^(authorization|proxy-authorization|cookie|(x-)?(api|auth|access|private)[-_]?(key|token|secret))$", re.IGNORECASE
)


def check(analysis: Analysis) -> Iterator[Hit]:
    """Fields with the name of a secret, headers and parameters of providers and remotes, and credentials in URLs."""
    for path, node in walk(analysis.manifest.tree):
        if not isinstance(node, Leaf) or not path:
            continue
        words = [p for p in path if not p.isdigit()]
        name, value = words[-1] if words else "", node.value
        if _IN_URL.search(value):
            yield Hit(
                manifest_line(analysis, node.line),
                "An address in the manifest carries a credential.",
                HIGH,
                subject=path,
            )
        elif (is_secret_name(name) or _HEADER.match(name)) and _is_value(value):
            provider = "providers" in words or bool(_SENT & set(words))
            message = f"“{name}” is written in the manifest."
            yield Hit(manifest_line(analysis, node.line), message, HIGH if provider else MEDIUM, subject=path)


def _is_value(value: str) -> bool:
    """Something typed in; neither the name of a variable nor a placeholder that the CLI fills."""
    return "${" not in value and "{{" not in value and looks_typed(value)


RULE = Rule(
    id="secret-in-manifest",
    category="secret",
    title="Credential in the manifest",
    severity=Grade.HIGH,
    cwe=("CWE-798", "CWE-312"),
    vector="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    promises=("TC-8",),
    requirement="Secrets are stored safely, never in code.",
    why=(
        "The manifest is in the repository, is sent with every deployment, and parts of it are shown to administrators."
        " A client's secret in it is everybody's."
    ),
    fix="Give the secret of a provider with `forge providers configure`; keep others in encrypted variables.",
    example="""\
providers:
  auth:
    - key: example
      type: oauth2
      clientId: 6f1c   # public; the secret is set with: forge providers configure -e production
""",
    links=("https://developer.atlassian.com/platform/forge/cli-reference/providers-configure/",),
    check=check,
)
