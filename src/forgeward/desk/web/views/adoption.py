"""Putting the latest proposal in force: what it changes, which open cases it moves, and the button."""

from __future__ import annotations

from itertools import islice
from typing import cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from forgeward.desk import programme
from forgeward.desk.actions import policies, reclock
from forgeward.desk.models import Person, PolicyVersion
from forgeward.desk.readers import moves
from forgeward.desk.web.deeds import Deed, page
from forgeward.errors import Conflict
from forgeward.policy.diff import compare
from forgeward.policy.document import load

MOST_MOVES = 50  # cases that are named; the rest follow all the same


class Adoption(forms.Form):
    """``digest``: of the proposal that was read and is meant; a later one is then not adopted by mistake."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)


@require_http_methods(["GET", "HEAD", "POST"])
def adopt(request: HttpRequest) -> HttpResponse:
    viewer, now = cast(Person, request.user), programme.home().now()
    waiting = PolicyVersion.objects.filter(adopted_at__isnull=True).order_by("-id").first()
    in_force = programme.policies().latest
    if waiting is None or waiting.digest == in_force.digest:
        return render(request, "policy_none.html", {"room": "promises", "version": in_force.version})
    proposed = load(waiting.text)
    deed = Deed(
        room="promises",
        heading=f"Put version {proposed.version} in force",
        lede="Its digest enters the ledger, and open clocks follow it. What was missed stays missed.",
        button=f"Adopt version {proposed.version}",
        back=reverse("promises"),
        leave="Back to the promises",
        crumbs=(("Promises", reverse("promises")),),
    )
    form = Adoption(request.POST or None, initial={"digest": waiting.digest})

    def act() -> str:
        if form.cleaned_data["digest"] != waiting.digest:
            raise Conflict("Another document was proposed meanwhile.", next="Read what it changes, then decide.")
        adopted = policies.adopt(waiting, viewer.actor(), programme.home().now())
        count = reclock.open_cases(programme.home().now(), lambda _done, _total: None)
        return f"Version {adopted.version} is in force. Open cases that follow it: {count}."

    difference = compare(in_force, proposed)
    return page(
        request,
        deed,
        form,
        act,
        difference=difference,
        moved=list(islice(moves.moves(proposed, viewer, now), MOST_MOVES)),
    )
