"""A secret is kept where anything that reads storage can read it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow import product
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.constants import HOLE, patterns
from forgeward.prevent.flow.outbound import literal_property
from forgeward.prevent.rules._secrets import is_secret_name, secret_origin
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule
from forgeward.prevent.syntax import kinds as k

_PROPERTY = re.compile(r"/propert(y|ies)/")


def check(analysis: Analysis) -> Iterator[Hit]:
    """``set`` instead of ``setSecret``, and secrets in properties of users, issues and content."""
    for call in analysis.storage_calls.values():
        if call.operation == "set" and call.value >= 0 and (what := _secret(analysis, call.key, call.value)):
            yield Hit(call.site, f"{what} is stored in plain: use setSecret.", MEDIUM)
    for request in analysis.product_calls.values():
        if not any(_PROPERTY.search(r) for r in product.routes(request, analysis.slicer)):
            continue
        body = literal_property(request.options, "body", analysis.linker)
        for origin in analysis.slicer.slice(body).origins if body >= 0 else ():
            if what := secret_origin(analysis, origin):
                message = (
                    f"{what} is stored in an entity property, which every app and user that sees the entity can read."
                )
                yield Hit(
                    request.site, message, HIGH, [(origin.node, "comes from here"), (request.site, "is stored here")]
                )
                break


def _secret(analysis: Analysis, key: int, value: int) -> str:
    """What is secret about a value, by its origins and names; empty when nothing is."""
    if not _is_text(analysis, value):
        return ""
    for origin in analysis.slicer.slice(value).origins:
        if what := secret_origin(analysis, origin):
            return what[0].upper() + what[1:]
    if analysis.kind(value) == k.VAR and is_secret_name(analysis.text(value)):
        return f"“{analysis.text(value)}”"
    for text in patterns(key, analysis.linker) if key >= 0 else ():
        name = text.replace(HOLE, "").strip("-_:.")
        if is_secret_name(name) and analysis.kind(value) not in {k.OBJECT, k.LITERAL}:
            return f"The entry “{name}”"
    return ""


def _is_text(analysis: Analysis, node: int) -> bool:
    """Not surely something else: a literal number or boolean, an answer, a date."""
    origins = analysis.slicer.slice(node).origins
    return not origins or not all(
        o.sort in {"computed", "new"} or (o.sort == "const" and not o.text) or _is_plain(analysis, o.node)
        for o in origins
    )


def _is_plain(analysis: Analysis, node: int) -> bool:
    return analysis.kind(node) == k.LITERAL


RULE = Rule(
    id="secret-plain-storage",
    category="secret",
    title="Secret kept in plain storage",
    severity=Grade.MEDIUM,
    cwe=("CWE-312", "CWE-522"),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:N/VA:N/SC:L/SI:L/SA:N",
    promises=("TC-8", "TC-2"),
    requirement="Secrets are stored safely (setSecret).",
    why=(
        "Plain storage is returned by queries and shown in tools; entity properties are readable through the product's"
        " API by every user who sees the entity. setSecret encrypts, and queries never return it."
    ),
    fix="Store it with setSecret and read it with getSecret, on the server only.",
    example="""\
await kvs.setSecret(`token-${context.accountId}`, payload.token);
""",
    links=("https://developer.atlassian.com/platform/forge/runtime-reference/storage-api-secret/",),
    check=check,
)
