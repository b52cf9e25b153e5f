"""What goes out in writing."""

import pytest

from forgeward.policy.defaults import example_policy_text
from forgeward.policy.document import load
from forgeward.respond import letters
from forgeward.respond.commands import Notify
from forgeward.respond.notice import (
    FINAL_PARTS,
    FIVE_PARTS,
    needed_parts,
    notice_body,
    notice_subject,
    receipt,
)
from tests.respond import kit

POLICY = load(example_policy_text("almbase"))


@pytest.mark.parametrize(
    ("audience", "stage", "parts"),
    [
        ("customers", "first", FIVE_PARTS),
        ("customers", "final", FIVE_PARTS + FINAL_PARTS),
        ("customers", "update", ("happened",)),
        ("atlassian", "first", ("happened",)),
        ("reporter", "final", ("happened",)),
    ],
)
def test_needed_parts(audience, stage, parts):
    """IR-11: five parts; IR-13: the final notice has root cause and corrective actions too."""
    assert needed_parts(audience, stage) == parts


def test_a_body_has_the_parts_that_were_given():
    """Each under its heading, in one order, signed."""
    command = Notify(audience="customers", stage="final", **kit.FINAL)
    body = notice_body(command, POLICY)
    places = [body.index(getattr(command, name)) for name in (*FIVE_PARTS, *FINAL_PARTS)]
    assert places == sorted(places)
    assert body.endswith("Almbase\nsecurity@almbase.com")
    assert "Root cause" not in notice_body(Notify(happened="x"), POLICY)


def test_a_subject_says_nothing_of_what_happened():
    """Vendor, stage, number; or the writer's own."""
    command = Notify(audience="customers", stage="first", **kit.FIVE_PARTS)
    assert notice_subject(command, "FW-7Q3KXM", POLICY) == "Almbase: security notice FW-7Q3KXM"
    assert notice_subject(Notify(subject="Own"), "FW-7Q3KXM", POLICY) == "Own"
    assert notice_subject(Notify(audience="reporter"), "FW-7Q3KXM", POLICY) == "[FW-7Q3KXM] Your report"


def test_the_receipt_promises_what_the_policy_promises():
    """Change the figure, and the receipt changes (policy as program), in each language; without one it names none."""
    german, english = (letters.find(letters.built_in(), letters.RECEIPT, language) for language in ("de", "en"))
    quicker = kit.policy(2, (("acknowledge: 2 business days", "acknowledge: 1 business day"),))
    assert "answers within 2 business days." in receipt("FW-7Q3KXM", POLICY, english)[1]
    assert "answers within 1 business day." in receipt("FW-7Q3KXM", quicker, english)[1]
    subject, body = receipt("FW-7Q3KXM", quicker, german)
    assert (subject, subject.isascii()) == ("[FW-7Q3KXM] Ihre Nachricht ist angekommen", True)
    assert "antwortet innerhalb von einem Arbeitstag." in body
    assert receipt("FW-7Q3KXM", POLICY, german)[1].endswith("Almbase\nsecurity@almbase.com")
