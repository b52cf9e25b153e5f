"""SPF by a table of records, with RFC 7208's own limits, and its macro examples."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.respond.dns import Question, ask
from forgeward.respond.spf import Envelope, SpfResult, check
from forgeward.respond.spf_macros import Macros, MalformedMacro, expand
from tests.edges.mail_zone import Zone

RITA = Envelope("192.0.2.10", "rita@example.org", "mx.example.org")
HERE: dict[str, str | tuple[str, ...]] = {
    "A example.org": "192.0.2.10",
    "AAAA example.org": "2001:db8::10",
    "MX example.org": ("mx1.example.org", "mx2.example.org"),
    "A mx1.example.org": "192.0.2.1",
    "A mx2.example.org": "192.0.2.10",
    "PTR 10.2.0.192.in-addr.arpa": ("mail.example.org",),
    "A mail.example.org": "192.0.2.10",
    "pass.example.net": "v=spf1 ip4:192.0.2.0/24 -all",
    "fail.example.net": "v=spf1 -all",
    "A 192.0.2.10.list.example.net": "127.0.0.2",
}


def evaluated(record: str | tuple[str, ...], envelope: Envelope = RITA, **more: str) -> SpfResult:
    return ask(check(envelope), Zone({**HERE, **more, "example.org": record}).resolve)


@pytest.mark.parametrize(
    ("record", "state"),
    [
        ("", "none"),
        ("v=spf10 -all", "none"),
        ("v=spf1", "neutral"),
        ("v=spf1 -all", "fail"),
        ("V=SPF1 ~ALL", "softfail"),
        ("v=spf1 ?all", "neutral"),
        ("v=spf1 ip4:192.0.2.10 -all", "pass"),
        ("v=spf1 ip4:192.0.2.11 -all", "fail"),
        ("v=spf1 ip4:192.0.2.0/28 -all", "pass"),
        ("v=spf1 ip6:2001:db8::/32 -all", "fail"),
        ("v=spf1 -ip4:192.0.2.10 +all", "fail"),
        ("v=spf1 a -all", "pass"),
        ("v=spf1 a:mx1.example.org -all", "fail"),
        ("v=spf1 a:mx1.example.org/24 -all", "pass"),
        ("v=spf1 a:mx1.example.org/32//64 -all", "fail"),
        ("v=spf1 mx -all", "pass"),
        ("v=spf1 ptr -all", "pass"),
        ("v=spf1 exists:%{i}.list.example.net -all", "pass"),
        ("v=spf1 exists:%{ir}.list.example.net -all", "fail"),
        ("v=spf1 include:pass.example.net -all", "pass"),
        ("v=spf1 include:fail.example.net ~all", "softfail"),
        ("v=spf1 include:%{d2}.none ~all", "permerror"),
        ("v=spf1 redirect=pass.example.net", "pass"),
        ("v=spf1 -all redirect=pass.example.net", "fail"),
        ("v=spf1 redirect=nothing.example.net", "permerror"),
        ("v=spf1 exp=why.example.org unknown=x ip4:192.0.2.10", "pass"),
        ("v=spf1 ip4:192.0.2.300 +all", "permerror"),
        ("v=spf1 ip4:2001:db8:: +all", "permerror"),
        ("v=spf1 a/33 +all", "permerror"),
        ("v=spf1 nonsense +all", "permerror"),
        ("v=spf1 +all nonsense", "permerror"),
        ("v=spf1 a:exa..mple +all", "permerror"),
        ("v=spf1 a:%{x}.example.org +all", "permerror"),
        ("v=spf1 redirect=a.example redirect=b.example", "permerror"),
        (("v=spf1 -all", "v=spf1 +all"), "permerror"),
        (("other text", "v=spf1 ip4:192.0.2.10"), "pass"),
        ("v=spf1 " + "a " * 300, "permerror"),
        ("v=spf1 " + "x" * 5_000, "permerror"),
    ],
)
def test_records(record: str | tuple[str, ...], state: str) -> None:
    """Each record means to the same sender what RFC 7208 says."""
    assert evaluated(record).state == state


def test_the_greeting_stands_in_for_an_empty_return_path() -> None:
    """A bounce has no sender: the name of the greeting is asked instead (RFC 7208, 2.4)."""
    zone = Zone({"mx.example.org": "v=spf1 ip4:192.0.2.10 -all"})
    result = ask(check(Envelope("192.0.2.10", "", "mx.example.org")), zone.resolve)
    assert (result.state, result.identity, result.domain) == ("pass", "helo", "mx.example.org")


@pytest.mark.parametrize("ip", ["2001:db8::10", "IPv6:2001:db8::10", "[2001:db8::10]"])
def test_newer_addresses(ip: str) -> None:
    """IPv6 in every way that mail servers write it; an IPv4 address in IPv6's clothes is an IPv4 one."""
    assert evaluated("v=spf1 a -all", Envelope(ip, "rita@example.org")).state == "pass"
    assert evaluated("v=spf1 ip4:192.0.2.10 -all", Envelope("::ffff:192.0.2.10", "r@example.org")).state == "pass"


