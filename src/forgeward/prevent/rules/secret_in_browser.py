"""A credential is used or kept in the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.constants import HOLE, patterns
from forgeward.prevent.flow.outbound import literal_property
from forgeward.prevent.flow.values import SHIFT
from forgeward.prevent.rules._secrets import is_secret_name
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule, Spot
from forgeward.prevent.syntax import kinds as k

_KEEPS = re.compile(r"^:(?:window\.)?(?:local|session)Storage\.setItem$|^js-cookie:(?:default\.|set|)\.?set$")
_INVOKE = re.compile(r"^@forge/bridge:invoke(Remote)?$|^new :Resolver")


def check(analysis: Analysis) -> Iterator[Hit]:
    """Authorization headers of the front end, tokens that a resolver is asked for, and what the browser keeps."""
    for request in analysis.requests.values():
        if request.site >> SHIFT not in analysis.frontend:
            continue
        headers = literal_property(request.options, "headers", analysis.linker)
        value = literal_property(headers, "authorization", analysis.linker)
        if value >= 0 and any(HOLE in t or len(t) > 20 for t in patterns(value, analysis.linker)):
            yield Hit(request.site, "The browser sends a credential; every user of the page can read it there.", HIGH)
    for site, _ in analysis.calls_of(lambda s: _KEEPS.match(s) is not None):
        if site >> SHIFT in analysis.frontend and any(
            is_secret_name(t) for t in patterns(site_argument(analysis, site), analysis.linker)
        ):
            yield Hit(site, "A token is kept in the browser, where every script of the page reads it.", HIGH)
    yield from _handed_back(analysis)


def site_argument(analysis: Analysis, site: int) -> int:
    """The first argument of a call, or the call itself where it has none."""
    first = analysis.argument(site, 0)
    return first if first >= 0 else site


def _handed_back(analysis: Analysis) -> Iterator[Hit]:
    """``invoke('x', { token })`` with a token that another invocation gave: it went through the browser."""
    for site, _ in analysis.calls_of(lambda s: _INVOKE.match(s) is not None):
        payload = analysis.argument(site, 1)
        if site >> SHIFT not in analysis.frontend or payload < 0:
            continue
        for value in sorted(analysis.linker.values(payload), key=repr):
            for prop in analysis.ops(int(value[1])) if value[0] == "o" else ():
                if analysis.kind(prop) != k.PROP or not is_secret_name(analysis.text(prop)):
                    continue
                given = next(
                    (
                        o
                        for o in analysis.slicer.slice(analysis.ops(prop)[0]).origins
                        if o.sort == "call" and _INVOKE.match(o.text)
                    ),
                    None,
                )
                if given is not None:
                    trace: list[tuple[Spot, str]] = [
                        (given.node, "the backend gives it to the browser"),
                        (site, "and the browser gives it back"),
                    ]
                    message = f"“{analysis.text(prop)}” travels through the browser, although the backend has it."
                    yield Hit(site, message, MEDIUM, trace)


RULE = Rule(
    id="secret-in-browser",
    category="secret",
    title="Credential in the browser",
    severity=Grade.MEDIUM,
    cwe=("CWE-522", "CWE-922"),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:N/VA:N/SC:L/SI:L/SA:N",
    promises=("TC-8",),
    requirement="Secrets never leave the backend.",
    why=(
        "What is in the page can be read by its user, by extensions, and by any script that gets into it; and what"
        " was kept"
        " there stays after the session."
    ),
    fix="Let a resolver make the call: the backend reads the secret, and hands back only the answer.",
    example="""\
const items = await invoke('items');   // the resolver reads the token with getSecret and calls the other system
""",
    links=("https://developer.atlassian.com/platform/forge/runtime-reference/storage-api-secret/",),
    check=check,
)
