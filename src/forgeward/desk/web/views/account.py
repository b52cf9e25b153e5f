"""One's own sessions and tokens; everybody's tokens for the Security Lead."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forgeward.desk import programme
from forgeward.desk.actions import sessions as session_actions
from forgeward.desk.actions import tokens as actions
from forgeward.desk.models import Person
from forgeward.desk.readers import colleagues, words
from forgeward.desk.readers import tokens as reader
from forgeward.desk.sessions import digest
from forgeward.desk.web.deeds import Deed, Nothing, page
from forgeward.desk.web.see import lens
from forgeward.respond.access import TABLE, Answer, Scope, ask

DAYS = ((7, "A week"), (30, "30 days"), (90, "90 days"), (365, "A year"))


class NewToken(forms.Form):
    """What it is for, what it may do, until when."""

    name = forms.CharField(max_length=actions.NAME_LIMIT, label="Name", help_text="What it is for, in a few words.")
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, label="What it may do")
    days = forms.TypedChoiceField(coerce=int, choices=DAYS, initial=90, label="It works for")

    def __init__(self, data: object, person: Person) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        cast(forms.MultipleChoiceField, self.fields["scopes"]).choices = useful_scopes(person)


def useful_scopes(person: Person) -> list[tuple[str, str]]:
    """The scopes that the person's roles have a use for, each with the first thing that it is for."""
    actor = person.actor()
    found = []
    for scope in Scope:
        rows = [row for name, row in TABLE.items() if row.scope is scope and ask(name, actor) is Answer.YES]
        if rows:
            found.append((scope.value, f"{scope.value}: {words.scope(scope, rows[0].what)}"))
    return found


@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    viewer, now = cast(Person, request.user), programme.home().now()
    view = lens(now)
    listed = colleagues.sessions(viewer, viewer.pk, digest(request.session.session_key or ""))
    rows = [(each, view.at(each.seen_at), view.at(each.began_at)) for each in listed]
    return render(request, "account/sessions.html", {"room": "account", "sessions": rows, "zone": view.zone_words})


@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """One, where the form names it; else all but the one that asks."""
    key, viewer = request.POST.get("session", ""), cast(Person, request.user)
    deed = Deed("account", "End sessions", "", "End them", reverse("own_sessions"), crumbs=_CRUMBS)
    current = digest(request.session.session_key or "")

    def act() -> str:
        but = "" if key else current
        count = session_actions.end(viewer, [key] if key else None, viewer.actor(), programme.home().now(), but=but)
        return f"{count} {'session has' if count == 1 else 'sessions have'} ended."

    return page(request, deed, Nothing(request.POST), act)


_CRUMBS = (("Account", "/account/"),)


@require_safe
def tokens(request: HttpRequest) -> HttpResponse:
    return _tokens(request, everybody=False)


@require_safe
def all_tokens(request: HttpRequest) -> HttpResponse:
    return _tokens(request, everybody=True)


def _tokens(request: HttpRequest, *, everybody: bool) -> HttpResponse:
    viewer, now = cast(Person, request.user), programme.home().now()
    view = lens(now)
    rows = [
        (line, view.day(line.expires_at), view.at(line.used_at) if line.used_at else "")
        for line in reader.listing(viewer, now, everybody=everybody)
    ]
    shown = {
        "room": "people" if everybody else "account",
        "rows": rows,
        "everybody": everybody,
        "may_all": ask("token.all", viewer.actor()) is Answer.YES,
        "zone": view.zone_words,
    }
    return render(request, "account/tokens.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
def make_token(request: HttpRequest) -> HttpResponse:
    """The page that answers shows the token, this once."""
    viewer = cast(Person, request.user)
    lede = (
        "For a program that calls the API. It does what you may, as far as you choose here,"
        " and nothing that asks for a fresh proof of who you are."
    )
    deed = Deed("account", "Make a token", lede, "Make the token", reverse("own_tokens"), "Back to the tokens",
                (*_CRUMBS, ("Tokens", reverse("own_tokens"))))  # fmt: skip
    form = NewToken(request.POST or None, viewer)

    def act() -> HttpResponse:
        sent, now = form.cleaned_data, programme.home().now()
        made = actions.make(viewer, sent["name"], sent["scopes"], now + timedelta(days=sent["days"]), now)
        shown = {
            "room": "account",
            "token": str(made.token),
            "row": made.row,
            "until": lens(now).day(made.row.expires_at),
        }
        return render(request, "account/token.html", shown)

    return page(request, deed, form, act)


@require_POST
def revoke_token(request: HttpRequest, ident: str) -> HttpResponse:
    viewer = cast(Person, request.user)
    back = reverse("all_tokens" if request.POST.get("from") == "all" else "own_tokens")
    deed = Deed("account", "Revoke the token", "", "Revoke it", back, crumbs=_CRUMBS)

    def act() -> str:
        row = actions.revoke(ident, viewer.actor(), programme.home().now())
        return f"The token “{row.name}” has ended."

    return page(request, deed, Nothing(request.POST), act)
