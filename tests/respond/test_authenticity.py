"""What people read about where a mail came from, and when a verdict may be drawn."""

from __future__ import annotations

from typing import get_args

import pytest

from forgeward.respond.authenticity import (
    ArcResult,
    ArcState,
    Authentication,
    Checked,
    DkimResult,
    DkimState,
    author_domain,
    dkim_verdict,
    envelope_of,
    signals,
    words,
)
from forgeward.respond.dmarc import DmarcResult, DmarcState
from forgeward.respond.mail import Address, Mail, Signals
from forgeward.respond.spf import Envelope, SpfResult, SpfState

ORG = "example.org"


def found(
    dkim: DkimState | None = None, dmarc: DmarcState = "none", spf: SpfState = "none", arc: ArcState = "none"
) -> Authentication:
    results = (DkimResult(dkim, ORG),) if dkim else ()
    return Authentication(
        checked=Checked(results, ArcResult(arc, (ORG,), ("dkim=pass",), "why")),
        spf=SpfResult(spf, ORG, why="why."),
        dmarc=DmarcResult(dmarc, ORG, by="dkim" if dmarc == "pass" else "", why="why."),
    )


@pytest.mark.parametrize("state", get_args(DkimState))
def test_dkim_verdicts(state: DkimState) -> None:
    """A signature that holds passes, one that does not fit fails; a key that is gone says nothing."""
    expected = "pass" if state == "pass" else "fail" if state in {"altered", "wrong"} else "none"
    assert dkim_verdict((DkimResult(state, ORG),)) == expected
    assert dkim_verdict((DkimResult(state, ORG), DkimResult("pass", ORG))) == "pass"
    assert dkim_verdict(()) == "none"


@pytest.mark.parametrize("state", get_args(DkimState))
@pytest.mark.parametrize("dmarc", get_args(DmarcState))
def test_every_outcome_is_said(state: DkimState, dmarc: DmarcState) -> None:
    """Whatever was found is said in whole sentences that name whom they are about."""
    told = words(found(state, dmarc, "softfail", "pass"))
    assert len(told) == 4
    for sentence in told:
        assert sentence[0].isupper() or sentence.startswith(ORG)
        assert sentence.endswith(".")
        assert ORG in sentence


@pytest.mark.parametrize("state", get_args(SpfState))
def test_spf_words(state: SpfState) -> None:
    """Each SPF result has its sentence, and only pass and fail are verdicts."""
    verdicts = signals(found(spf=state), Signals())
    assert verdicts.spf == (state if state in {"pass", "fail"} else "none")
    assert any("SPF" in each or "why" in each for each in verdicts.details) or state == "none"


@pytest.mark.parametrize("state", get_args(ArcState))
def test_arc_words(state: ArcState) -> None:
    """Each state of a chain has its sentence; without a chain nothing is said."""
    verdicts = signals(found(arc=state), Signals())
    assert verdicts.arc == (state if state in {"pass", "fail"} else "none")
    assert any("(ARC)" in each for each in verdicts.details) == (state != "none")
    assert verdicts.dmarc == "none"


def test_arc_never_stands_for_dmarc() -> None:
    """Seals that hold are told, not believed: DMARC stays what it is."""
    verdicts = signals(found("altered", "fail", "fail", "pass"), Signals())
    assert (verdicts.dmarc, verdicts.arc) == ("fail", "pass")


def test_openpgp_stays() -> None:
    """What OpenPGP said before stays, behind what is said now."""
    before = Signals(openpgp="pass", details=("It is signed.",))
    after = signals(found("pass", "pass"), before)
    assert (after.openpgp, after.dkim, after.dmarc, after.details[-1]) == ("pass", "pass", "pass", "It is signed.")


def test_wishes_are_told() -> None:
    """What the owner asks for is said, unless they only test it."""
    reject = Authentication(dmarc=DmarcResult("fail", ORG, policy="reject"))
    assert "asks for such mail to be rejected" in words(reject)[0]
    trial = Authentication(dmarc=DmarcResult("fail", ORG, policy="reject", testing=True))
    assert "asks for" not in words(trial)[0]


def test_a_domain_without_dmarc() -> None:
    """Anybody can write in its name; but a signature of that very domain is worth saying."""
    assert "anybody can write in it" in words(found("altered"))[0]
    assert "a signature of that very domain holds" in words(found("pass"))[0]


def test_the_author() -> None:
    """One sender has a domain; several have none, since readers may see different ones."""
    assert author_domain(Mail(sender=Address("rita@Example.ORG"))) == ORG
    assert author_domain(Mail(sender=Address("rita@example.org"), one_sender=False)) == ""
    assert author_domain(Mail(sender=Address(""))) == ""


OUTSIDE = "from mx.example.org (mx.example.org [192.0.2.10]) by mx.ours.example (Postfix) with ESMTPS id 1"
INSIDE = "from mx.ours.example (mx.ours.example [10.0.0.1]) by imap.ours.example with LMTP id 2"
OURS = ("mx.ours.example", "imap.ours.example")


@pytest.mark.parametrize(
    ("received", "own", "ip"),
    [
        ((OUTSIDE,), OURS, "192.0.2.10"),
        ((INSIDE, OUTSIDE), OURS, "192.0.2.10"),
        ((INSIDE,), OURS, "10.0.0.1"),
        ((OUTSIDE.replace("192.0.2.10", "IPv6:2001:db8::1"),), OURS, "2001:db8::1"),
        (("from a.example ([192.0.2.9]) (using TLSv1.3) by mx.ours.example with ESMTP",), OURS, "192.0.2.9"),
        ((OUTSIDE,), (), None),
        ((OUTSIDE.replace("mx.ours.example", "evil.example"), OUTSIDE), OURS, None),
        (("by mx.ours.example (Postfix) id 1; today", OUTSIDE), OURS, None),
        ((), OURS, None),
    ],
)
def test_who_handed_it_over(received: tuple[str, ...], own: tuple[str, ...], ip: str | None) -> None:
    """Only lines that our own servers wrote are believed, from the top, down to the first stranger."""
    envelope = envelope_of(received, "<rita@example.org>", own)
    assert (envelope.ip if envelope else None) == ip
    if envelope:
        assert envelope.mail_from == "rita@example.org"


def test_a_forged_received_line() -> None:
    """A line below the stranger that names our server is the stranger's own."""
    forged = OUTSIDE.replace("192.0.2.10", "198.51.100.1")
    assert envelope_of((OUTSIDE, forged), "<>", OURS) == Envelope("192.0.2.10", "", "mx.example.org")
