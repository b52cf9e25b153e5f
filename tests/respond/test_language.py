"""In which language a mail would be answered: what its header says, else what its words clearly are, else nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.respond.language import accepted, recognised, wishes
from forgeward.respond.letters import built_in, language_of, parse, receipts
from forgeward.respond.mail import Address, Mail

GERMAN = (
    "Guten Tag,\n\nich habe eine Lücke in Field Notes gefunden: der Export gibt jede Notiz heraus, auch wenn man die"
    " Seite nicht sehen darf.\n\nMit freundlichen Grüßen\nRita"
)
ENGLISH = (
    "Hello,\n\nI found a hole in Field Notes: the export gives out every note, even if you cannot see the page.\n"
    "Can you tell me when it is fixed?\n\nRegards\nRita"
)
NEITHER = {
    "nothing": "",
    "a greeting": "Hallo",
    "one sentence": "I found an XSS.",
    "Dutch": (
        "Hallo, ik heb een lek gevonden in Field Notes: de export geeft alle notities, ook als je de pagina niet mag"
        " zien. Kunnen jullie laten weten wanneer dit is opgelost? Met vriendelijke groet"
    ),
    "Danish": (
        "Hej, jeg har fundet et hul i Field Notes: eksporten giver alle noter, også når man ikke må se siden. Kan I"
        " sige til, når det er rettet? Med venlig hilsen"
    ),
    "Swedish": (
        "Hej, jag har hittat ett hål i Field Notes: exporten ger alla anteckningar, även om man inte får se sidan. Kan"
        " ni säga till när det är åtgärdat? Med vänlig hälsning"
    ),
    "Norwegian": (
        "Hei, jeg har funnet et hull i Field Notes: eksporten gir alle notater, også når man ikke har lov til å se"
        " siden. Kan dere si fra når det er rettet? Med vennlig hilsen"
    ),
    "French": (
        "Bonjour, j'ai trouvé une faille dans Field Notes : l'export donne toutes les notes, même quand on ne peut pas"
        " voir la page. Pouvez-vous me dire quand elle est corrigée ? Cordialement"
    ),
    "Spanish": (
        "Hola, he encontrado un fallo en Field Notes: la exportación entrega todas las notas, aunque no se pueda ver la"
        " página. ¿Pueden decirme cuándo está corregido? Un saludo"
    ),
    "Italian": (
        "Buongiorno, ho trovato una falla in Field Notes: l'esportazione restituisce tutte le note, anche quando non si"
        " può vedere la pagina. Potete dirmi quando è corretta? Cordiali saluti"
    ),
    "Polish": "Dzień dobry, znalazłem lukę w Field Notes: eksport wydaje każdą notatkę, nawet gdy nie widać strony.",
    "Russian": "Здравствуйте, я нашёл уязвимость: экспорт отдаёт любую заметку, даже если страница недоступна.",
    "Japanese": "こんにちは。エクスポートで他人のノートが読めます。",
    "both at once": "Ich habe das nicht gesehen und wir sind nicht da. I have not seen that and we are not there.",
    "a trace": "Traceback (most recent call last):\n  File export.py, line 3\nKeyError: 'id'\n" * 20,
    "code": "for (const x of y) { if (x in z) return this.z[x]; }\n" * 3,
}


@pytest.mark.parametrize("what", NEITHER)
def test_what_is_not_clear_is_not_guessed(what: str) -> None:
    """Neighbours of both languages, mixtures, traces, next to nothing."""
    assert recognised(NEITHER[what]) == ""


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (GERMAN, "de"),
        (ENGLISH, "en"),
        (GERMAN.upper(), "de"),
        ("Hallo, wir haben ein Problem mit der App, bitte melden.", "de"),
        (GERMAN + "\n" + "TypeError: Cannot read property 'id' of undefined\n" * 50, "de"),
        (GERMAN + "\n\n> " + ENGLISH.replace("\n", "\n> "), "de"),
        ("> " + GERMAN.replace("\n", "\n> ") + "\n" + ENGLISH, "en"),
        (GERMAN + "\n-- \n" + ENGLISH * 5, "de"),
        (ENGLISH + "\n\nThe button says “Speichern nicht möglich”.", "en"),
    ],
)
def test_what_is_clear_is_told(text: str, language: str) -> None:
    """Prose in one of the two; quoted lines, signatures and traces say nothing about who wrote."""
    assert recognised(text) == language


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("", ()),
        ("*", ()),
        ("de-DE, en-US", ("de-DE", "en-US")),
        ("en;q=0.5, de-AT;q=0.9, fr", ("fr", "de-AT", "en")),
        ("de;q=0, en", ("en",)),
        (",;q=1,,", ()),
        ("de ; Q = 0.3 , en;q=0.300", ("de", "en")),
        ("x" * 5000, ("x" * 1000,)),
    ],
)
def test_accept_language_is_ranked(header: str, tags: tuple[str, ...]) -> None:
    """RFC 3282, section 3: by weight, then as they stand; nothing that is not wanted."""
    assert accepted(header) == tags


@pytest.mark.parametrize(
    ("header", "accepts", "text", "house", "language"),
    [
        ("", "", "", "", "en"),
        ("", "", "", "de", "de"),
        ("", "", GERMAN, "en", "de"),
        ("", "", ENGLISH, "de", "en"),
        ("", "", NEITHER["French"], "de", "de"),
        ("de-AT", "", ENGLISH, "en", "de"),
        ("fr", "", ENGLISH, "de", "en"),
        ("fr", "de-CH, fr", ENGLISH, "en", "de"),
        ("", "fr, en;q=0.1", GERMAN, "de", "en"),
        ("\r\nBcc: x, <script>", "'; DROP", "", "de", "de"),
    ],
)
def test_the_receipts_language(header: str, accepts: str, text: str, house: str, language: str) -> None:
    """Header before words, words before the house; a language that no receipt is written in is passed over."""
    mail = Mail(sender=Address("r@example.org"), text=text, language=header, accepts=accepts)
    assert language_of((*wishes(mail), house), receipts(built_in())) == language


def test_a_region_of_ones_own_comes_first() -> None:
    """A template for Austria is taken for Austria, any other German for the rest."""
    own = "schema: forgeward/letters/1\nversion: 1\nletters:\n" + "".join(
        f"  - {{name: receipt, kind: receipt, language: {each}, title: x, subject: x, text: x}}\n"
        for each in ("de-AT", "de", "fr")
    )
    known = parse(own)
    assert [language_of([wish], known) for wish in ("de-at", "de-CH", "fr-CA", "it")] == ["de-AT", "de", "fr", "en"]


@given(st.text(max_size=3000), st.text(max_size=200), st.text(max_size=300))
def test_any_mail_has_a_language(text: str, header: str, accepts: str) -> None:
    """Whatever stands in a mail, one of the receipt's languages comes out."""
    mail = Mail(sender=Address("r@example.org"), text=text, language=header, accepts=accepts)
    assert language_of(wishes(mail), receipts(built_in())) in {"de", "en"}
