"""Letters to a reporter that begin with a template: which there are, how they are read, filled and checked.

letters.yaml ─parse─▶ Template ─fill(values)─▶ subject and text ─▶ a person completes them ─▶ ``reply``

A template is a text with ``{{ case }}`` (a placeholder: known values, nothing else) and ``⟦what you found⟧`` (a gap:
what only a person can write). A letter with a gap left does not go. The automatic receipt has templates too, which no
person completes: they have no gap. The built-in templates are in ``letters.yaml`` beside this module; a home's own file
replaces and adds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files

import msgspec

from forgeward.errors import BadInput, LettersInvalid, NotFound
from forgeward.policy.names import LETTERS
from forgeward.policy.parse_fields import Reader, one_of
from forgeward.policy.parse_yaml import Fields, Node, Report, Scalar, read_tree
from forgeward.policy.template import pieces

SCHEMA = "forgeward/letters/1"
BUILT_IN = "the built-in letters"
FALLBACK = "en"
RECEIPT = "receipt"  # name and kind of the automatic receipt
LONGEST = 20_000  # characters of a template
_TOP = ("schema", "version", "letters")
_KEYS = ("name", "kind", "language", "title", "subject", "text")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_GAP = re.compile("⟦([^⟦⟧]{1,400})⟧")
_TAG = re.compile(r"([A-Za-z]{2,3})(?:-[A-Za-z0-9-]{1,30})?(?=;|$)")

PLACEHOLDERS: Mapping[str, str] = {
    "case": "the case's number",
    "vendor": "your name, as the policy has it",
    "contact": "the security address of the policy",
    "person": "who writes the letter",
    "received": "the day on which the report came",
    "answer": "how soon a report is answered (IR-4), like “within 2 business days”",
    "level": "the confirmed severity",
    "fix": "how soon the fix is promised at that severity, like “within 14 days”",
    "shipped": "the day on which production had the fix",
}


RECEIPT_PLACEHOLDERS = ("case", "vendor", "contact", "answer")
MAY_LACK = frozenset({"contact"})  # what a letter does without where it is not known


class Template(msgspec.Struct, frozen=True):
    """One letter to begin with. ``version`` is its file's; ``mark`` is what a sent letter remembers of it."""

    name: str
    kind: str
    language: str
    title: str
    subject: str
    text: str
    version: int = 1

    @property
    def mark(self) -> str:
        return f"{self.name}/{self.language}/{self.version}"


class Filled(msgspec.Struct, frozen=True):
    """A template with its placeholders filled; ``gaps`` are what a person still has to write."""

    template: Template
    subject: str
    text: str

    @property
    def gaps(self) -> tuple[str, ...]:
        return gaps(self.text) + gaps(self.subject)


def gaps(text: str) -> tuple[str, ...]:
    """What a text leaves to be written, in order."""
    return tuple(" ".join(found.split()) for found in _GAP.findall(text))


def gap(what: str) -> str:
    """A gap as it stands in a text."""
    return f"⟦{what}⟧"


def parse(text: str, name: str = "letters.yaml") -> tuple[Template, ...]:
    """The templates of a file. Raises ``LettersInvalid`` with every problem and its ``file:line``."""
    report = Report(name)
    tree = read_tree(text, report)
    found = _read(tree, report) if tree is not None else ()
    if report:
        raise LettersInvalid(report.problems(), next="Mend these lines, then run `forgeward mail template check`.")
    return found


@cache
def built_in() -> tuple[Template, ...]:
    """The letters that come with Forgeward, in English and German."""
    return parse(files("forgeward.respond").joinpath("letters.yaml").read_text("utf-8"), BUILT_IN)


def merged(own: Iterable[Template]) -> tuple[Template, ...]:
    """The built-in templates with a home's own: the same name and language replaces, anything else is added."""
    by_key = {(each.name, each.language): each for each in built_in()}
    by_key.update(((each.name, each.language), each) for each in own)
    return tuple(by_key.values())


def by_hand(templates: Iterable[Template]) -> tuple[Template, ...]:
    """The templates that a person begins with: all but the automatic receipt's."""
    return tuple(each for each in templates if each.kind != RECEIPT)


def receipts(templates: Iterable[Template]) -> tuple[Template, ...]:
    """The automatic receipt's templates, one for each language."""
    return tuple(each for each in templates if each.kind == RECEIPT)


def find(templates: Sequence[Template], name: str, language: str = "") -> Template:
    """The template of this name in a language, or in English where it has none in that. Raises ``NotFound``."""
    named = [each for each in templates if each.name == name]
    if not named:
        known = ", ".join(dict.fromkeys(each.name for each in templates))
        raise NotFound(f"There is no template “{name[:40]}”.", next=f"Choose one of: {known}.")
    ranked = {each.language: each for each in named}
    return ranked.get(language) or ranked.get(language.partition("-")[0]) or ranked.get(FALLBACK) or named[0]


