"""The automatic receipt is written in the language of the mail that it answers, and keeps its proof."""

from __future__ import annotations

import json
from email.message import EmailMessage

import msgspec
import pytest

from forgeward.desk.actions import letters as actions
from forgeward.desk.actions import reports
from forgeward.desk.models import CaseRow, Entry
from forgeward.edges.letters import templates
from tests.desk.post import SETTINGS, Office, office, report
from tests.desk.tables import agrees, case_of
from tests.desk.web.house import House

GERMAN = (
    "Guten Tag, ich habe eine Lücke gefunden: der Export gibt jede Notiz heraus, auch wenn man sie nicht sehen darf."
)
ENGLISH = "Hello, I found a hole: the export gives out every note, even if you cannot see it. Can you mend it?"
FRENCH = """schema: forgeward/letters/1
version: 7
letters:
  - name: receipt
    kind: receipt
    language: fr
    title: Accusé de réception
    subject: "[{{ case }}] Reçu"
    text: |
      Votre message porte le numéro {{ case }}.
"""


def written(letter: EmailMessage) -> EmailMessage:
    """The part with the text."""
    body = letter.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    return body


def template_of(number: str) -> str:
    """What the history remembers of the receipt."""
    entry = Entry.objects.get(kind="case:receipt", case__number=number)
    return str(json.loads(bytes(entry.body))["data"]["template"])


@pytest.mark.parametrize(
    ("fields", "language", "says"),
    [
        ({}, "en", "A person reads it and answers within 2 business days."),
        ({"body": ENGLISH}, "en", "A person reads it"),
        ({"body": GERMAN}, "de", "Ein Mensch liest sie und antwortet innerhalb von 2 Arbeitstagen."),
        ({"Content_Language": "de-AT"}, "de", "Ein Mensch liest sie"),
        ({"Accept_Language": "fr, de;q=0.4, en;q=0.2"}, "de", "Ein Mensch liest sie"),
        ({"Content_Language": "en", "body": GERMAN}, "en", "A person reads it"),
        (
            {"Content_Language": "\x00<script>, ,;", "Accept_Language": ";q=", "body": GERMAN},
            "de",
            "Ein Mensch liest sie",
        ),
    ],
)
def test_the_receipt_follows_the_mail(post: Office, fields: dict[str, str], language: str, says: str) -> None:
    """What the header says, else what the words show; the subject stays ASCII, the ledger's promise goes along."""
    number = post.one(report(1, **fields)).case or ""
    (receipt,) = post.deliver()
    body = written(receipt)
    assert says in " ".join(body.get_content().split())
    assert body["Content-Language"] == language
    assert str(receipt["Subject"]).isascii()
    assert number in receipt["Subject"]
    assert receipt["Auto-Submitted"] == "auto-replied"
    (proof,) = receipt.iter_attachments()
    assert proof.get_filename() == "ledger-promise.txt"
    assert case_of(number).notices[0].language == language
    assert template_of(number) == f"receipt/{language}/1"
    assert agrees(post.now)


@pytest.mark.parametrize("where", ['host = "mx.example.com"\n', 'name = "security"\n'])
@pytest.mark.parametrize(("body", "language"), [("Kaputt.", "de"), (ENGLISH, "en")])
def test_what_is_not_told_falls_back_to_the_house(
    house: House, monkeypatch: pytest.MonkeyPatch, where: str, body: str, language: str
) -> None:
    """The programme's language, or its mailbox's; only where the mail says nothing. A person's letter follows."""
    with office(monkeypatch, SETTINGS.replace(where, f'{where}language = "de"\n')) as post:
        number = post.one(report(1, body=body)).case or ""
        (receipt,) = post.deliver()
        assert written(receipt)["Content-Language"] == language
        row = CaseRow.objects.get(number=number)
        assert actions.language_for(post.home, row, templates(post.home)) == language


def test_a_receipt_of_the_programmes_own(post: Office) -> None:
    """Its language is known from then on; a file that does not read stops no receipt."""
    post.home.letters_file.write_text(FRENCH)
    try:
        number = post.one(report(1, Content_Language="fr-CA")).case or ""
        (receipt,) = post.deliver()
        assert "Votre message porte le numéro" in written(receipt).get_content()
        assert template_of(number) == "receipt/fr/7"
        post.home.letters_file.write_text("schema: nonsense")
        post.one(report(2, "noor@example.org", Content_Language="fr, de"))
        (receipt,) = post.deliver()
        assert "Ihre Nachricht ist angekommen" in receipt["Subject"]
    finally:
        post.home.letters_file.unlink()


def test_a_form_in_german_is_receipted_in_german(post: Office) -> None:
    """The web form has no header; its words tell."""
    said = {"subject": "Lücke", "text": GERMAN, "email": "rita@example.org", "name": "Rita"}
    reports.take_form(post.home, msgspec.json.encode(said), "form.json", post.clock)
    (receipt,) = post.deliver()
    assert "Ihre Nachricht ist angekommen" in receipt["Subject"]
