"""Incoming mail: what came by which mailbox, what became of it, and what waits for a person's decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from forgeward.desk import kept, programme
from forgeward.desk.actions import agreements, held
from forgeward.desk.models import Person
from forgeward.desk.readers import mail as reader
from forgeward.desk.readers import senders
from forgeward.desk.readers.mail import BoxLine, MailLine
from forgeward.desk.web.see import lens
from forgeward.desk.web.times import Lens
from forgeward.desk.web.views import errors
from forgeward.errors import BadInput, Conflict, ForgewardError, NotAllowed, NotFound, StepRefused
from forgeward.respond.permissions import may

# The state's word, and the mark that goes with it.
STATES: Final = {
    "held": ("Waits for you", "risk", "is-risk"),
    "parsed": ("In a case", "kept", "is-kept"),
    "not_parsed": ("In a case, unread", "unproven", "is-unproven"),
    "grouped": ("Grouped", "idle", "is-off"),
    "aside": ("Set aside", "idle", "is-off"),
    "bounce": ("Bounce", "missed", "is-missed"),
    "canary": ("Test mail", "kept", "is-kept"),
    "discarded": ("Discarded", "idle", "is-off"),
    "stored": ("Waits to be read", "run", "is-run"),
}
VERDICTS: Final = {
    "pass": ("proven", "kept", "is-kept"),
    "fail": ("failed", "missed", "is-missed"),
    "none": ("not proven", "unproven", "is-unproven"),
}
# Where a person is wanted, or may want to look.
TALLIED: Final = ("held", "not_parsed", "grouped", "aside")
ARCHIVES: Final = ("zip", "gzip", "tar", "7z", "rar", "bzip2", "xz", "zstd")
NAMES: Final = {"dkim": "DKIM", "dmarc": "DMARC", "openpgp": "OpenPGP", "spf": "SPF", "arc": "ARC"}
PURPOSES: Final = {"security": "Security", "privacy": "Privacy", "support": "Support", "app": "App"}
SHOWN_AS_TEXT: Final = ("text/", "application/json", "image/svg+xml", "application/pgp")
PREVIEW = 64 * 2**10  # bytes of a file that are shown


@dataclass(frozen=True, slots=True)
class Row:
    """A mail in words."""

    mail: MailLine
    state: str
    mark: str
    css: str
    at: str


@dataclass(frozen=True, slots=True)
class Proof:
    """One verdict on the sender in words."""

    name: str
    word: str
    mark: str
    css: str


@dataclass(frozen=True, slots=True)
class Box:
    """A mailbox in words."""

    box: BoxLine
    purpose: str
    looked: str
    proven: str
    lost: str


def _row(mail: MailLine, view: Lens) -> Row:
    word, mark, css = _row_words(mail.state)
    return Row(mail, word, mark, css, view.at(mail.at))


def _row_words(state: str) -> tuple[str, str, str]:
    return STATES.get(state, (state, "idle", "is-off"))


def _proofs(mail: MailLine) -> list[Proof]:
    """OpenPGP and DMARC name the sender; the others only help to."""
    order = sorted(mail.signals.items(), key=lambda pair: list(NAMES).index(pair[0]) if pair[0] in NAMES else 99)
    return [Proof(NAMES.get(name, name), *VERDICTS.get(verdict, VERDICTS["none"])) for name, verdict in order]


@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    home = programme.home()
    view = lens(home.now())
    state, case = request.GET.get("state", ""), request.GET.get("case", "").strip().upper()
    try:
        page = reader.page(
            cast(Person, request.user), state=state, case=case, before=request.GET.get("before", ""), limit=50
        )
        boxes = reader.boxes(home)
        counts = reader.tally(cast(Person, request.user), TALLIED)
    except BadInput as problem:
        return errors.refused(request, problem, 400)
    following = urlencode({"state": state, "case": case, "before": page.before}) if page.before else ""
    words = {
        "room": "mail",
        "rows": [_row(mail, view) for mail in page.mails],
        "following": following,
        "states": [(key, word) for key, (word, _, _) in STATES.items()],
        "state": state,
        "case": case,
        "zone": view.zone_words,
        "boxes": [_box(box, view) for box in boxes],
        "unread": reader.unread(home),
        "tally": [(key, counts[key], _row_words(key)) for key in TALLIED if counts.get(key)],
    }
    return render(request, "mail/list.html", words)


def _box(box: BoxLine, view: Lens) -> Box:
    return Box(
        box,
        PURPOSES.get(box.purpose, box.purpose),
        view.at(box.looked_at) if box.looked_at else "",
        view.at(box.proven_at) if box.proven_at else "",
        view.at(box.lost_at) if box.lost_at else "",
    )


@require_safe
def mail(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, pk, 200)


def _page(request: HttpRequest, pk: int, status: int, problem: str = "") -> HttpResponse:
    person = cast(Person, request.user)
    home = programme.home()
    try:
        opened = reader.opened(home, person, pk)
    except NotFound as missing:
        raise Http404 from missing
    words: dict[str, Any] = {
        "room": "mail",
        "row": _row(opened.line, lens(home.now())),
        "opened": opened,
        "proofs": _proofs(opened.line),
        "files": [(number, file, _archive(file.media_type)) for number, file in enumerate(opened.files, 1)],
        "problem": problem,
        "reason": request.POST.get("reason", ""),
        "may_join": may("join", person.actor()),
        "may_discard": may("reject", person.actor()),
        "keys": senders.keys(home, opened.line.sender, home.now()),
        "may_agree": may("reply", person.actor()),
    }
    return render(request, "mail/mail.html", words, status=status)


@require_POST
def decide(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Join, open, discard, agree on a key. What is refused comes back with the mail and what was typed."""
    person, home = cast(Person, request.user), programme.home()
    _require(person, pk)
    try:
        if deed == "join":
            done = held.join(home, pk, person.actor(), home.now, request.POST.get("case", "").strip().upper())
        elif deed == "open":
            done = held.open_new(home, pk, person.actor(), home.now)
        elif deed == "agree":
            return _agree(request, pk)
        elif deed == "discard":
            done = held.discard(home, pk, request.POST.get("reason", ""), person.actor(), home.now)
        else:
            raise Http404
    except NotAllowed as problem:
        return errors.refused(request, problem, 403)
    except Conflict as problem:
        return _page(request, pk, 409, f"{problem} {problem.next}")
    except (StepRefused, BadInput, NotFound) as problem:
        return _page(request, pk, 422, f"{problem} {problem.next}")
    messages.success(request, _said(done.case, new=done.new))
    return HttpResponseRedirect(reverse("case", args=[done.case]) if done.case else reverse("mail"))


