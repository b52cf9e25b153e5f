"""A redirect that goes where the caller says, or that carries a secret along."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.constants import HOLE, patterns
from forgeward.prevent.flow.entries import Door
from forgeward.prevent.flow.values import MASK, SHIFT
from forgeward.prevent.rules._secrets import secret_origin
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule, Spot, function_node
from forgeward.prevent.syntax import kinds as k

_HOST_FIXED = re.compile(rf"^(https?:)?//[^/?#{HOLE}]+[/?#]|^/(?![/{HOLE}])|^[?#]")
_MOVES = re.compile(r"^:(?:window\.)?(?:location\.(?:assign|replace)|open)$|^@forge/bridge:router\.(?:open|navigate)$")
_LOCATION = re.compile(r"^:(window|document|self)?\.?location|URLSearchParams")


def check(analysis: Analysis) -> Iterator[Hit]:
    """``Location`` of what web triggers answer; in the browser, where the page is sent."""
    for entry in analysis.entries_by(Door.PUBLIC):
        base = entry.function & ~MASK
        for returned in analysis.modules[entry.function >> SHIFT].functions[entry.function & MASK].returns:
            for name in ("Location", "location"):
                yield from _answered(analysis, base | returned, name, function_node(analysis, entry.function))
    for node, target in _moves(analysis):
        if node >> SHIFT not in analysis.frontend or _is_fixed(analysis, target):
            continue
        found = next((o for o in analysis.slicer.slice(target).origins if _is_address(analysis, o.node, o.text)), None)
        if found is not None:
            trace: list[tuple[Spot, str]] = [
                (found.node, "the address of the page says so"),
                (node, "and the browser goes there"),
            ]
            yield Hit(node, "The page goes where its own address says; a link can send users anywhere.", MEDIUM, trace)


def _answered(analysis: Analysis, returned: int, name: str, start: Spot) -> Iterator[Hit]:
    for origin in analysis.slicer.slice(returned, (), ("headers", name)).origins:
        if origin.sort == "input" and origin.text == "0" and not _is_fixed_at(analysis, returned, name):
            trace: list[tuple[Spot, str]] = [
                (start, f"receives {'.'.join(origin.path)}"),
                (returned, "redirects to it"),
            ]
            yield Hit(
                returned,
                f"The web trigger redirects to “{'.'.join(origin.path)}”, which its caller chose.",
                HIGH,
                trace,
            )
            return
        if what := secret_origin(analysis, origin):
            trace = [(origin.node, f"{what} is read"), (returned, "and is part of the address")]
            yield Hit(
                returned,
                f"The redirect carries {what} in its address, where logs and other sites read it.",
                HIGH,
                trace,
            )
            return


def _is_fixed_at(analysis: Analysis, returned: int, name: str) -> bool:
    headers = analysis.prop(returned, "headers")
    value = analysis.prop(headers, name) if headers >= 0 else -1
    while value >= 0 and analysis.kind(value) == k.ARRAY and analysis.ops(value):
        value = analysis.ops(value)[0]
    return value >= 0 and _is_fixed(analysis, value)


def _is_fixed(analysis: Analysis, node: int) -> bool:
    return all(_HOST_FIXED.match(url) or HOLE not in url for url in patterns(node, analysis.linker))


def _moves(analysis: Analysis) -> Iterator[tuple[int, int]]:
    for site, _ in analysis.calls_of(lambda s: _MOVES.match(s) is not None):
        if (target := analysis.argument(site, 0)) >= 0:
            yield site, target
    for store in analysis.nodes(k.STORE):
        target, value = analysis.ops(store)
        if (analysis.text(store) == "href" and analysis.text(target) == "location") or (
            analysis.text(store) == "location" and analysis.text(target) in {"window", "document", "self", "top"}
        ):
            yield store, value


def _is_address(analysis: Analysis, node: int, text: str) -> bool:
    """The address of the page, or a part of it."""
    if _LOCATION.search(text):
        return True
    mod = analysis.module_of(node)
    n = node & MASK
    return mod.kind[n] == k.GLOBAL and mod.text[n] == "location"


RULE = Rule(
    id="injection-redirect",
    category="injection",
    title="Redirect to what the caller chose",
    severity=Grade.MEDIUM,
    cwe=("CWE-601", "CWE-598"),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:L/VI:L/VA:N/SC:L/SI:L/SA:N",
    promises=("TC-12",),
    requirement="Validate input; redirects carry no data and go only to known places.",
    why=(
        "The link shows Atlassian's address and ends on somebody else's page, which asks for a password. What an"
        " address"
        " carries is in histories, logs and the Referer header."
    ),
    fix="Redirect to a path or to a host of a list in the source; hand data over in the body.",
    example="""\
const TARGETS = { docs: 'https://docs.example.com/', home: 'https://example.com/' };
return { statusCode: 302, headers: { Location: [TARGETS[request.queryParameters.to?.[0]] ?? TARGETS.home] } };
""",
    links=("https://cwe.mitre.org/data/definitions/601.html",),
    check=check,
)
