"""The list of cases: its address is the view, and an address may have a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forgeward.desk import programme
from forgeward.desk.actions import views as actions
from forgeward.desk.actions.bulk import STEPS
from forgeward.desk.filters import LATE, ME, NOBODY, PARAMETERS, UNSET, WEEK, filters_of
from forgeward.desk.models import Person
from forgeward.desk.readers import cases as reader
from forgeward.desk.readers import people, words
from forgeward.desk.readers import views as view_reader
from forgeward.desk.readers.cases import CaseLine
from forgeward.desk.readers.clocks import RISKY_SHARE, in_business_time
from forgeward.desk.web.see import MISSED, RISK, RUNS, Tone, lens
from forgeward.desk.web.times import Lens, span
from forgeward.desk.web.views import errors
from forgeward.errors import BadInput, NotAllowed, NotFound
from forgeward.respond.access import Answer, ask
from forgeward.respond.permissions import may
from forgeward.vocabulary import CaseKind, Severity

PAGE = 30  # a screen and a half; each row costs a tenth of a millisecond
# Views that everybody has: a word, and the query that it stands for.
READY = (("Open", ""), ("Mine", f"owner={ME}"), ("Without owner", f"owner={NOBODY}"), ("Late", f"due={LATE}"))
DUE = ((LATE, "Late"), (WEEK, "Within 7 days"))


@dataclass(frozen=True, slots=True)
class ListRow:
    """One case in the list."""

    case: CaseLine
    tone: Tone
    left: str
    due: str
    state: str
    kind: str
    age: str


@dataclass(frozen=True, slots=True)
class ViewLink:
    """A view by its name; ``here``: it is what the page shows."""

    word: str
    query: str
    here: bool
    by: str = ""


@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    person = cast(Person, request.user)
    now = programme.home().now()
    asked = {name: request.GET.get(name, "").strip() for name in PARAMETERS}
    after = request.GET.get("after", "").strip()
    try:
        filters = filters_of(asked, person.pk)
        page = reader.page(person, filters, now, after, PAGE)
    except BadInput as problem:
        return errors.refused(request, problem, 400)
    kept = {name: value for name, value in asked.items() if value}
    query = urlencode(kept)
    shown: dict[str, Any] = {
        "room": "cases",
        "rows": list_rows(page.cases, lens(now)),
        "asked": asked,
        "state": filters.state,
        "query": query,
        "first": not after,
        "following": urlencode({**kept, "after": page.after}) if page.after else "",
        "views": _views(person, query),
        "may_save": ask("view.own", person.actor()) is Answer.YES,
        "may_open": may("receive", person.actor()),
        "deeds": [(step, words.step(step)) for step in STEPS if may(step, person.actor())],
        **_choices(person),
    }
    return render(request, "cases/list.html", shown)


def _choices(person: Person) -> dict[str, Any]:
    """What the filters offer."""
    owners = [(ME, "Me"), (NOBODY, "Nobody")]
    owners += [(pk, name) for pk, name in people.team() if pk != f"person:{person.pk}"]
    return {
        "states": [(reader.OPEN, "Open"), (reader.ALL, "All"), *((s, words.STATES[s]) for s in reader.STATES)],
        "kinds": [(kind.value, words.KINDS[kind.value]) for kind in CaseKind],
        "severities": [*((level.value, level.value.capitalize()) for level in Severity), (UNSET, "Not assessed")],
        "owners": owners,
        "dues": DUE,
    }


def _views(person: Person, query: str) -> list[ViewLink]:
    ready = [ViewLink(word, wanted, wanted == query) for word, wanted in READY]
    saved = [ViewLink(view.name, view.query, view.query == query, view.by) for view in view_reader.of(person)]
    return ready + saved


def list_rows(lines: tuple[CaseLine, ...], view: Lens) -> list[ListRow]:
    """Cases as the list shows them."""
    business = in_business_time(programme.policies().at(view.now))
    return [_row(line, view, business) for line in lines]


def _row(line: CaseLine, view: Lens, business: frozenset[str]) -> ListRow:
    age = (line.closed_at or view.now) - line.opened_at
    due, left, tone = "", "", RUNS
    if line.next_due is not None:
        open_hours = line.next_promise in business
        late = line.next_due < view.now
        due = view.by(line.next_due)
        left = view.length(view.now, line.next_due, business=open_hours) + (" late" if late else "")
        tone = MISSED if late else RISK if _share(line, view, business=open_hours) >= RISKY_SHARE else RUNS
    return ListRow(line, tone, left, due, words.STATES[line.state], words.KINDS[line.kind], span(age.total_seconds()))


def _share(line: CaseLine, view: Lens, *, business: bool) -> float:
    """How much of the next clock's time is gone."""
    if line.next_due is None or line.next_starts is None:
        return 0.0
    whole = view.between(line.next_starts, line.next_due, business=business)
    return view.between(line.next_starts, view.now, business=business) / whole if whole > 0 else 1.0


# --- saved views -----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def views(request: HttpRequest) -> HttpResponse:
    """The saved views; POST saves the query that the form carries under a name."""
    person = cast(Person, request.user)
    if request.method == "POST":
        asked = {name: request.POST.get(name, "").strip() for name in PARAMETERS}
        try:
            row = actions.save(
                person, request.POST.get("name", ""), asked, programme.home().now(), shared="shared" in request.POST
            )
        except BadInput as problem:
            return errors.refused(request, problem, 422)
        except NotAllowed as problem:
            return errors.refused(request, problem, 403)
        messages.success(request, f"Saved: {row.name}.")
        return HttpResponseRedirect(f"{reverse('cases')}?{row.query}")
    removes = ask("view.remove", person.actor()) is Answer.YES
    shown = {"room": "cases", "views": [(view, view.mine or removes) for view in view_reader.of(person)]}
    return render(request, "cases/views.html", shown)


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        name = actions.remove(cast(Person, request.user), pk)
    except NotFound as problem:
        return errors.refused(request, problem, 404)
    except NotAllowed as problem:
        return errors.refused(request, problem, 403)
    messages.success(request, f"Removed: {name}.")
    return HttpResponseRedirect(reverse("views"))
