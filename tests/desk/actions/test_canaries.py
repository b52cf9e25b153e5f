"""Test mails prove intake every day; where one stays away, somebody is told within the hour."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from forgeward.desk.actions import canaries
from forgeward.desk.models import CanaryRow, CaseRow, EvidenceRow, NoticeRow
from forgeward.desk.readers.standing import standing
from forgeward.policy.standing import Level
from tests.desk.policy_texts import adopt, changed
from tests.desk.post import SETTINGS, Office, bounce, office, report, without_mail_server
from tests.desk.tables import case_of
from tests.desk.web.house import House

ADDRESSES = {f"{name}@lattice-loom.example" for name in ("security", "help", "privacy", "radar")}
NONE = SETTINGS[: SETTINGS.index("[[mailbox]]")]


def sent(post: Office) -> dict[str, EmailMessage]:
    """What is due goes out."""
    canaries.look_after(post.home, post.now)
    return {str(mail["To"]): mail for mail in post.deliver()}


def box_of(address: str) -> str:
    return address.partition("@")[0]


def test_each_published_address_gets_one_a_day(post: Office) -> None:
    """Marked as a machine's, with a token; none twice within the day."""
    first = sent(post)
    assert set(first) == ADDRESSES
    assert {mail["Auto-Submitted"] for mail in first.values()} == {"auto-generated"}
    assert len({mail["X-Forgeward-Canary"] for mail in first.values()}) == 4
    assert sent(post) == {}
    for address, mail in first.items():
        assert post.one(mail.as_bytes(), box=box_of(address)).state == "canary"
    post.pass_time(hours=23)
    assert sent(post) == {}
    post.pass_time(hours=1)
    assert set(sent(post)) == ADDRESSES


def test_an_arrival_is_evidence_and_no_case(post: Office) -> None:
    """When all addresses of a check were proven; IR-2 is kept then, without a receipt or a case."""
    for address, mail in sent(post).items():
        assert not EvidenceRow.objects.filter(mechanism="check:intake_canary").exists()
        post.one(mail.as_bytes(), box=box_of(address))
    row = EvidenceRow.objects.get(mechanism="check:intake_canary")
    assert (row.ok, row.at) == (True, post.now)
    (ir_2,) = [each for each in standing(post.now) if each.id == "IR-2"]
    assert ir_2.standing is Level.KEPT
    assert not CaseRow.objects.exists()
    assert not NoticeRow.objects.filter(kind="receipt").exists()
    assert CanaryRow.objects.filter(arrived_at__isnull=False).count() == 4


def test_silence_alarms_within_the_hour(post: Office) -> None:
    """Evidence against the checks, one event, a mail to the Security Lead; a retry each hour until it arrives."""
    letters = sent(post)
    for address, mail in letters.items():
        if address != "help@lattice-loom.example":
            post.one(mail.as_bytes(), box=box_of(address))
    post.pass_time(minutes=44)
    assert sent(post) == {}
    post.pass_time(minutes=2)
    alarm = sent(post)
    assert set(alarm) == {"ines@example.com"}
    assert "help@lattice-loom.example" in str(alarm["ines@example.com"]["Subject"])
    case = CaseRow.objects.get()
    assert case_of(case.number).source == "alert"
    assert EvidenceRow.objects.filter(mechanism="check:intake_canary").latest("pk").ok is False
    post.pass_time(minutes=15)
    again = sent(post)
    assert set(again) == {"help@lattice-loom.example"}
    post.pass_time(minutes=46)
    assert set(sent(post)) <= {"help@lattice-loom.example"}
    assert CaseRow.objects.count() == 1, "one outage, one event"
    post.pass_time(minutes=20)
    late = sent(post) or again
    assert post.one(late["help@lattice-loom.example"].as_bytes(), box="help").state == "canary"
    assert EvidenceRow.objects.filter(mechanism="check:intake_canary").latest("pk").ok is True
    assert case_of(case.number).messages == 1, "the event is told that it is over"


def test_a_refused_test_mail_alarms_at_once(post: Office) -> None:
    """Nobody waits for a mail that the server did not take, or sent back."""
    post.refuses["help@lattice-loom.example"] = "550 no such user"
    sent(post)
    assert CaseRow.objects.count() == 1
    (mail,) = [mail for mail in post.sent if mail["To"] == "radar@lattice-loom.example"]
    assert post.one(bounce(mail)).state == "bounce"
    assert CaseRow.objects.count() == 2


@pytest.mark.parametrize("token", ["1.aaaaaaaaaaaaaaaa", "1", "x", "99999.aaaaaaaaaaaaaaaa", "1." + "a" * 500])
def test_nobody_hides_a_report_as_a_test(post: Office, token: str) -> None:
    """A mail with a token that is not ours is a mail like any other; a machine's, so without a receipt."""
    sent(post)
    taken = post.one(report(1, X_Forgeward_Canary=token))
    assert taken.new
    assert not CanaryRow.objects.filter(arrived_at__isnull=False).exists()


def test_a_token_proves_its_own_mail_only(post: Office) -> None:
    """Whoever learns one can say no more than that it arrived, and only once."""
    mail = sent(post)["help@lattice-loom.example"]
    stolen = report(1, X_Forgeward_Canary=mail["X-Forgeward-Canary"])
    assert post.one(stolen).state == "canary"
    assert CanaryRow.objects.filter(arrived_at__isnull=False).count() == 1
    assert post.one(mail.as_bytes(), box="help").state == "canary"


@pytest.mark.parametrize("text", [without_mail_server(), NONE, SETTINGS + "\n[canary]\non = false\n"])
def test_no_test_without_a_way(house: House, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Without a mail server, without mailboxes, or switched off: nothing is sent and nothing is claimed."""
    with office(monkeypatch, text) as post:
        assert sent(post) == {}
        assert not CanaryRow.objects.exists()


def test_contacts_that_nobody_reads_stay_unproven(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A published address without a mailbox here is not tested, and its check says nothing, neither good nor bad."""
    with office(monkeypatch, SETTINGS.replace("privacy@", "dpo@")) as post:
        contacts = [(f"{name}: null", f'{name}: "{name}@lattice-loom.example"') for name in ("security", "privacy")]
        adopt(changed(2, *contacts), house.ines.actor(), post.now)
        for address, mail in sent(post).items():
            post.one(mail.as_bytes(), box="privacy" if address.startswith("dpo") else box_of(address))
        assert EvidenceRow.objects.get(mechanism="check:intake_canary").ok
        assert not EvidenceRow.objects.filter(mechanism="check:contacts_answer").exists()


def test_published_contacts_are_proven(post: Office, house: House) -> None:
    """CT-1 and VM-1 have evidence once the contacts of the policy and the support channels were reached."""
    contacts = [(f"{name}: null", f'{name}: "{name}@lattice-loom.example"') for name in ("security", "privacy")]
    adopt(changed(2, *contacts), house.ines.actor(), post.now)
    for address, mail in sent(post).items():
        post.one(mail.as_bytes(), box=box_of(address))
    assert EvidenceRow.objects.get(mechanism="check:contacts_answer").ok
    assert EvidenceRow.objects.get(mechanism="check:channels_open").ok