def _agree(request: HttpRequest, pk: int) -> HttpResponse:
    """The sender's key proves who writes from now on. Raises as ``agreements.agree``."""
    person, home = cast(Person, request.user), programme.home()
    if "compared" not in request.POST:
        raise BadInput(
            "Nothing was agreed on.", next="Compare the fingerprint with its owner by another way than mail."
        )
    line = reader.one(person, pk)
    _, waiting = agreements.agree(home, line.sender, request.POST.get("key", ""), person.actor(), home.now())
    more = f" {waiting} held letters are tried again." if waiting else ""
    messages.success(request, f"Recorded: this key of {line.sender} is used from now on.{more}")
    return HttpResponseRedirect(reverse("one_mail", args=[pk]))


def _require(person: Person, pk: int) -> None:
    """404 for a mail that is not there, or not for this person to see."""
    try:
        reader.one(person, pk)
    except NotFound as missing:
        raise Http404 from missing


def _said(case: str | None, *, new: bool) -> str:
    if case is None:
        return "Recorded: the mail was discarded. It is kept."
    return f"{case} is open." if new else f"Recorded: the mail joined {case}."


@require_safe
def raw(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail as received, to be kept as a file; never shown by the browser."""
    try:
        content = reader.raw(programme.home(), cast(Person, request.user), pk)
    except NotFound as problem:  # KeyErased is one
        raise Http404 from problem
    except ForgewardError as problem:
        return errors.refused(request, problem, 503)
    return _download(content, f"mail-{pk}.eml")


@require_safe
def attachment(request: HttpRequest, pk: int) -> HttpResponse:
    """A file as text, as far as it is text; archives and pictures are named, and can only be taken away as they are."""
    home = programme.home()
    try:
        row = reader.attachment(cast(Person, request.user), pk)
        content = kept.file_bytes(home, row)
    except NotFound as problem:
        raise Http404 from problem
    except ForgewardError as problem:
        return errors.refused(request, problem, 503)
    name = reader.file_label(row)
    if "download" in request.GET:
        return _download(content, name)
    number = row.message.case.number
    shown = {"room": "cases", "number": number, "ours": row.message.direction == "out"}
    return _file_page(request, name, row.media_type, row.size, content, shown)


@require_safe
def mail_file(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """A file of a mail that is in no case, or not yet: as text, as far as it is text."""
    try:
        found, content = reader.file_of(programme.home(), cast(Person, request.user), pk, number)
    except NotFound as problem:  # KeyErased is one
        raise Http404 from problem
    except ForgewardError as problem:
        return errors.refused(request, problem, 503)
    if "download" in request.GET:
        return _download(content, found.name)
    return _file_page(request, found.name, found.media_type, found.size, content, {"room": "mail", "mail": pk})


def _file_page(
    request: HttpRequest, name: str, media_type: str, size: int, content: bytes, shown: dict[str, Any]
) -> HttpResponse:
    as_text = media_type.startswith(SHOWN_AS_TEXT)
    words = {
        "name": name,
        "media_type": media_type,
        "size": size,
        "archive": _archive(media_type),
        "text": content[:PREVIEW].decode("utf-8", "replace") if as_text else "",
        "cut": as_text and len(content) > PREVIEW,
    }
    return render(request, "mail/file.html", shown | words)


def _archive(media_type: str) -> bool:
    return any(word in media_type for word in ARCHIVES)


def _download(content: bytes, name: str) -> HttpResponse:
    """Bytes that no browser opens: an opaque type, a plain name, and a sandbox in case one does."""
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "._- ") else "_" for sign in name).strip(". ")
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{plain or "file"}"'
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response
