"""DMARC by RFC 9989: whose record counts, where an organisation begins, and what aligns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.respond.dmarc import DmarcResult, Record, evaluate, organization, parse
from forgeward.respond.dns import ask, domain, domain_of
from tests.edges.mail_zone import Zone

ORG = {"_dmarc.example.org": "v=DMARC1; p=reject; sp=quarantine"}


def evaluated(author: str, zone: dict[str, str], *dkim: str, spf: str = "") -> DmarcResult:
    return ask(evaluate(author, dkim, spf), Zone(zone).resolve)


@pytest.mark.parametrize(
    ("author", "dkim", "spf", "state", "by"),
    [
        ("example.org", (), "", "fail", ""),
        ("example.org", ("evil.example",), "evil.example", "fail", ""),
        ("example.org", ("notexample.org",), "", "fail", ""),
        ("example.org", ("example.org",), "", "pass", "dkim"),
        ("example.org", ("mail.example.org",), "", "pass", "dkim"),
        ("mail.example.org", ("example.org",), "", "pass", "dkim"),
        ("a.example.org", ("b.example.org",), "", "pass", "dkim"),
        ("example.org", (), "bounces.example.org", "pass", "spf"),
        ("example.org", ("evil.example", "example.org"), "", "pass", "dkim"),
    ],
)
def test_alignment(author: str, dkim: tuple[str, ...], spf: str, state: str, by: str) -> None:
    """Same organisation aligns, by DKIM or SPF; anything else does not, whatever its name looks like."""
    result = evaluated(author, ORG, *dkim, spf=spf)
    assert (result.state, result.by) == (state, by)


def test_strict_alignment() -> None:
    """Where the owner asks for it, only the very same domain aligns."""
    zone = {"_dmarc.example.org": "v=DMARC1; p=none; adkim=s; aspf=s"}
    assert evaluated("example.org", zone, "mail.example.org", spf="mail.example.org").state == "fail"
    assert evaluated("example.org", zone, "example.org").state == "pass"
    assert evaluated("example.org", zone, spf="example.org").state == "pass"


def test_policies() -> None:
    """A subdomain without a record of its own has its organisation's wish for subdomains."""
    own, below = evaluated("example.org", ORG), evaluated("a.b.example.org", ORG)
    assert (own.policy, own.record_at) == ("reject", "example.org")
    assert (below.policy, below.record_at) == ("quarantine", "example.org")
    nearer = {**ORG, "_dmarc.a.example.org": "v=DMARC1; p=none; t=y"}
    result = evaluated("a.example.org", nearer)
    assert (result.policy, result.record_at, result.testing) == ("none", "a.example.org", True)


def test_no_record() -> None:
    """Without a record nothing is said, also where a signature of the same domain holds."""
    assert evaluated("example.org", {}, "example.org").state == "none"
    assert evaluated("", {}).state == "none"
    assert evaluated("", {}).why


def test_a_public_suffix_ends_the_walk() -> None:
    """Below a suffix that says so, each name is its own organisation: neighbours never align (RFC 9989, 4.10.2)."""
    zone = {"_dmarc.city.example": "v=DMARC1; p=reject; psd=y"}
    assert evaluated("one.city.example", zone, "two.city.example").state == "fail"
    assert evaluated("a.one.city.example", zone, "b.one.city.example").state == "pass"
    assert evaluated("one.city.example", zone).policy == "reject"


def test_an_organisation_below_an_organisation() -> None:
    """A name that calls itself one (psd=n) stands apart from the names above it."""
    zone = {**ORG, "_dmarc.lab.example.org": "v=DMARC1; p=none; psd=n"}
    assert evaluated("x.lab.example.org", zone, "example.org").state == "fail"
    assert evaluated("x.lab.example.org", zone, "y.lab.example.org").state == "pass"


def test_the_shortest_name_is_the_organisation() -> None:
    """Of several records the one nearest to the root belongs to the organisation (RFC 9989, 4.10.2)."""
    zone = {**ORG, "_dmarc.signing.example.org": "v=DMARC1; p=none"}
    assert evaluated("example.org", zone, "signing.example.org").state == "pass"
    assert organization("a.b", {}) == "a.b"
    assert organization("a.b.c", {"a.b.c": Record(), "b.c": Record()}) == "b.c"


def test_long_names_cost_eight_questions() -> None:
    """A name of a hundred labels is asked about as often as one of eight."""
    zone = Zone({})
    ask(evaluate(".".join("abcdefghij" * 10), (), ""), zone.resolve)
    assert len(zone.asked) == 8
    assert "_dmarc.j" in zone.asked


def test_strangers_are_not_walked() -> None:
    """Signers that cannot align cost no questions, however many there are."""
    zone = Zone(ORG)
    ask(evaluate("example.org", tuple(f"d{i}.evil.example" for i in range(50)), "evil.example"), zone.resolve)
    assert set(zone.asked) == {"_dmarc.example.org", "_dmarc.org"}


def test_a_dns_that_does_not_answer() -> None:
    """Failure to ask is no failure of the mail."""
    zone = Zone(ORG, failing=("_dmarc.a.example.org",))
    assert ask(evaluate("a.example.org", ("a.example.org",), ""), zone.resolve).state == "temperror"


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("v=DMARC1; p=reject", Record(policy="reject")),
        ("v=DMARC1;p=none;sp=reject;np=quarantine;unknown=1;;", Record(subdomains="reject", missing="quarantine")),
        ("V = DMARC1 ; P = Reject ; adkim = s", Record(policy="reject", relaxed_dkim=False)),
        ("v=DMARC1; p=nonsense", Record()),
        ("v=DMARC1", Record()),
        ("v=dmarc1; p=reject", None),
        ("p=reject; v=DMARC1", None),
        ("v=DMARC1x; p=reject", None),
        ("v=spf1 -all", None),
        ("", None),
    ],
)
def test_records(text: str, record: Record | None) -> None:
    """Records as RFC 9989, 4.7, has them; what is none is none."""
    assert parse(text) == record


def test_two_records_are_none() -> None:
    """A name with two DMARC records has none (RFC 9989, 4.10)."""
    zone = Zone({"_dmarc.example.org": ("v=DMARC1; p=reject", "v=DMARC1; p=none")})
    assert ask(evaluate("example.org", (), ""), zone.resolve).state == "none"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Example.ORG.", "example.org"),
        ("_dmarc.a-b.example", "_dmarc.a-b.example"),
        ("grün.example", "xn--grn-ioa.example"),
        ("", ""),
        (".", ""),
        ("a..b", ""),
        ("-a.b", ""),
        ("a b.c", ""),
        ("a" * 64 + ".b", ""),
        ("a." * 130 + "b", ""),
        ("a/b.c", ""),
        ("a\nb.c", ""),
    ],
)
def test_domains(text: str, name: str) -> None:
    """Only what can be asked for is a domain."""
    assert domain(text) == name
    assert domain_of(f"x@{text}") == name


@given(st.text(max_size=300))
def test_no_record_breaks_it(text: str) -> None:
    """Whatever stands in the DNS, an answer comes."""
    assert evaluated("example.org", {"_dmarc.example.org": f"v=DMARC1; {text}"}, "example.org").state
    parse(text)
    domain(text)
