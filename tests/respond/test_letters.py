"""Templates of letters: read with their lines, filled from the case, never sent with a gap."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.errors import LettersInvalid, NotFound
from forgeward.policy.names import LETTERS
from forgeward.policy.targets import parse_target
from forgeward.respond import letters
from forgeward.respond.letter_values import values, within
from forgeward.vocabulary import Severity
from tests.respond import kit

OWN = """schema: forgeward/letters/1
version: 3
letters:
  - name: fixed
    kind: fixed
    language: fr
    title: Corrigé
    subject: "[{{ case }}] Corrigé"
    text: |
      Bonjour,

      c'est corrigé depuis le {{ shipped }}.
      ⟦ce qui a changé⟧
"""


def problems(text: str) -> list[str]:
    with pytest.raises(LettersInvalid) as caught:
        letters.parse(text)
    return [str(problem) for problem in caught.value.problems]


def test_every_kind_is_there_in_english_and_german() -> None:
    """The built-in letters: each kind but “other”, in both languages, with texts of their own."""
    found = {(each.kind, each.language): each for each in letters.built_in()}
    kinds = {*LETTERS, letters.RECEIPT} - {"other"}
    assert set(found) == {(kind, language) for kind in kinds for language in ("en", "de")}
    assert len({each.text for each in found.values()}) == len(found)
    assert all(each.title for each in found.values())
    assert all("{{ person }}" in each.text for each in letters.by_hand(found.values()))


def test_a_machine_sends_the_receipt() -> None:
    """It has no gap, names nobody, and no person begins with it; one is there in each language."""
    assert {each.language for each in letters.receipts(letters.built_in())} == {"en", "de"}
    for each in letters.receipts(letters.built_in()):
        assert each not in letters.by_hand(letters.built_in())
        assert letters.gaps(each.subject + each.text) == ()
        assert "{{ person }}" not in each.text


RECEIPT = """schema: forgeward/letters/1
version: 1
letters:
  - name: receipt
    kind: receipt
    language: fr
    title: Accusé de réception
    subject: "[{{ case }}] Reçu"
    text: |
      Votre message porte le numéro {{ case }}.
"""


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (("numéro {{ case }}", "numéro ⟦lequel⟧"), 9, "it has no ⟦ ⟧"),
        (("numéro {{ case }}", "nom {{ person }}"), 10, "Known: case, vendor, contact, answer"),
        (("name: receipt", "name: recu"), 4, "the name and the kind “receipt”"),
        (("kind: receipt", "kind: other"), 4, "the name and the kind “receipt”"),
        (('    subject: "[{{ case }}] Reçu"\n', ""), 4, "needs a “subject”"),
    ],
)
def test_a_receipt_of_ones_own_is_complete(change: tuple[str, str], line: int, says: str) -> None:
    """A programme's own receipt reads; what a machine could not send is refused with its line."""
    (own,) = letters.receipts(letters.parse(RECEIPT))
    assert own.language == "fr"
    assert len(letters.receipts(letters.merged([own]))) == 3
    (problem,) = problems(RECEIPT.replace(*change))
    assert problem.startswith(f"letters.yaml:{line}: ")
    assert says in problem


def test_a_file_of_ones_own_reads() -> None:
    """Name, kind, language, version, line breaks kept."""
    (template,) = letters.parse(OWN)
    assert (template.mark, template.kind, template.title) == ("fixed/fr/3", "fixed", "Corrigé")
    assert template.text.startswith("Bonjour,\n\nc'est")
    assert template in letters.merged([template])
    assert len(letters.merged([template])) == len(letters.built_in()) + 1


def test_ones_own_letter_replaces_by_name_and_language() -> None:
    """The other languages of that name stay."""
    own = letters.parse(OWN.replace("language: fr", "language: de"))
    merged = letters.merged(own)
    assert letters.find(merged, "fixed", "de").title == "Corrigé"
    assert letters.find(merged, "fixed", "en").title == "The fix is in production"


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        (("{{ shipped }}", "{{ shiped }}"), "letters.yaml:12", "Nothing is called “shiped” in a letter"),
        (("{{ case }}", "{{ targets.fix }}"), "letters.yaml:8", "Nothing is called “targets.fix”"),
        (("{{ shipped }}", "{{ shipped"), "letters.yaml:12", "Double braces"),
        (("kind: fixed", "kind: fixd"), "letters.yaml:5", "not a kind of letter. Did you mean “fixed”?"),
        (("language: fr", "language: French!"), "letters.yaml:6", "not a language"),
        (("name: fixed", "name: Fixed It"), "letters.yaml:4", "not a name"),
        (("    title: Corrigé\n", ""), "letters.yaml:4", "has no “title”"),
        (("version: 3", "version: three"), "letters.yaml:2", "no version"),
        (("letters/1", "letters/9"), "letters.yaml:1", "schema"),
        (("title:", "titel:"), "letters.yaml:7", "Did you mean “title”?"),
        (("Bonjour,", "Bonjour\u202e,"), "letters.yaml:10", "U+202E"),
    ],
)
def test_a_slip_is_told_with_its_line(change: tuple[str, str], where: str, what: str) -> None:
    """An unknown placeholder above all: a letter with a hole goes to nobody."""
    found = problems(OWN.replace(*change, 1))
    assert any(each.startswith(f"{where}: ") and what in each for each in found), found


