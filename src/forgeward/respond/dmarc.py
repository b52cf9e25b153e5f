"""DMARC (RFC 9989): is the From domain the one that DKIM or SPF vouch for, and what does its owner ask for?

    From domain ─▶ its record, else the one of its Organizational Domain (tree walk, 4.10) ─▶ alignment ─▶ DmarcResult

Pure: look-ups are asked for (`respond.dns`). No list of public suffixes is needed: the DNS itself says where an
organisation begins.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from forgeward.respond.dns import Asking, Question

Policy: TypeAlias = Literal["none", "quarantine", "reject"]
DmarcState: TypeAlias = Literal["none", "pass", "fail", "temperror", "permerror"]

_LABELS = 8  # RFC 9989, 4.10: at most eight look-ups for a name of any length
_IDENTIFIERS = 5  # domains of passing signatures that are tried
_POLICIES: dict[str, Policy] = {"none": "none", "quarantine": "quarantine", "reject": "reject"}


class Record(msgspec.Struct, frozen=True):
    """A DMARC policy record (RFC 9989, 4.7). ``relaxed_*`` is the alignment asked for, ``testing`` is ``t=y``."""

    policy: Policy = "none"
    subdomains: Policy | None = None
    missing: Policy | None = None
    relaxed_dkim: bool = True
    relaxed_spf: bool = True
    testing: bool = False
    psd: Literal["y", "n", "u"] = "u"


class DmarcResult(msgspec.Struct, frozen=True):
    """What DMARC says. ``domain`` is the From domain, ``record_at`` whose record counted, ``by`` what aligned."""

    state: DmarcState = "none"
    domain: str = ""
    record_at: str = ""
    policy: Policy = "none"
    by: Literal["", "dkim", "spf"] = ""
    aligned: str = ""
    testing: bool = False
    why: str = ""


class _Failed(Exception):  # noqa: N818 - the DNS did not answer; caught where the evaluation began
    """A look-up failed: the answer is temperror."""


def evaluate(author: str, dkim: tuple[str, ...], spf: str) -> Asking[DmarcResult]:
    """DMARC for the From domain. ``dkim`` are the domains of signatures that hold, ``spf`` the one that SPF passed."""
    if not author:
        return DmarcResult(why="It does not name one sender, so there is no domain to ask.")
    result = DmarcResult(domain=author)
    try:
        walked = yield from _walk(author)
        record_at, record = _policy(author, walked)
        if record is None:
            return result
        result = msgspec.structs.replace(
            result, record_at=record_at, policy=_applied(record, author == record_at), testing=record.testing
        )
        by, aligned = yield from _aligned(author, record, dkim, spf, walked)
    except _Failed as failed:
        return msgspec.structs.replace(result, state="temperror", why=f"The DNS did not answer for {failed}.")
    return msgspec.structs.replace(result, state="pass" if by else "fail", by=by, aligned=aligned)


def parse(text: str) -> Record | None:
    """A policy record; None where the text is none. Unknown tags are left out, bad values stand for none said."""
    pieces = [piece.partition("=") for piece in text.split(";")]
    tags = {name.strip().lower(): value.strip().lower() for name, _, value in pieces}
    if not pieces or pieces[0][0].strip().lower() != "v" or pieces[0][2].strip() != "DMARC1":
        return None
    return Record(
        policy=_POLICIES.get(tags.get("p", ""), "none"),
        subdomains=_POLICIES.get(tags.get("sp", "")),
        missing=_POLICIES.get(tags.get("np", "")),
        relaxed_dkim=tags.get("adkim") != "s",
        relaxed_spf=tags.get("aspf") != "s",
        testing=tags.get("t") == "y",
        psd="y" if tags.get("psd") == "y" else "n" if tags.get("psd") == "n" else "u",
    )


def organization(domain: str, walked: dict[str, Record]) -> str:
    """The Organizational Domain by the records that a tree walk from ``domain`` found (RFC 9989, 4.10.2)."""
    for name, record in walked.items():
        if record.psd == "n":
            return name
        if record.psd == "y" and name != domain:
            labels = domain.split(".")
            return ".".join(labels[-(name.count(".") + 2) :])
    return list(walked)[-1] if walked else domain


def _walk(domain: str) -> Asking[dict[str, Record]]:
    """The tree walk (RFC 9989, 4.10): records by name, the longest name first."""
    found: dict[str, Record] = {}
    for name in _steps(domain):
        record = yield from _record(name)
        if record is not None:
            found[name] = record
            if record.psd != "u":
                break
    return found


def _steps(domain: str) -> list[str]:
    """The names that are asked: all parents, but of long names only the last seven labels' after the whole."""
    labels = domain.split(".")
    shortest = labels[1:] if len(labels) < _LABELS else labels[-(_LABELS - 1) :]
    return [domain, *(".".join(shortest[i:]) for i in range(len(shortest)))]


def _record(name: str) -> Asking[Record | None]:
    answer = yield Question(f"_dmarc.{name}", "TXT")
    if answer.state == "failed":
        raise _Failed(name)
    records = [record for record in map(parse, answer.records) if record is not None]
    return records[0] if len(records) == 1 else None  # several are none (RFC 9989, 4.10)


def _policy(author: str, walked: dict[str, Record]) -> tuple[str, Record | None]:
    """Whose record counts (RFC 9989, 4.10.1): the domain's own, its organisation's, its public suffix's."""
    for name in (author, organization(author, walked), *walked):
        if name in walked:
            return name, walked[name]
    return "", None


def _applied(record: Record, own: bool) -> Policy:
    return record.policy if own else record.subdomains or record.policy


def _aligned(
    author: str, record: Record, dkim: tuple[str, ...], spf: str, walked: dict[str, Record]
) -> Asking[tuple[Literal["", "dkim", "spf"], str]]:
    """What vouches for the From domain itself, or (relaxed) for its organisation (RFC 9989, 4.4)."""
    tried = [("dkim", each, record.relaxed_dkim) for each in dict.fromkeys(dkim)][:_IDENTIFIERS]
    if spf:
        tried.append(("spf", spf, record.relaxed_spf))
    for kind, each, _ in tried:
        if each == author:
            return kind, each  # type: ignore[return-value]  # one of the two
    own = organization(author, walked)
    for kind, each, relaxed in tried:
        if relaxed and _related(each, own):
            other = organization(each, (yield from _walk(each)))
            if other == own:
                return kind, each  # type: ignore[return-value]  # one of the two
    return "", ""


def _related(domain: str, organization: str) -> bool:
    """Only a name at or below an organisation can have it as its own: others need no walk."""
    return domain == organization or domain.endswith(f".{organization}")