@pytest.mark.parametrize(
    "envelope",
    [
        Envelope("", "rita@example.org"),
        Envelope("not an address", "rita@example.org"),
        Envelope("192.0.2.10", "rita"),
        Envelope("192.0.2.10", "", "localhost"),
        Envelope("192.0.2.10", "rita@exa mple.org"),
    ],
)
def test_nothing_to_ask_about(envelope: Envelope) -> None:
    """Without an address or a domain nothing is asked, and nothing is concluded."""
    zone = Zone({})
    result = ask(check(envelope), zone.resolve)
    assert (result.state, zone.asked) == ("none", {})
    assert result.why


def test_ten_look_ups() -> None:
    """The eleventh term that looks something up ends it, however the records are nested."""
    chain = {f"i{i}.example.org": f"v=spf1 include:i{i + 1}.example.org -all" for i in range(30)}
    assert evaluated("v=spf1 include:i0.example.org -all", **chain).state == "permerror"  # type: ignore[arg-type]
    flat = "v=spf1 " + " ".join(f"a:mx{1 + i % 2}.example.org" for i in range(10)) + " -all"
    assert evaluated(flat).state in {"pass", "fail"}
    loop = {"loop.example.org": "v=spf1 include:loop.example.org -all"}
    result = evaluated("v=spf1 redirect=loop.example.org", **loop)  # type: ignore[arg-type]
    assert (result.state, "ten look-ups" in result.why) == ("permerror", True)


def test_the_number_of_questions_is_bounded() -> None:
    """No set of records makes more than a hundred and some questions: ten terms with ten names each."""
    servers = tuple(f"m{i}.example.org" for i in range(10))
    more = {f"i{i}.example.org": "v=spf1 mx mx mx mx -all" for i in range(9)}
    more |= {f"MX i{i}.example.org": servers for i in range(9)}  # type: ignore[misc]
    more |= {f"A m{i}.example.org": "203.0.113.1" for i in range(10)}
    includes = " ".join(f"include:i{i}.example.org" for i in range(9))
    zone = Zone({**more, "example.org": f"v=spf1 {includes} -all"})
    assert ask(check(RITA), zone.resolve).state == "permerror"
    assert sum(zone.asked.values()) <= 120


def test_names_that_do_not_exist() -> None:
    """More than two look-ups that find nothing end it (RFC 7208, 4.6.4)."""
    assert evaluated("v=spf1 a:n1.example.org a:n2.example.org ip4:192.0.2.10").state == "pass"
    assert evaluated("v=spf1 a:n1.example.org a:n2.example.org a:n3.example.org ip4:192.0.2.10").state == "permerror"


def test_more_than_ten_mail_servers() -> None:
    """A name with more than ten mail servers is an error, not a flood of questions."""
    zone = Zone({"example.org": "v=spf1 mx -all", "MX example.org": tuple(f"m{i}.example.org" for i in range(11))})
    assert ask(check(RITA), zone.resolve).state == "permerror"
    assert len(zone.asked) <= 2


def test_a_dns_that_does_not_answer() -> None:
    """Whatever look-up fails, the answer is temperror, with the name that failed."""
    zone = Zone({"example.org": "v=spf1 a:gone.example.org -all"}, failing=("gone.example.org",))
    result = ask(check(RITA), zone.resolve)
    assert (result.state, "gone.example.org" in result.why) == ("temperror", True)
    assert ask(check(RITA), Zone({}, failing=("example.org",)).resolve).state == "temperror"


MACROS = Macros(
    ip=ipaddress.ip_address("192.0.2.3"),
    sender="strong-bad@email.example.com",
    domain="email.example.com",
    helo="mx.example.com",
)


@pytest.mark.parametrize(
    ("text", "expanded"),
    [  # RFC 7208, 7.4
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"),
        ("%{l-}", "strong.bad"),
        ("%{lr}", "strong-bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
        ("%%a%_b", "%a b"),
    ],
)
def test_macros(text: str, expanded: str) -> None:
    """The examples of RFC 7208, 7.4."""
    assert expand(text, MACROS) == expanded


def test_macros_of_newer_addresses() -> None:
    """An IPv6 address is written nibble by nibble."""
    macros = Macros(ip=ipaddress.ip_address("2001:db8::cb01"), sender="a@b.example", domain="b.example", helo="")
    nibbles = "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
    assert expand("%{ir}.%{v}", macros) == f"{nibbles}.ip6"


@pytest.mark.parametrize("text", ["%", "%{", "%{s", "%{z}", "%{c}", "%{d0}", "%x"])
def test_malformed_macros(text: str) -> None:
    """What is no macro, or may stand only in an explanation, is an error."""
    with pytest.raises(MalformedMacro):
        expand(text, MACROS)


def test_long_expansions_are_cut_from_the_left() -> None:
    """A name longer than the DNS takes loses labels from the left (RFC 7208, 7.3)."""
    expanded = expand("%{d}." + ".".join(["a" * 60] * 5), MACROS)
    assert len(expanded) <= 253
    assert expanded.endswith("a" * 60)


@given(st.text(max_size=200), st.text(max_size=40), st.text(max_size=60))
def test_no_record_breaks_it(record: str, ip: str, sender: str) -> None:
    """Whatever a record, an address or a sender holds, an answer comes and few questions are asked."""
    zone = Zone({"example.org": f"v=spf1 {record}"})
    for envelope in (RITA, Envelope(ip, sender), Envelope("192.0.2.1", f"{sender}@example.org")):
        assert ask(check(envelope), zone.resolve).state
    assert sum(zone.asked.values()) < 80
    assert isinstance(Question("x"), Question)
