"""What DKIM, SPF, DMARC and ARC found out about a mail, and what that means in plain words.

    Checked (DKIM, ARC) + SpfResult + DmarcResult ─▶ Authentication ─▶ verdicts and sentences for `Signals`

A verdict is ``pass`` or ``fail`` only where something was really checked. A missing key, a DNS that did not answer or a
time that has run out is ``none``: nothing may be concluded from it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal, TypeAlias

import msgspec

from forgeward.respond.dmarc import DmarcResult
from forgeward.respond.dns import domain
from forgeward.respond.mail import Mail, Signals, Verdict, one_line
from forgeward.respond.spf import Envelope, SpfResult

DkimState: TypeAlias = Literal[
    "pass",
    "altered",  # the text is not the one that was signed
    "wrong",  # the signature does not fit the header
    "partial",  # only the beginning of the text is signed (l=)
    "weak",  # it fits, by a key or a hash that anybody could break
    "expired",  # its own time limit (x=) had passed when the mail came
    "no_key",  # the signer publishes no such key (any more)
    "bad_key",  # what it publishes cannot be used for this
    "malformed",
    "unanswered",  # the DNS did not answer
    "skipped",  # beyond the number of signatures that are looked at
]
ArcState: TypeAlias = Literal["none", "pass", "fail", "no_key", "unanswered", "skipped"]


class DkimResult(msgspec.Struct, frozen=True):
    """One DKIM signature. ``domain`` is the signer's, empty where the signature does not read."""

    state: DkimState
    domain: str = ""
    selector: str = ""
    bits: int = 0


class ArcResult(msgspec.Struct, frozen=True):
    """The ARC chain (RFC 8617). ``sealers`` are the domains that sealed it, the nearest first; ``reported`` what the
    first of them says that it found, like ``dkim=pass``."""

    state: ArcState = "none"
    sealers: tuple[str, ...] = ()
    reported: tuple[str, ...] = ()
    why: str = ""


class Checked(msgspec.Struct, frozen=True):
    """What the guarded child found: each DKIM signature in its order, and the ARC chain."""

    dkim: tuple[DkimResult, ...] = ()
    arc: ArcResult = ArcResult()


