"""A literal that somebody typed in is used as a key, token or password."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.outbound import literal_property
from forgeward.prevent.rules._secrets import is_secret_name, looks_typed
from forgeward.prevent.rules.base import HIGH, Hit, Rule, Spot
from forgeward.prevent.syntax import kinds as k

_HEADERS = re.compile(
    r"^(authorization|proxy-authorization|(x-)?(api|auth|access|private|secret)[-_]?(key|token|secret)|x-token|private-token|apikey)$",
    re.IGNORECASE,
)
# Outside callees that take a key: the position of its argument.
_KEYED = {
    "crypto:createHmac": 1, "crypto:createCipheriv": 1, "crypto:createDecipheriv": 1, "crypto:pbkdf2Sync": 0,
    "crypto:scryptSync": 0, "crypto:createSign": 0, "jsonwebtoken:sign": 1, "jsonwebtoken:verify": 1,
    "crypto-js:AES.encrypt": 1, "crypto-js:AES.decrypt": 1, "crypto-js:HmacSHA256": 1, "crypto-js:HmacSHA1": 1,
    "atlassian-jwt:encodeSymmetric": 1, "atlassian-jwt:decodeSymmetric": 1, "jwt-simple:encode": 1,
    "jwt-simple:decode": 1,
    "@forge/kvs:kvs.setSecret": 1, "@forge/kvs:setSecret": 1, "@forge/api:storage.setSecret": 1,
}  # fmt: skip


def check(analysis: Analysis) -> Iterator[Hit]:
    """Headers, keyed functions, and properties with the name of a secret, that receive a literal."""
    told: set[int] = set()
    for node, what in _sinks(analysis):
        sliced = analysis.slicer.slice(node)
        for origin in sliced.origins:
            if origin.sort != "const" or origin.node in told or analysis.kind(origin.node) != k.STRING:
                continue
            if looks_typed(origin.text):
                told.add(origin.node)
                trace: list[tuple[Spot, str]] = [(origin.node, "is written here"), (node, what)]
                message = f"A secret is written in the source: it is {what}."
                yield Hit(origin.node, message, HIGH, trace)


def _sinks(analysis: Analysis) -> Iterator[tuple[int, str]]:
    for site, symbol in analysis.calls_of(lambda s: s in _KEYED):
        if (node := analysis.argument(site, _KEYED[symbol])) >= 0:
            yield node, f"the key of {symbol.split(':')[1]}"
    for request in analysis.requests.values():
        headers = literal_property(request.options, "headers", analysis.linker)
        for value in sorted(analysis.linker.values(headers), key=repr) if headers >= 0 else ():
            if value[0] == "o":
                for prop in analysis.ops(int(value[1])):
                    if analysis.kind(prop) == k.PROP and _HEADERS.match(analysis.text(prop)):
                        yield analysis.ops(prop)[0], f"sent as {analysis.text(prop)}"
    yield from _named(analysis)


def _named(analysis: Analysis) -> Iterator[tuple[int, str]]:
    for prop in analysis.nodes(k.PROP):
        value = analysis.ops(prop)[0]
        written = analysis.kind(value) == k.STRING or (analysis.kind(value) == k.VAR and analysis.text(value).isupper())
        if written and is_secret_name(analysis.text(prop)):
            yield value, f"the value of “{analysis.text(prop)}”"
    for m in range(len(analysis.modules)):
        for variable in analysis.modules[m].variables:
            if is_secret_name(variable.name):
                for d in variable.defs:
                    if analysis.modules[m].kind[d] == k.STRING:
                        yield m << 22 | d, f"the value of “{variable.name}”"


RULE = Rule(
    id="secret-literal",
    category="secret",
    title="Literal used as a secret",
    severity=Grade.HIGH,
    cwe=("CWE-798", "CWE-321"),
    vector="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    promises=("TC-8",),
    requirement="Secrets are stored safely, never in code.",
    why=(
        "The literal is in the repository and in the deployed bundle, the same for all customers, and cannot be "
        "rotated alone."
    ),
    fix="Read it from an encrypted Forge variable, or from getSecret where each customer has an own one.",
    example="""\
const mac = createHmac('sha256', process.env.SIGNING_KEY).update(body).digest('hex');
""",
    links=("https://developer.atlassian.com/platform/forge/runtime-reference/storage-api-secret/",),
    check=check,
)
