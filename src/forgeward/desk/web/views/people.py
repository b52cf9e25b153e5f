"""The room People: who works here, how they come in, who is away. Each deed is an action, as on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forgeward.desk import programme
from forgeward.desk.actions import absences as absence_actions
from forgeward.desk.actions import people as actions
from forgeward.desk.actions import sessions as session_actions
from forgeward.desk.models import Person
from forgeward.desk.readers import colleagues as reader
from forgeward.desk.readers import words
from forgeward.desk.readers.colleagues import Absence, Colleague
from forgeward.desk.sessions import digest
from forgeward.desk.web.deeds import Deed, Nothing, page
from forgeward.desk.web.see import lens
from forgeward.desk.web.times import Lens
from forgeward.errors import NotFound
from forgeward.respond.access import Answer, ask
from forgeward.vocabulary import WORKING, Role

ROLES = tuple((role.value, word) for role, word in words.ROLES.items())
METHODS = ["GET", "HEAD", "POST"]


class RolesForm(forms.Form):
    """What somebody may do here."""

    roles = forms.MultipleChoiceField(choices=ROLES, widget=forms.CheckboxSelectMultiple, label="Roles")

    def chosen(self) -> list[Role]:
        return [Role(value) for value in self.cleaned_data["roles"]]


class NewPerson(RolesForm):
    """Somebody who begins to work here."""

    field_order = ("name", "email", "roles")
    name = forms.CharField(max_length=actions.NAME_LIMIT, label="Name")
    email = forms.EmailField(max_length=actions.ADDRESS_LIMIT, label="E-mail")


class Reason(forms.Form):
    """Why, in words that go into the history, sealed."""

    reason = forms.CharField(
        max_length=actions.REASON_LIMIT,
        label="How you know that it is them",
        help_text="It is kept in the history, sealed.",
    )


class AwayForm(forms.Form):
    """From which day to which, and who stands in."""

    first = forms.DateField(label="First day", widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label="Last day", widget=forms.DateInput(attrs={"type": "date"}))
    stand_in = forms.ChoiceField(
        label="Stand-in",
        required=False,
        help_text="Gets the reminders meanwhile. Without one, the next on the path does.",
    )

    def __init__(self, data: object, others: Sequence[Person]) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        choices = [("", "Nobody in particular"), *((str(each.pk), each.name) for each in others)]
        cast(forms.ChoiceField, self.fields["stand_in"]).choices = choices


@dataclass(frozen=True, slots=True)
class AbsenceLine:
    """“until Tue 5 Jan, Tomasz Bielak stands in”."""

    absence: Absence
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """A person as the list shows them."""

    person: Colleague
    roles: str
    seen: str
    absences: tuple[AbsenceLine, ...]

    @property
    def away(self) -> AbsenceLine | None:
        """The absence that runs."""
        return next((each for each in self.absences if each.absence.now), None)


def _line(person: Colleague, view: Lens) -> Line:
    seen = view.at(person.seen) if person.seen else ""
    return Line(person, roles_in_words(person.roles), seen, tuple(_absence(each, view) for each in person.absences))


def roles_in_words(held: frozenset[Role]) -> str:
    """“Security Lead, Support”."""
    return ", ".join(word for role, word in words.ROLES.items() if role in held)


def _absence(absence: Absence, view: Lens) -> AbsenceLine:
    days = f"until {view.by(absence.ends_at)}".replace("end of ", "")
    if not absence.now:
        days = f"from {view.day(absence.begins_at)} {days}"
    return AbsenceLine(absence, f"{days}, {absence.stand_in} stands in" if absence.stand_in else days)


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    viewer, now = cast(Person, request.user), programme.home().now()
    view = lens(now)
    lines = [_line(each, view) for each in reader.colleagues(viewer, now)]
    shown = {
        "room": "people",
        "lines": lines,
        "may": _may(viewer),
        "zone": view.zone_words,
        "without": [line for line in lines if line.person.active and not line.person.factor],
    }
    return render(request, "people/list.html", shown)


def _may(viewer: Person) -> dict[str, bool]:
    actor = viewer.actor()
    names = ("people.add", "people.roles", "people.switch", "people.reset", "session.all", "absence.all", "token.all")
    return {name.replace(".", "_"): ask(name, actor) is Answer.YES for name in names}


@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    viewer, now = cast(Person, request.user), programme.home().now()
    view, found = lens(now), _colleague(viewer, pk)
    may = _may(viewer)
    listed = reader.sessions(viewer, pk, digest(request.session.session_key or ""))
    shown = {
        "room": "people",
        "line": _line(found, view),
        "may": may,
        "may_away": may["absence_all"] or (pk == viewer.pk and ask("absence.own", viewer.actor()) is Answer.YES),
        "sessions": [(each, view.at(each.seen_at), view.at(each.began_at)) for each in listed],
        "keys": reader.fingerprints(found.email),
        "zone": view.zone_words,
    }
    return render(request, "people/person.html", shown)


def _colleague(viewer: Person, pk: int) -> Colleague:
    try:
        return reader.colleague(viewer, pk, programme.home().now())
    except NotFound as problem:
        raise Http404 from problem


def _person(pk: int) -> Person:
    found = Person.objects.prefetch_related("groups").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _crumbs(found: Person | None = None) -> tuple[tuple[str, str], ...]:
    first = (("People", reverse("people")),)
    return (*first, (found.name, reverse("person", args=[found.pk]))) if found else first


@require_http_methods(METHODS)
def add(request: HttpRequest) -> HttpResponse:
    """The link that lets them in is shown on the page that answers, this once."""
    deed = Deed(
        room="people",
        heading="Add somebody",
        lede="They come in by a one-time link, which the next page shows once; then they set up a second factor.",
        button="Add them",
        back=reverse("people"),
        leave="Back to the people",
        crumbs=_crumbs(),
    )
    form = NewPerson(request.POST or None)

    def act() -> HttpResponse:
        now, actor = programme.home().now(), cast(Person, request.user).actor()
        sent = form.cleaned_data
        added = actions.add_person(sent["name"], sent["email"], form.chosen(), actor, now)
        return _link_page(request, added, actions.sign_in_link(added, now), f"{added.name} is added")

    return page(request, deed, form, act)


def _link_page(request: HttpRequest, found: Person, token: str, heading: str) -> HttpResponse:
    now = programme.home().now()
    base = programme.home().settings.public_url or f"{request.scheme}://{request.get_host()}"
    shown = {
        "room": "people",
        "heading": heading,
        "person": found,
        "link": base.rstrip("/") + reverse("sign_in_once", args=[token]),
        "until": lens(now).at(now + actions.LINK_LIFE),
        "crumbs": _crumbs(found),
    }
    return render(request, "people/link.html", shown)


@require_http_methods(METHODS)
def roles(request: HttpRequest, pk: int) -> HttpResponse:
    found = _person(pk)
    back = reverse("person", args=[pk])
    lede = "What they may do from now on. Roles add up."
    deed = Deed("people", f"Roles of {found.name}", lede, "Change the roles", back, crumbs=_crumbs(found))
    form = RolesForm(request.POST or None, initial={"roles": sorted(found.roles)})

    def act() -> str:
        actions.change_roles(found, form.chosen(), cast(Person, request.user).actor(), programme.home().now())
        return f"{found.name} is {roles_in_words(frozenset(form.chosen()))} from now on."

    return page(request, deed, form, act)


@require_http_methods(METHODS)
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Off, or on again: the page says which of both it is, and the form sends it along."""
    found, on = _person(pk), request.GET.get("on") == "1"
    if request.method == "POST":
        on = request.POST.get("on") == "1"
    lede = (
        "They sign in again with what they had. A lost password or factor needs a reset."
        if on
        else "Sessions and unused links end at once, tokens rest. History, cases and roles stay as they are."
    )
    word = f"Switch {found.name} {'on again' if on else 'off'}"
    deed = Deed("people", word, lede, word, reverse("person", args=[pk]), crumbs=_crumbs(found))

    def act() -> str:
        actions.switch(found, on, cast(Person, request.user).actor(), programme.home().now())
        return f"{found.name} {'is back' if on else 'is switched off. Every session of theirs has ended'}."

    return page(request, deed, Nothing(request.POST or None), act, hidden=[("on", "1" if on else "0")])