class Authentication(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of where a mail came from."""

    checked: Checked = Checked()
    spf: SpfResult = SpfResult()
    dmarc: DmarcResult = DmarcResult()

    @property
    def passing(self) -> tuple[str, ...]:
        """Domains whose DKIM signature holds, each once."""
        return tuple(dict.fromkeys(each.domain for each in self.checked.dkim if each.state == "pass"))


_FAILED = frozenset({"altered", "wrong"})
_RECEIVED = re.compile(
    r"from\s+(?P<helo>[^\s();]{1,255})\s+\((?:[^()]{0,300}?)\[(?:IPv6:)?(?P<ip>[0-9A-Fa-f.:]{2,45})\][^()]{0,300}\)"
    r"(?:\s+\([^()]{0,300}\))*\s+by\s+(?P<by>[^\s();]{1,255})",
    re.IGNORECASE,
)


def signals(found: Authentication, before: Signals) -> Signals:
    """The verdicts with their sentences, in place of those that ``before`` had; OpenPGP's stay."""
    return msgspec.structs.replace(
        before,
        dkim=dkim_verdict(found.checked.dkim),
        spf={"pass": "pass", "fail": "fail"}.get(found.spf.state, "none"),
        dmarc={"pass": "pass", "fail": "fail"}.get(found.dmarc.state, "none"),
        arc={"pass": "pass", "fail": "fail"}.get(found.checked.arc.state, "none"),
        details=(*words(found), *before.details),
    )


def dkim_verdict(results: tuple[DkimResult, ...]) -> Verdict:
    """``pass`` where one signature holds; ``fail`` where none does and at least one was found not to fit."""
    states = {each.state for each in results}
    return "pass" if "pass" in states else "fail" if states & _FAILED else "none"


def words(found: Authentication) -> tuple[str, ...]:
    """Sentences for people, the most telling first."""
    told = (_dmarc_words(found), *_dkim_words(found.checked.dkim), _spf_words(found.spf), _arc_words(found.checked.arc))
    return tuple(each for each in told if each)


def author_domain(mail: Mail) -> str:
    """The domain that DMARC asks about: the one sender's, or none where the mail names several."""
    return domain(mail.sender.address.rpartition("@")[2]) if mail.one_sender and mail.sender.address else ""


def envelope_of(received: tuple[str, ...], return_path: str, own: Collection[str]) -> Envelope | None:
    """Who handed the mail over, by the topmost Received line of a server of ours; None where no such line is there.

    Lines below it were written by whoever sent the mail, so the first one that names no server of ours ends the search.
    ``own`` are our servers' names as they stand behind “by”.
    """
    names = {domain(each) for each in own} - {""}
    envelope = None
    for line in received:
        found = _RECEIVED.match(line)
        if not found or domain(found["by"]) not in names:
            break
        envelope = Envelope(found["ip"], _bare(return_path), domain(found["helo"]))
        if domain(found["helo"]) not in names:
            break
    return envelope


def _bare(return_path: str) -> str:
    return one_line(return_path.strip().removeprefix("<").removesuffix(">"), 320)


def _dmarc_words(found: Authentication) -> str:
    dmarc, passing = found.dmarc, found.passing
    if not dmarc.domain:
        return dmarc.why
    if dmarc.state == "pass":
        how = "a signature that holds" if dmarc.by == "dkim" else "the server that handed it over"
        return f"It comes from {dmarc.domain}: {how} belongs to that domain (DMARC)."
    if dmarc.state == "fail":
        wish = {"reject": "rejected", "quarantine": "set apart"}.get(dmarc.policy) if not dmarc.testing else None
        asked = f" and asks for such mail to be {wish}" if wish else ""
        return f"Nothing proves that it comes from {dmarc.domain}, which protects its name{asked} (DMARC)."
    if dmarc.state in {"temperror", "permerror"}:
        return f"Whether it comes from {dmarc.domain} could not be checked: {dmarc.why}"
    if dmarc.domain in passing:
        return f"{dmarc.domain} does not protect its name (no DMARC), but a signature of that very domain holds."
    return f"{dmarc.domain} does not protect its name (no DMARC): anybody can write in it."


def _dkim_words(results: tuple[DkimResult, ...]) -> tuple[str, ...]:
    if not results:
        return ("It bears no DKIM signature.",)
    return tuple(dict.fromkeys(_one_dkim(each) for each in results))


def _one_dkim(result: DkimResult) -> str:
    who = f"The signature of {result.domain}" if result.domain else "A signature"
    return {
        "pass": f"{who} holds: text and header are as they left it (DKIM).",
        "altered": f"{who} does not hold: the text was changed after it was signed (DKIM).",
        "wrong": f"{who} does not hold: the header was changed, or it is forged (DKIM).",
        "partial": f"{who} covers only the beginning of the text, so it does not count (DKIM).",
        "weak": f"{who} is by a key or a method that is too weak to prove anything (DKIM).",
        "expired": f"{who} had run out when the mail came (DKIM).",
        "no_key": f"{who} cannot be checked: its key is not, or no longer, published (DKIM).",
        "bad_key": f"{who} cannot be checked: the published key does not serve for it (DKIM).",
        "malformed": f"{who} is malformed (DKIM).",
        "unanswered": f"{who} could not be checked: the DNS did not answer (DKIM).",
        "skipped": f"{who} was not looked at: the mail bears too many (DKIM).",
    }[result.state]


def _spf_words(spf: SpfResult) -> str:
    where = spf.domain
    return {
        "none": f"{where} does not say which servers send for it (SPF)." if where and not spf.why else "",
        "neutral": f"{where} says nothing about the server that handed it over (SPF).",
        "pass": f"The server that handed it over may send for {where} (SPF).",
        "fail": f"The server that handed it over may not send for {where} (SPF).",
        "softfail": f"The server that handed it over probably may not send for {where} (SPF).",
        "temperror": f"Whether the server may send for {where} could not be checked: {spf.why}",
        "permerror": f"What {where} publishes on its servers cannot be used: {spf.why}",
    }[spf.state]


def _arc_words(arc: ArcResult) -> str:
    by = ", ".join(arc.sealers[:3]) + (" and others" if len(arc.sealers) > 3 else "")
    said = f", which found {' and '.join(arc.reported)} when it came in" if arc.reported else ""
    return {
        "none": "",
        "pass": f"It was passed on under seals that hold, by {by}{said} (ARC). Trust that as you trust them.",
        "fail": f"It was passed on, and the seals do not hold: {arc.why} (ARC).",
        "no_key": f"It was passed on by {by}; a seal's key is not, or no longer, published (ARC).",
        "unanswered": f"It was passed on by {by}; the seals could not be checked, since the DNS did not answer (ARC).",
        "skipped": "It was passed on so often that its seals were not looked at (ARC).",
    }[arc.state]
