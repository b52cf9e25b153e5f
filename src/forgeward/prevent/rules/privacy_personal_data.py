"""Names, e-mail addresses or account ids are logged or stored."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.values import MASK
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule
from forgeward.prevent.rules.secret_logged import logged
from forgeward.prevent.syntax import kinds as k

_PERSONAL = re.compile(
    r"^(e_?mail(_?address)?|user_?e_?mail|display_?name|public_?name|full_?name|first_?name|last_?name|phone(_?number)?)$",
    re.IGNORECASE,
)


def check(analysis: Analysis) -> Iterator[Hit]:
    """Arguments of console and values of storage that end in a property with such a name."""
    for site, position, argument in logged(analysis):
        if name := _personal(analysis, argument):
            yield Hit(site, f"“{name}” of a person is written to the log.", HIGH, subject=(str(position),))
    for call in analysis.storage_calls.values():
        if call.operation in {"set", "batchSet"} and call.value >= 0 and (name := _personal(analysis, call.value)):
            yield Hit(call.site, f"“{name}” of a person is kept in storage.", MEDIUM)


def _personal(analysis: Analysis, node: int) -> str:
    """A property with such a name among what a value is made of, here or in its variables."""
    waiting, seen = [(node, 0)], set[int]()
    while waiting:
        at, depth = waiting.pop()
        if at in seen or depth > 5:
            continue
        seen.add(at)
        kind, text = analysis.kind(at), analysis.text(at)
        if kind == k.MEMBER and _PERSONAL.match(text):
            return text
        if kind == k.VAR:
            mod = analysis.module_of(at)
            defs = mod.variables[mod.ops[at & MASK][0]].defs
            waiting += [(at & ~MASK | d, depth + 1) for d in defs]
        elif kind in {k.TEMPLATE, k.BINARY, k.OBJECT, k.PROP, k.ARRAY, k.CHOICE, k.AWAIT}:
            if kind != k.BINARY or analysis.text(at) == "+":
                waiting += [(o, depth + 1) for o in analysis.ops(at)]
        elif kind == k.CALL and analysis.calls.symbols.get(at) == (":JSON.stringify",):
            waiting += [(o, depth + 1) for o in analysis.ops(at)[1:]]
    return ""


RULE = Rule(
    id="privacy-personal-data",
    category="privacy",
    title="Personal data logged or stored",
    severity=Grade.LOW,
    cwe=("CWE-359", "CWE-532"),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:H/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
    promises=("P-3", "TC-6"),
    requirement="Store no more personal data than needed; report it with the personal data reporting API.",
    why=(
        "Names and addresses change, and people may have them erased. A copy in logs or storage misses both, and must "
        "be reported to Atlassian every 7 days."
    ),
    fix="Keep the account id where one is needed, and ask the product for the name when it is shown.",
    example="""\
await kvs.set(`owner-${projectId}`, { accountId: context.accountId });
""",
    links=("https://developer.atlassian.com/platform/forge/user-privacy-guidelines/",),
    check=check,
)