@require_http_methods(METHODS)
def reset(request: HttpRequest, pk: int) -> HttpResponse:
    """Every way in ends; the page that answers shows the one new link once."""
    found = _person(pk)
    lede = (
        "For who lost the second factor. Password, apps, passkeys, recovery codes, unused links and sessions end at"
        " once; a one-time link lets them in to set up anew. Make sure that it is them: call the number that you know."
    )
    back, button = reverse("person", args=[pk]), "End every way in and make a link"
    deed = Deed("people", f"Let {found.name} in anew", lede, button, back, crumbs=_crumbs(found))
    form = Reason(request.POST or None)

    def act() -> HttpResponse:
        actor, now = cast(Person, request.user).actor(), programme.home().now()
        token = actions.reset(found, form.cleaned_data["reason"], actor, now)
        return _link_page(request, found, token, f"{found.name} starts anew")

    return page(request, deed, form, act)


@require_POST
def end_sessions(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them, where the form names it; else all."""
    found, key = _person(pk), request.POST.get("session", "")
    deed = Deed("people", "End sessions", "", "End them", reverse("person", args=[pk]), crumbs=_crumbs(found))

    def act() -> str:
        actor = cast(Person, request.user).actor()
        count = session_actions.end(found, [key] if key else None, actor, programme.home().now())
        return f"{count} {'session has' if count == 1 else 'sessions have'} ended."

    return page(request, deed, Nothing(request.POST), act)


@require_http_methods(METHODS)
def away(request: HttpRequest, pk: int) -> HttpResponse:
    found = _person(pk)
    there = Person.objects.filter(is_active=True, groups__name__in=[role.value for role in WORKING]).distinct()
    form = AwayForm(request.POST or None, list(there.exclude(pk=pk)))
    lede = "Reminders of deadlines then go to the stand-in. The days count in the policy's zone, both included."
    back = reverse("person", args=[pk])
    deed = Deed("people", f"{found.name} is away", lede, "Enter the absence", back, crumbs=_crumbs(found))

    def act() -> str:
        sent, actor = form.cleaned_data, cast(Person, request.user).actor()
        stand_in = _person(int(sent["stand_in"])) if sent["stand_in"] else None
        absence_actions.enter(found, sent["first"], sent["last"], stand_in, actor, programme.home().now())
        return "The absence is entered."

    return page(request, deed, form, act)


@require_POST
def back(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        row = reader.absence(pk)
    except NotFound as problem:
        raise Http404 from problem
    deed = Deed(
        "people", "End the absence", "", "End it", reverse("person", args=[row.person_id]), crumbs=_crumbs(row.person)
    )

    def act() -> str:
        absence_actions.end(row, cast(Person, request.user).actor(), programme.home().now())
        return f"{row.person.name} is here."

    return page(request, deed, Nothing(request.POST), act)
