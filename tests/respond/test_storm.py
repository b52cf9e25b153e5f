"""Ten thousand mails in the pure core: how many open a case, how many are answered, and that it takes linear time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import pytest

from forgeward.respond.intake import ReceiptLimits, SentReceipts, receipt_allowed
from forgeward.respond.mail import Address, Automatic, Mail
from forgeward.respond.sorting import Aside, Facts, Opens, sort
from forgeward.respond.storm import Grouped, Limits, Seen

MANY = 10_000
OURS = "security@example.com"
PERSON = Automatic()


def _mail(sender: str, text: str, automatic: Automatic = PERSON) -> Mail:
    return Mail(
        sender=Address(sender), subject="A hole", text=text, message_id=f"<{text}@{sender}>", automatic=automatic
    )


class Tables:
    """What the desk's tables would know, for mails of one day and receipts of one hour."""

    def __init__(self) -> None:
        self.opened, self.fates = Counter[tuple[str, str]](), Counter[str]()
        self.first: dict[str, str] = {}
        self.receipts, self.sent = Counter[str](), 0

    def take(self, mail: Mail) -> None:
        sender, text = mail.sender.address, mail.text
        seen = Seen(
            copy_of="FW-1" if mail.message_id in self.first else "",
            of_content=self.opened["text", text],
            content_case="FW-1" if self.opened["text", text] else "",
            of_sender=self.opened["sender", sender],
            sender_case="FW-1" if self.opened["sender", sender] else "",
        )
        fate = sort(mail, Facts(own=frozenset({OURS}), seen=seen))
        self.fates[type(fate).__name__] += 1
        if not isinstance(fate, Opens):
            assert isinstance(fate, Grouped | Aside)
            return
        self.first[mail.message_id] = "FW-1"
        self.opened["text", text] += 1
        self.opened["sender", sender] += 1
        if receipt_allowed(mail, SentReceipts(self.receipts[sender], self.sent), ReceiptLimits(), {OURS}).allowed:
            self.receipts[sender] += 1
            self.sent += 1


@pytest.mark.parametrize(
    ("made", "cases", "receipts"),
    [
        (lambda n: _mail("rita@example.org", "the same"), 1, 1),
        (lambda n: _mail("rita@example.org", f"text {n}"), Limits().cases_of_sender, 3),
        (lambda n: _mail(f"r{n}@example.org", "the same"), Limits().cases_of_content, 5),
        (lambda n: _mail(f"r{n}@example.org", f"text {n}"), MANY, 100),
        (lambda n: _mail(f"r{n}@example.org", f"text {n}", Automatic(auto_submitted="auto-replied")), 0, 0),
        (lambda n: _mail(OURS, f"text {n}"), 0, 0),
        (lambda n: _mail(f"r{n}@example.org", f"text {n}", Automatic(loops=(OURS,))), 0, 0),
    ],
)
def test_ten_thousand_mails(made: Callable[[int], Mail], cases: int, receipts: int) -> None:
    """Copies, one sender, one text, a crowd, machines, ourselves, loops: each has its limit; the rest is grouped."""
    tables = Tables()
    for number in range(MANY):
        tables.take(made(number))
    assert sum(tables.fates.values()) == MANY
    assert (tables.fates["Opens"], tables.sent) == (cases, receipts)


def test_the_time_is_linear() -> None:
    """Ten times the mails cost some ten times the processor time."""

    def cost(count: int) -> float:
        tables, mails = Tables(), [_mail("rita@example.org", f"text {n}") for n in range(count)]
        began = time.process_time()
        for each in mails:
            tables.take(each)
        return time.process_time() - began

    cost(100)
    assert cost(MANY) < 40 * max(cost(MANY // 10), 0.002)
