"""A letter to the reporter: begun with a template, looked at as it will leave, sent; or read by a second person.

    GET ?template=fixed.de ─▶ the form, filled ─ POST preview ─▶ as it will leave ─ POST send ─▶ the case
                                   ▲                                  │
                                   └────────── POST edit ─────────────┘
Works without scripts. Files that were sent once are kept, sealed, and come along as signed lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import msgspec
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from forgeward.desk import programme
from forgeward.desk.actions import letters as actions
from forgeward.desk.actions.letters import Preview
from forgeward.desk.models import CaseRow, Person
from forgeward.desk.readers import letters as reader
from forgeward.desk.readers import words
from forgeward.desk.readers.sight import visible_to
from forgeward.desk.readers.texts import titles
from forgeward.desk.web import uploads
from forgeward.desk.web.forms import command_from, sent_values
from forgeward.desk.web.see import lens
from forgeward.desk.web.views import errors
from forgeward.edges.home import Home
from forgeward.edges.letters import templates
from forgeward.errors import (
    BadInput,
    ForgewardError,
    HomeUnusable,
    KeyErased,
    LettersInvalid,
    NotAllowed,
    NotFound,
    StepRefused,
)
from forgeward.respond import letters
from forgeward.respond.commands import Letter
from forgeward.respond.enclosure import LARGEST, MOST, Enclosure, read_line
from forgeward.respond.letters import Filled, Template
from forgeward.respond.parse import specs
from forgeward.respond.permissions import ROLES, may
from forgeward.vocabulary import Role

_SALT: Final = "forgeward file of a letter"
_KEPT_FOR: Final = 24 * 3600  # seconds that a form may lie before its files are asked for again
_LANGUAGES: Final = {"en": "English", "de": "German"}
_TYPED: Final = ("text", "subject", "language", "kind", "break_glass")


@dataclass
class Draft:
    """What the form holds: typed words, the template's mark, the files that come along with their signed lines."""

    words: dict[str, str]
    template: str = ""
    files: list[tuple[Enclosure, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@require_http_methods(["GET", "HEAD", "POST"])
def letter(request: HttpRequest, number: str) -> HttpResponse:
    """The composer of a case. What is refused comes back with everything that was typed and every file."""
    person = cast(Person, request.user)
    row = _row(person, number)
    step = actions.step_of(row)
    if request.method != "POST":
        return _page(request, row, step, _begun(request, row, person), 200)
    if not may(step, person.actor()):
        return errors.refused(
            request, NotAllowed(f"Writing to the reporter is for {_who(step)}.", next="Ask them."), 403
        )
    draft = Draft({name: request.POST.get(name, "") for name in _TYPED}, request.POST.get("template", ""))
    try:
        return _posted(request, row, step, draft)
    except NotAllowed as problem:
        return errors.refused(request, problem, 403)
    except HomeUnusable as problem:
        return errors.refused(request, problem, 503)
    except StepRefused as problem:
        draft.problems += [lack.sentence for lack in problem.missing] or [f"{problem} {problem.next}".strip()]
    except ForgewardError as problem:
        draft.problems.append(f"{problem} {problem.next}".strip())
    return _page(request, row, step, draft, 422)


def _posted(request: HttpRequest, row: CaseRow, step: str, draft: Draft) -> HttpResponse:
    _take_files(request, row, draft)
    deed, person = request.POST.get("deed", "preview"), cast(Person, request.user)
    if draft.problems or deed == "edit":
        return _page(request, row, step, draft, 422 if draft.problems else 200)
    command = _command(request, step, draft)
    if deed == "send":
        return _sent(request, row, step, command, person)
    preview = actions.look(programme.home(), row, command, person, programme.home().now())
    return _page(request, row, step, draft, 200, preview)


def _sent(request: HttpRequest, row: CaseRow, step: str, command: Letter, person: Person) -> HttpResponse:
    home = programme.home()
    done = actions.send(home, row.number, command, person, home.now())
    if done.waits_for:
        messages.success(request, "The letter waits for a second person. It goes when they have read it.")
    else:
        messages.success(request, f"Recorded: {words.step(step)[:1].lower()}{words.step(step)[1:]}. It is on its way.")
    return HttpResponseRedirect(reverse("case", args=[row.number]) + "#thread")


def _row(person: Person, number: str) -> CaseRow:
    row = visible_to(person).filter(number=number.upper()).first()
    if row is None:
        raise Http404
    return row


# --- what the form begins with, and what it sends --------------------------------------------------------------------


def _begun(request: HttpRequest, row: CaseRow, person: Person) -> Draft:
    """An empty form, a template, or a letter that waits and is to be changed. A link chooses; it never writes."""
    home = programme.home()
    known, _ = _known(home)
    language = actions.language_for(home, row, known)
    if request.GET.get("change"):
        waiting = reader.waiting(row)
        if waiting is not None and waiting.by == person.actor().id:
            files = [(each, _sign(row, each)) for each in waiting.files]
            return Draft(dict.fromkeys(_TYPED, "") | waiting.words, waiting.template, files)
    name, _, asked = request.GET.get("template", "").partition(".")
    if not name:
        return Draft(dict.fromkeys(_TYPED, "") | {"language": language})
    try:
        template = letters.find(known, name, asked or language)
    except NotFound as problem:
        return Draft(dict.fromkeys(_TYPED, ""), problems=[f"{problem} {problem.next}"])
    return _filled(actions.begin(home, row, person, template, home.now()))


def _known(home: Home) -> tuple[Sequence[Template], str]:
    """The templates; where the home's own file does not read, the built-in ones, and what is wrong with the file."""
    try:
        return letters.by_hand(templates(home)), ""
    except LettersInvalid as problem:
        return letters.by_hand(letters.built_in()), str(problem)


def _filled(filled: Filled) -> Draft:
    template = filled.template
    kind = template.kind if template.kind in _kinds() else ""
    typed = {"text": filled.text, "subject": filled.subject, "language": template.language, "kind": kind}
    return Draft(dict.fromkeys(_TYPED, "") | typed, template.mark)


def _command(request: HttpRequest, step: str, draft: Draft) -> Letter:
    home = programme.home()
    command = command_from(step, sent_values(request.POST), lens(home.now()).zone)
    assert isinstance(command, Letter)  # noqa: S101 -- step_of names no other step
    marks = {each.mark for each in _known(home)[0]}
    return msgspec.structs.replace(
        command,
        files=tuple(enclosed.line for enclosed, _ in draft.files),
        template=draft.template if draft.template in marks else "",
    )


def _take_files(request: HttpRequest, row: CaseRow, draft: Draft) -> None:
    """Files that came before and were not taken off, and those of this form."""
    for token in request.POST.getlist("kept"):
        enclosed = _read_token(row, token)
        if enclosed is None:
            draft.problems.append("A file was attached too long ago, or for another case. Attach it again.")
        else:
            draft.files.append((enclosed, token))
    fresh = [(file.name or "file", file.read()) for file in request.FILES.getlist("files")]
    if uploads.refused(request):
        draft.problems.append(f"Not attached: a letter takes {MOST} files with {LARGEST // 2**20} MB together.")
    elif len(draft.files) + len(fresh) > MOST:
        draft.problems.append(f"{len(draft.files) + len(fresh)} files are too many. A letter takes {MOST}.")
    elif sum(each.size for each, _ in draft.files) + sum(len(content) for _, content in fresh) > LARGEST:
        draft.problems.append(f"Not attached: the files have more than {LARGEST // 2**20} MB together.")
    elif fresh:
        try:
            kept = actions.enclose(programme.home(), row, fresh)
        except BadInput as problem:
            draft.problems.append(f"{problem} {problem.next}".strip())
        else:
            draft.files += [(each, _sign(row, each)) for each in kept]


def _sign(row: CaseRow, enclosed: Enclosure) -> str:
    return signing.dumps([row.number, enclosed.line], salt=_SALT)


def _read_token(row: CaseRow, token: str) -> Enclosure | None:
    try:
        number, line = signing.loads(token, salt=_SALT, max_age=_KEPT_FOR)
        return read_line(line) if number == row.number else None
    except (signing.BadSignature, ValueError, BadInput):
        return None


# --- pages -----------------------------------------------------------------------------------------------------------


def _page(
    request: HttpRequest, row: CaseRow, step: str, draft: Draft, status: int, preview: Preview | None = None
) -> HttpResponse:
    person = cast(Person, request.user)
    home = programme.home()
    known, unread = _known(home)
    shown: dict[str, Any] = {
        "room": "cases",
        "number": row.number,
        "title": _title(row),
        "step": step,
        "draft": draft,
        "preview": preview,
        "unread": unread,
        "gaps": letters.gaps(draft.words["text"]) + letters.gaps(draft.words["subject"]),
        "choices": _choices(known, draft.template),
        "kinds": [(kind, words.capital(words.LETTERS[kind])) for kind in _kinds()] if step == "reply" else [],
        "languages": _languages(known),
        "by_two": sorted(words.LETTERS[kind] for kind in programme.policies().at(home.now()).second_person),
        "allowed": may(step, person.actor()),
        "who": _who(step),
        "reachable": bool(row.reporter),
        "most": MOST,
        "megabytes": LARGEST // 2**20,
    }
    return render(request, "cases/letter.html", shown, status=status)


@require_safe
def waiting(request: HttpRequest, number: str, seq: int) -> HttpResponse:
    """A letter that waits for a second person, as it would leave, with the button that lets it go."""
    person = cast(Person, request.user)
    row = _row(person, number)
    found = reader.waiting(row, seq)
    if found is None:
        raise Http404
    home, trouble, preview = programme.home(), "", None
    try:
        preview = actions.look_again(home, row, found.step, found.command, home.now())
    except (BadInput, KeyErased, HomeUnusable) as problem:
        trouble = f"{problem} {problem.next}".strip()
    shown = {
        "room": "cases",
        "number": row.number,
        "title": _title(row),
        "letter": found,
        "seq": seq,
        "kind": words.LETTERS.get(found.command.sort, ""),
        "at": lens(home.now()).at(found.at),
        "preview": preview,
        "trouble": trouble,
        "mine": found.by == person.actor().id,
        "allowed": may("approve", person.actor()),
    }
    return render(request, "cases/waiting.html", shown)


def _title(row: CaseRow) -> str:
    return titles([(row.pk, row.number, row.title_seq)])[row.pk]


def _kinds() -> tuple[str, ...]:
    return next(spec.choices for spec in specs("reply") if spec.name == "kind")


def _choices(known: Sequence[Template], mark: str) -> list[tuple[str, str, bool]]:
    """Each template once in each language: value, words, chosen."""
    return [
        (f"{each.name}.{each.language}", f"{each.title} ({_language(each.language)})", each.mark == mark)
        for each in sorted(known, key=lambda each: each.language != letters.FALLBACK)
    ]


def _languages(known: Sequence[Template]) -> Mapping[str, str]:
    return {each.language: _language(each.language) for each in known}


def _language(code: str) -> str:
    return _LANGUAGES.get(code, code)


def _who(step: str) -> str:
    held = [words.ROLES[role] for role in Role if role in ROLES[step]]
    return " or ".join(filter(None, (", ".join(held[:-1]), held[-1])))