def language_of(wishes: Iterable[str], templates: Sequence[Template]) -> str:
    """The first language that is wished for and written in; English where none is.

    A wish is a language tag or a list of them, as ``Content-Language`` has it (RFC 3282): “de-AT, en”.
    """
    known = {each.language.lower(): each.language for each in templates}
    for wish in wishes:
        for part in wish.split(","):
            tag = _TAG.match(part.strip())
            written = (known.get(tag[0].lower()) or known.get(tag[1].lower())) if tag else None
            if written:
                return written
    return FALLBACK


def fill(template: Template, values: Mapping[str, str]) -> Filled:
    """The letter with its placeholders filled. A value is never read as a template; one that is missing is a gap."""

    def filled(text: str) -> str:
        parts = pieces(text)
        for place in range(1, len(parts), 2):
            name = parts[place]
            parts[place] = values.get(name) or ("" if name in MAY_LACK else gap(PLACEHOLDERS[name]))
        return "".join(parts).rstrip()

    return Filled(template, filled(template.subject), filled(template.text))


# --- reading ---------------------------------------------------------------------------------------------------------


def _read(tree: Fields, report: Report) -> tuple[Template, ...]:
    top = Reader(tree, "the file of letters", _TOP, report)
    top.parsed("schema", one_of({SCHEMA}, "a schema that this version reads"))
    version = top.parsed("version", _number) or 1
    found: dict[tuple[str, str], Template] = {}
    for node in top.items("letters"):
        template = _template(node, version, report)
        if template is None:
            continue
        if (template.name, template.language) in found:
            report.add(node.line, f"“{template.name}” in “{template.language}” stands twice.")
        found[template.name, template.language] = template
    return tuple(found.values())


def _template(node: Node, version: int, report: Report) -> Template | None:
    reader = Reader(node, "a letter", _KEYS, report)
    name = reader.parsed("name", _matching(_NAME, "a name: small letters, digits, - and _, like fixed"))
    if name:
        reader.where = f"the letter “{name}”"
    kind = reader.parsed("kind", one_of({*LETTERS, RECEIPT}, "a kind of letter"))
    language = reader.parsed("language", _matching(_LANGUAGE, "a language, like en or de-AT"))
    title = reader.text("title")
    subject = reader.text("subject", required=False) or ""
    known = RECEIPT_PLACEHOLDERS if kind == RECEIPT else tuple(PLACEHOLDERS)
    _check(subject, reader.at("subject"), report, known)
    text = _long(reader, report, known)
    if not (name and kind and language and title and text):
        return None
    if (name == RECEIPT) != (kind == RECEIPT):
        report.add(node.line, f"The automatic receipt, and nothing else, has the name and the kind “{RECEIPT}”.")
    elif kind == RECEIPT and not subject:
        report.add(node.line, "The automatic receipt needs a “subject”.")
    elif kind == RECEIPT and gaps(subject + text):
        report.add(reader.at("text"), "Nobody completes the automatic receipt: it has no ⟦ ⟧.")
    return Template(name, kind, language, title, subject, text, version)


def _long(reader: Reader, report: Report, known: Sequence[str]) -> str:
    """The letter's text, its line breaks kept."""
    node = reader.node("text")
    if node is None:
        return ""
    if not isinstance(node, Scalar) or not node.value.strip():
        report.add(node.line, f"“text” of {reader.where} must be a text; begin it with | and indent it.")
        return ""
    text = node.value.strip("\n")
    if len(text) > LONGEST:
        report.add(node.line, f"“text” of {reader.where} is longer than {LONGEST} characters.")
    several = "\n" in node.value
    for number, line in enumerate(text.split("\n"), node.line + several):
        _check(line, number, report, known)
    return text


def _check(text: str, line: int, report: Report, known: Sequence[str]) -> None:
    try:
        unknown = [name for name in pieces(text)[1::2] if name not in known]
    except BadInput as problem:
        report.add(line, f"{problem} {problem.next}".replace("targets.fix.critical", "case"))
        return
    for name in unknown:
        report.add(line, f"Nothing is called “{name}” in a letter. Known: {', '.join(known)}.")


def _number(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:10]) <= 999_999:
        raise BadInput(f"“{text[:40]}” is no version.", next="Count versions from 1.")
    return int(text)


def _matching(form: re.Pattern[str], noun: str) -> Callable[[str], str]:
    def parse_one(text: str) -> str:
        if form.fullmatch(text):
            return text
        raise BadInput(f"“{text[:40]}” is not {noun}.")

    return parse_one
