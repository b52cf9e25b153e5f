"""SPF (RFC 7208): may this machine send for this domain?

    check_host: record ─▶ mechanisms from the left ─▶ the first that matches says ─▶ SpfResult
                            └ include, redirect: the same again, within ten look-ups in all

Pure: look-ups are asked for (`respond.dns`). The limits of 4.6.4 hold for the whole evaluation: ten terms that look
something up, two look-ups that find nothing, ten names of one MX or PTR.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Literal, TypeAlias

import msgspec

from forgeward.respond.dns import Asking, Question, domain, domain_of
from forgeward.respond.spf_macros import Macros, MalformedMacro, expand

SpfState: TypeAlias = Literal["none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"]
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_LOOKUPS, _VOID, _NAMES = 10, 2, 10  # RFC 7208, 4.6.4
_RECORD = 4096  # characters of a record that is looked at
_TERMS = 200
_QUALIFIERS: dict[str, SpfState] = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_TERM = re.compile(r"([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)((?:[:/].*)?)", re.IGNORECASE)
_MODIFIER = re.compile(r"([a-z][a-z0-9._-]*)=(.*)", re.IGNORECASE)
_CIDR = re.compile(r"(?P<name>.*?)(?:/(?P<four>\d{1,3}))?(?://(?P<six>\d{1,3}))?")


class SpfResult(msgspec.Struct, frozen=True):
    """What SPF says. ``domain`` is whose record was asked, ``identity`` where it stood, ``why`` a word for people."""

    state: SpfState = "none"
    domain: str = ""
    identity: Literal["mailfrom", "helo"] = "mailfrom"
    why: str = ""


class Envelope(msgspec.Struct, frozen=True):
    """How a mail was handed over (RFC 5321): the client's address, its greeting, and MAIL FROM without brackets."""

    ip: str
    mail_from: str = ""
    helo: str = ""


class _Ends(Exception):  # noqa: N818 - the end of an evaluation, caught where it began
    """temperror or permerror: the whole evaluation ends."""

    def __init__(self, state: SpfState, why: str) -> None:
        super().__init__(why)
        self.state = state
        self.why = why


class _Evaluation(msgspec.Struct):
    """What is spent, over all nested records."""

    ip: Address
    macros: Macros
    lookups: int = 0
    void: int = 0


def check(envelope: Envelope) -> Asking[SpfResult]:
    """SPF for MAIL FROM, or for the greeting's name where the return path is empty (RFC 7208, 2.4)."""
    try:
        ip: Address = ipaddress.ip_address(envelope.ip.strip("[]").removeprefix("IPv6:"))
    except ValueError:
        return SpfResult(why="The address of who handed it over is not known.")
    ip = getattr(ip, "ipv4_mapped", None) or ip
    bounced = not envelope.mail_from
    sender = f"postmaster@{envelope.helo}" if bounced else envelope.mail_from
    where, identity = domain_of(sender), "helo" if bounced else "mailfrom"
    result = SpfResult(domain=where, identity=identity)  # type: ignore[arg-type]  # one of the two
    if not where or "." not in where:
        return msgspec.structs.replace(result, why="There is no domain to ask about.")
    local = sender.rpartition("@")[0] or "postmaster"
    spent = _Evaluation(ip, Macros(ip=ip, sender=f"{local}@{where}", domain=where, helo=domain(envelope.helo)))
    try:
        state = yield from _host(spent, where)
    except _Ends as ended:
        return msgspec.structs.replace(result, state=ended.state, why=ended.why)
    return msgspec.structs.replace(result, state=state)


def _host(spent: _Evaluation, where: str) -> Asking[SpfState]:
    """check_host of RFC 7208, section 4, for one domain."""
    answer = yield Question(where, "TXT")
    if answer.state == "failed":
        raise _Ends("temperror", f"The DNS did not answer for {where}.")
    records = [each for each in answer.records if each.lower() == "v=spf1" or each.lower().startswith("v=spf1 ")]
    if not records:
        return "none"
    if len(records) > 1 or len(records[0]) > _RECORD:
        raise _Ends("permerror", f"The record of {where} is not one, or too long.")
    spent.macros = msgspec.structs.replace(spent.macros, domain=where)
    return (yield from _evaluated(spent, where, records[0].split()[1:]))


def _evaluated(spent: _Evaluation, where: str, terms: list[str]) -> Asking[SpfState]:
    """The terms from the left; the first mechanism that matches says the result (RFC 7208, 4.6)."""
    redirect = _checked(where, terms)
    for term in terms:
        found = _TERM.fullmatch(term)
        if found is None:
            continue
        matches = yield from _matches(spent, where, found[2].lower(), found[3])
        if matches:
            return _QUALIFIERS[found[1] or "+"]
    if not redirect:
        return "neutral"
    _spend(spent)
    target = _expanded(spent, where, redirect)
    state = yield from _host(spent, target)
    if state == "none":
        raise _Ends("permerror", f"{where} sends on to {target}, which has no record.")
    return state


