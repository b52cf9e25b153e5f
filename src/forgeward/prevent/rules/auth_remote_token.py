"""A remote, or whoever receives a signed token, takes it without verifying the signature."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis, closure
from forgeward.prevent.flow.constants import strings
from forgeward.prevent.flow.values import SHIFT
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule, Spot, manifest_line
from forgeward.prevent.syntax import kinds as k
from forgeward.prevent.yaml_lines import Map, leaf

_DECODES = re.compile(
    r"^(?:jsonwebtoken:(?:default\.)?decode|jose:decodeJwt|jwt-decode:(?:default|jwtDecode)?|jwt_decode:"
    r"|atlassian-jwt:decodeSymmetric|jwt-simple:decode)$"
)
_VERIFIES = re.compile(
    r"jwtVerify|compactVerify|jsonwebtoken:(?:default\.)?verify|express-jwt|express-oauth2-jwt|fastify-jwt|@fastify/jwt"
    r"|koa-jwt|passport|atlassian-connect-express|decodeAsymmetric|createRemoteJWKSet|jwks-rsa"
    r"|validateContextToken|verifyFit|nimbus"
)
_METHODS = {"get", "post", "put", "patch", "delete", "all", "use", "route"}


def check(analysis: Analysis) -> Iterator[Hit]:
    """Tokens that are decoded and never verified; routes of the manifest's endpoints in code that verifies nothing."""
    verifying = {
        s >> SHIFT for symbol, sites in analysis.calls.by_symbol.items() if _VERIFIES.search(symbol) for s in sites
    }
    verifying |= {m for m, mod in enumerate(analysis.modules) if any(_VERIFIES.search(i) for i in mod.imports)}
    for site, symbol in _decoded(analysis):
        if not closure(analysis.linker, [site >> SHIFT]) & verifying:
            message = f"{symbol.split(':')[0]} only reads this token here; nothing verifies its signature."
            yield Hit(site, message, HIGH)
    for path, line in _endpoints(analysis):
        for site in _routes(analysis, path):
            if not closure(analysis.linker, [site >> SHIFT]) & verifying:
                trace: list[tuple[Spot, str]] = [
                    (manifest_line(analysis, line), "the manifest sends invocations here"),
                    (site, "the route begins here"),
                ]
                message = f"The remote's route {path} never verifies the Forge invocation token of its caller."
                yield Hit(site, message, MEDIUM, trace, (path,))


def _decoded(analysis: Analysis) -> Iterator[tuple[int, str]]:
    """Calls that read a token without verifying it, also outside of what is shipped: a remote's server lies beside."""
    for symbol in sorted(analysis.calls.by_symbol):
        if not _DECODES.match(symbol):
            continue
        for site in analysis.calls.by_symbol[symbol]:
            if site >> SHIFT in analysis.frontend:
                continue  # a browser cannot trust itself anyway
            if "decodeSymmetric" in symbol or "jwt-simple" in symbol:
                last = analysis.ops(site)[-1]
                if analysis.text(last) != "true":  # noVerify
                    continue
            yield site, symbol


def _endpoints(analysis: Analysis) -> Iterator[tuple[str, int]]:
    for endpoint in analysis.manifest.module_items("endpoint"):
        path = endpoint.get("route", "path")
        if isinstance(endpoint, Map) and leaf(path):
            yield leaf(path).rstrip("/") or "/", endpoint.line


def _routes(analysis: Analysis, path: str) -> Iterator[int]:
    """``app.post('/path', …)`` of any server library, in any file of the repository."""
    everywhere = range(len(analysis.modules))
    for site in analysis.nodes(k.CALL, modules=everywhere):
        callee = analysis.ops(site)[0]
        first = analysis.argument(site, 0)
        listens = (
            analysis.kind(callee) == k.MEMBER
            and analysis.text(callee) in _METHODS
            and first >= 0
            and len(analysis.ops(site)) > 2
        )
        if listens and any(text.rstrip("/") == path for text in strings(first, analysis.linker)):
            yield site


RULE = Rule(
    id="auth-remote-token",
    category="authentication",
    title="Token accepted without verifying it",
    severity=Grade.CRITICAL,
    cwe=("CWE-345", "CWE-347", "CWE-306"),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    promises=("P-1", "TC-12"),
    requirement="A remote validates the Forge invocation token of every request.",
    why=(
        "The remote is on the internet. Whoever knows its address writes a token with any installation and account"
        " in it;"
        " only the signature tells that Atlassian wrote it."
    ),
    fix=(
        "Verify signature, issuer, audience (the app's id) and expiry with the keys that Atlassian publishes,"
        " before anything else."
    ),
    example="""\
const JWKS = createRemoteJWKSet(new URL('https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json'));
const { payload } = await jwtVerify(token, JWKS, { audience: APP_ID, issuer: 'forge/invocation-token' });
""",
    links=("https://developer.atlassian.com/platform/forge/remote/essentials/#the-forge-invocation-token--fit-",),
    check=check,
)
