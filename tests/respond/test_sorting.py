"""What becomes of one mail: a table of facts and fates."""

from __future__ import annotations

import pytest

from forgeward.respond.intake import Held, Joins, Known, Thread
from forgeward.respond.mail import Address, Automatic, Mail, Signals, Undelivered
from forgeward.respond.notification import Recognised
from forgeward.respond.sorting import Aside, Facts, Fate, Opens, Proof, Returned, sort
from forgeward.respond.storm import Grouped, Limits, Seen

RITA = Address("rita@example.org")
OUR = "<ours@example.com>"
THREAD = Known(by_message={OUR: Thread("FW-AAAAAA", frozenset({RITA.key}))})
STRANGE = Known(by_message={OUR: Thread("FW-AAAAAA", frozenset())})
PROVEN = Signals(dmarc="pass")
AMS = Recognised("ams", "ams", "AMS-7")
REPORT = Automatic(report_type="delivery-status", null_return_path=True)
FAILED = Undelivered("rita@example.org", "failed", "5.1.1", "nobody")


def mail(**fields: object) -> Mail:
    return Mail(**({"sender": RITA, "signals": PROVEN, "subject": "A hole"} | fields))  # type: ignore[arg-type]


def returned(undelivered: tuple[Undelivered, ...] = (FAILED,), ids: tuple[str, ...] = (OUR,)) -> Mail:
    return mail(sender=Address("MAILER-DAEMON@mx.example.org"), automatic=REPORT, undelivered=undelivered, returned=ids)


@pytest.mark.parametrize(
    ("seen", "facts", "fate"),
    [
        (mail(), Facts(), Opens()),
        (mail(), Facts(support=True), Opens("support")),
        (mail(), Facts(recognised=AMS), Opens("ams", "AMS-7")),
        # our own mails come first, whatever else they say
        (mail(automatic=Automatic(canary="7.x")), Facts(canary=7, known=THREAD), Proof(7)),
        (mail(automatic=Automatic(canary="7.x")), Facts(), Opens()),
        (mail(sender=Address("us@example.com")), Facts(own=frozenset({"us@example.com"})), Aside),
        (mail(automatic=Automatic(loops=("us@example.com",))), Facts(own=frozenset({"us@example.com"})), Aside),
        (mail(automatic=Automatic(hops=101), in_reply_to=OUR), Facts(known=THREAD), Aside),
        # bounces
        (returned(), Facts(letters={OUR: 3}), Returned(3, "5.1.1 nobody")),
        (returned(), Facts(), Aside),
        (returned(ids=()), Facts(letters={OUR: 3}), Aside),
        (returned((Undelivered("r@example.org", "delayed", "4.4.1"),)), Facts(letters={OUR: 3}), Aside),
        (returned((Undelivered("r@example.org", "delivered", "2.0.0"), FAILED)), Facts(letters={OUR: 3}), Returned),
        (mail(sender=Address("mailer-daemon@x.example"), returned=(OUR,)), Facts(letters={OUR: 3}), Returned),
        # threads
        (mail(in_reply_to=OUR), Facts(known=THREAD), Joins("FW-AAAAAA", "message_id")),
        (mail(in_reply_to=OUR, signals=Signals()), Facts(known=THREAD), Held),
        (mail(in_reply_to=OUR, signals=Signals(openpgp="pass")), Facts(known=THREAD), Joins),
        (mail(in_reply_to=OUR, signals=Signals(dkim="pass")), Facts(known=THREAD), Held),
        (mail(in_reply_to=OUR, signals=Signals()), Facts(known=THREAD, proof_needed=False), Joins),
        (mail(in_reply_to=OUR), Facts(known=STRANGE), Held),
        (
            mail(in_reply_to=OUR, automatic=Automatic(auto_submitted="auto-replied", null_return_path=True)),
            Facts(known=THREAD),
            Joins("FW-AAAAAA", "message_id", by_machine=True),
        ),
        # machines' answers that answer nothing
        (mail(automatic=Automatic(auto_submitted="auto-replied")), Facts(), Aside),
        (mail(automatic=Automatic(precedence="auto_reply")), Facts(), Aside),
        (mail(automatic=Automatic(report_type="disposition-notification")), Facts(), Aside),
        (mail(automatic=Automatic(report_type="feedback-report")), Facts(), Opens()),
        (mail(automatic=Automatic(auto_submitted="auto-generated")), Facts(), Opens()),
        (mail(automatic=Automatic(list_id="<l.example.org>")), Facts(), Opens()),
        # tickets
        (mail(), Facts(recognised=AMS, ticket_case="FW-TTTTTT"), Joins("FW-TTTTTT", "ticket", by_machine=True)),
        (mail(signals=Signals()), Facts(recognised=AMS, ticket_case="FW-TTTTTT"), Held),
        # storms
        (mail(), Facts(seen=Seen(copy_of="FW-CCCCCC")), Grouped),
        (mail(in_reply_to=OUR), Facts(known=THREAD, seen=Seen(copy_of="FW-CCCCCC")), Grouped),
        (mail(), Facts(seen=Seen(of_content=4, content_case="FW-CCCCCC")), Opens()),
        (mail(), Facts(seen=Seen(of_content=5, content_case="FW-CCCCCC")), Grouped),
        (mail(), Facts(seen=Seen(of_sender=19, sender_case="FW-SSSSSS")), Opens()),
        (mail(), Facts(seen=Seen(of_sender=20, sender_case="FW-SSSSSS")), Grouped),
        (mail(), Facts(seen=Seen(of_sender=2, sender_case="FW-S"), limits=Limits(cases_of_sender=2)), Grouped),
        (mail(in_reply_to=OUR), Facts(known=THREAD, answers=49), Joins),
        (mail(in_reply_to=OUR), Facts(known=THREAD, answers=50), Grouped),
        (mail(in_reply_to=OUR), Facts(known=STRANGE, answers=50), Grouped),
        (mail(in_reply_to=OUR), Facts(known=THREAD, seen=Seen(of_sender=99, sender_case="FW-SSSSSS")), Joins),
    ],
)  # fmt: skip
def test_each_mail_has_one_fate(seen: Mail, facts: Facts, fate: Fate | type) -> None:
    """The first row of the order that fits decides."""
    found = sort(seen, facts)
    if isinstance(fate, type):
        assert isinstance(found, fate)
    else:
        assert found == fate


@pytest.mark.parametrize(
    ("seen", "facts"),
    [
        (mail(automatic=Automatic(auto_submitted="auto-replied")), Facts()),
        (returned(), Facts()),
        (mail(), Facts(seen=Seen(copy_of="FW-CCCCCC"))),
        (mail(in_reply_to=OUR), Facts(known=STRANGE)),
    ],
)
def test_what_opens_no_case_has_a_reason(seen: Mail, facts: Facts) -> None:
    """A sentence for whoever finds the mail in the list."""
    found = sort(seen, facts)
    assert isinstance(found, Aside | Held | Grouped)
    assert found.reason.endswith(".")