def _checked(where: str, terms: list[str]) -> str:
    """Refuses a record with a syntax error anywhere (RFC 7208, 4.6); answers its redirect."""
    redirects = []
    for term in terms[: _TERMS + 1]:
        modifier = _MODIFIER.fullmatch(term)
        if modifier and modifier[1].lower() == "redirect":
            redirects.append(modifier[2])
        elif not modifier and not _TERM.fullmatch(term):
            raise _Ends("permerror", f"The record of {where} has a term that SPF does not know: {term[:60]}")
    if len(redirects) > 1 or len(terms) > _TERMS:
        raise _Ends("permerror", f"The record of {where} is malformed.")
    return redirects[0] if redirects else ""


def _spend(spent: _Evaluation) -> None:
    spent.lookups += 1
    if spent.lookups > _LOOKUPS:
        raise _Ends("permerror", "Its records ask for more than ten look-ups.")


def _ask(spent: _Evaluation, question: Question) -> Asking[tuple[str, ...]]:
    answer = yield question
    if answer.state == "failed":
        raise _Ends("temperror", f"The DNS did not answer for {question.name}.")
    if not answer.records:
        spent.void += 1
        if spent.void > _VOID:
            raise _Ends("permerror", "Its records look for more than two names that do not exist.")
    return answer.records


def _matches(spent: _Evaluation, where: str, kind: str, rest: str) -> Asking[bool]:
    if kind == "all":
        return True
    if kind in {"ip4", "ip6"}:
        return _in_network(spent.ip, kind, rest, where)
    _spend(spent)
    if kind == "include":
        return (yield from _included(spent, where, rest))
    if kind == "exists":
        name = _expanded(spent, where, rest.removeprefix(":"))
        return bool((yield from _ask(spent, Question(name, "A"))))
    if kind == "ptr":
        return (yield from _points_back(spent, where, rest))
    return (yield from _has_address(spent, where, kind, rest))


def _in_network(ip: Address, kind: str, rest: str, where: str) -> bool:
    try:
        network = ipaddress.ip_network(rest.removeprefix(":"), strict=False)
    except ValueError:
        raise _Ends("permerror", f"The record of {where} names no network: {rest[:60]}") from None
    if network.version != int(kind[-1]):
        raise _Ends("permerror", f"The record of {where} names a network of the other kind: {rest[:60]}")
    return ip.version == network.version and ip in network


def _included(spent: _Evaluation, where: str, rest: str) -> Asking[bool]:
    """RFC 7208, 5.2: only a pass of the other record matches; one that is not there is an error."""
    before, target = spent.macros, _expanded(spent, where, rest.removeprefix(":"))
    state = yield from _host(spent, target)
    spent.macros = before
    if state == "none":
        raise _Ends("permerror", f"{where} includes {target}, which has no record.")
    return state == "pass"


def _has_address(spent: _Evaluation, where: str, kind: str, rest: str) -> Asking[bool]:
    """``a`` and ``mx`` (RFC 7208, 5.3 and 5.4), with their prefix lengths for both kinds of addresses."""
    cut = _CIDR.fullmatch(rest)
    length = int((cut and cut["four" if spent.ip.version == 4 else "six"]) or spent.ip.max_prefixlen)
    if cut is None or length > spent.ip.max_prefixlen:
        raise _Ends("permerror", f"The record of {where} has an impossible prefix: {rest[:60]}")
    named = cut["name"].removeprefix(":")
    name = _expanded(spent, where, named) if named else where
    names = (name,) if kind == "a" else (yield from _ask(spent, Question(name, "MX")))
    if len(names) > _NAMES:
        raise _Ends("permerror", f"{name} names more than ten mail servers.")
    for each in names:
        for record in (yield from _addresses(spent, each)):
            if spent.ip in ipaddress.ip_network((record, length), strict=False):
                return True
    return False


def _addresses(spent: _Evaluation, name: str) -> Asking[tuple[Address, ...]]:
    found = []
    for record in (yield from _ask(spent, Question(name, "A" if spent.ip.version == 4 else "AAAA"))):
        try:
            address: Address = ipaddress.ip_address(record)
        except ValueError:
            continue
        if address.version == spent.ip.version:
            found.append(address)
    return tuple(found)


def _points_back(spent: _Evaluation, where: str, rest: str) -> Asking[bool]:
    """``ptr`` (RFC 7208, 5.5), which nobody should publish any more."""
    named = rest.removeprefix(":")
    target = _expanded(spent, where, named) if named else where
    answer = yield Question(spent.ip.reverse_pointer, "PTR")
    for name in [each for each in map(domain, answer.records) if each][:_NAMES]:
        if name == target or name.endswith(f".{target}"):
            back = yield Question(name, "A" if spent.ip.version == 4 else "AAAA")
            if str(spent.ip) in back.records:
                return True
    return False


def _expanded(spent: _Evaluation, where: str, text: str) -> str:
    """A domain with its macros replaced; permerror where it is none."""
    try:
        name = domain(expand(text, spent.macros))
    except MalformedMacro:
        name = ""
    if not name:
        raise _Ends("permerror", f"The record of {where} names no domain: {text[:60]}")
    return name
