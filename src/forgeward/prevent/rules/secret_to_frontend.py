"""A resolver hands a stored secret to the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow import product
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.entries import Door
from forgeward.prevent.flow.values import MASK, SHIFT
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule, Spot

_PROPERTY = re.compile(r"/propert(?:y|ies)/[^?]*(?:token|secret|api-?key|password|credential)", re.IGNORECASE)


def check(analysis: Analysis) -> Iterator[Hit]:
    """What a resolver returns comes from getSecret, as it is."""
    for entry in analysis.entries_by(Door.USER, Door.ACTION):
        base = entry.function & ~MASK
        function = analysis.modules[entry.function >> SHIFT].functions[entry.function & MASK]
        for returned in function.returns:
            for origin in analysis.slicer.slice(base | returned).origins:
                if origin.sort != "call" or not _is_secret(analysis, origin.node):
                    continue
                trace: list[tuple[Spot, str]] = [(origin.node, "the secret is read"), (base | returned, "and returned")]
                message = f"{entry.what} returns a stored secret to the browser of whoever invokes it."
                yield Hit(base | returned, message, MEDIUM if entry.admin_only else HIGH, trace, (entry.key,))
                break


def _is_secret(analysis: Analysis, node: int) -> bool:
    """``getSecret``, or a property of a user or of a thing whose name says that it holds a secret."""
    stored = analysis.storage_calls.get(node)
    if stored is not None:
        return stored.operation == "getSecret"
    call = analysis.product_calls.get(node)
    if call is None or not product.methods(call, analysis.slicer, ()) <= product.READS:
        return False
    return any(_PROPERTY.search(route) for route in product.routes(call, analysis.slicer))


RULE = Rule(
    id="secret-to-frontend",
    category="secret",
    title="Stored secret returned to the browser",
    severity=Grade.HIGH,
    cwe=("CWE-200", "CWE-522"),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:N/VA:N/SC:H/SI:H/SA:N",
    promises=("TC-8",),
    requirement="Secrets never leave the backend.",
    why=(
        "Every user who can open the app can invoke the resolver, and so has the credential; with it they act in the"
        " other system beside the app and its logs."
    ),
    fix="Return whether a secret is set, or its last four characters; let the backend make the calls that need it.",
    example="""\
resolver.define('has-token', async () => Boolean(await kvs.getSecret('token')));
""",
    links=("https://developer.atlassian.com/platform/forge/runtime-reference/storage-api-secret/",),
    check=check,
)