def test_a_letter_twice_is_a_slip() -> None:
    """By name and language."""
    twice = OWN + OWN[OWN.index("  - name") :]
    assert any("stands twice" in each for each in problems(twice))


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but LettersInvalid comes out of a hostile file."""
    with contextlib.suppress(LettersInvalid):
        assert letters.parse(text) is not None


def test_find_falls_back_to_english() -> None:
    """de-AT is German; a language that nobody wrote is English; an unknown name lists the known ones."""
    known = letters.built_in()
    assert letters.find(known, "ask", "de-AT").language == "de"
    assert letters.find(known, "ask", "fi").language == "en"
    with pytest.raises(NotFound, match="nothing") as caught:
        letters.find(known, "nothing")
    assert "acknowledge" in caught.value.next


@pytest.mark.parametrize(
    ("wishes", "language"),
    [(["de-AT, en"], "de"), (["fi, de;q=1"], "de"), (["", "de"], "de"), (["x-klingon", ""], "en"), ([], "en"),
     (["english please"], "en"), (["DE"], "de"), ([",,,"], "en")],
)  # fmt: skip
def test_the_first_language_that_is_written_in(wishes: list[str], language: str) -> None:
    """Content-Language is a stranger's text: read leniently, never trusted beyond a choice."""
    assert letters.language_of(wishes, letters.built_in()) == language


def test_a_template_is_filled_from_the_case() -> None:
    """Figures are the policy's, dates the case's; what is not known yet is a gap."""
    case = kit.shipped("high").case
    for language, said in (("en", "within 14 days"), ("de", "innerhalb von 14 Tagen")):
        template = letters.find(letters.built_in(), "assessed", language)
        filled = letters.fill(template, values(case, kit.policy(), "Hannah", language))
        assert said in filled.text
        assert {"en": "2 November 2026", "de": "2. November 2026"}[language] in filled.text
        assert {"en": "as high", "de": "„hoch“"}[language] in filled.text
        assert "Hannah" in filled.text
        assert len(filled.gaps) == 1
    early = letters.fill(
        letters.find(letters.built_in(), "fixed"), values(kit.received().case, kit.policy(), "H", "en")
    )
    assert "the day on which production had the fix" in early.gaps


def test_a_value_is_never_a_template() -> None:
    """A name that looks like a placeholder stays a name."""
    template = letters.find(letters.built_in(), "acknowledge")
    assert "{{ case }}" in letters.fill(template, {"person": "{{ case }}", "case": "FW-1", "vendor": "V"}).text


def test_a_letter_without_a_contact_has_no_hole() -> None:
    """The policy may not name an address yet."""
    filled = letters.fill(letters.find(letters.built_in(), "acknowledge"), {"case": "F", "person": "P", "vendor": "V"})
    assert filled.gaps == ()
    assert filled.text.endswith("P\nV")


@pytest.mark.parametrize(
    ("target", "english", "german"),
    [
        ("1 business day", "within 1 business day", "innerhalb von einem Arbeitstag"),
        ("2 business days", "within 2 business days", "innerhalb von 2 Arbeitstagen"),
        ("24 hours", "within 24 hours", "innerhalb von 24 Stunden"),
        ("1 month", "within 1 month", "innerhalb von einem Monat"),
        ("next maintenance date", "by the next maintenance date", "zum nächsten Wartungstermin"),
    ],
)
def test_figures_in_words(target: str, english: str, german: str) -> None:
    """In the letter's language; any other language reads English."""
    assert within(parse_target(target), "en") == within(parse_target(target), "fi") == english
    assert within(parse_target(target), "de-CH") == german


@pytest.mark.parametrize("level", list(Severity))
def test_each_severity_has_its_figure(level: Severity) -> None:
    """What the letter promises is what the policy's clock counts."""
    found = values(kit.confirmed(level.value).case, kit.policy(), "H", "en")
    assert found["fix"] == {"critical": "within 7 days", "high": "within 14 days", "medium": "within 60 days",
                            "low": "by the next maintenance date"}[level.value]  # fmt: skip
