"""What every page shows around its content: vendor, person, rooms with their counts, colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest
from django.urls import reverse

from forgeward.desk import programme
from forgeward.desk.readers import rooms, words
from forgeward.errors import NotFound
from forgeward.respond.access import Answer, ask

THEMES = {"light": "Light", "dark": "Dark", "system": "System"}
MOST_COUNTED = 1000  # beyond this the menu says “1000+”, so that counting costs no more on a large home
LEAPS = frozenset({"today", "cases"})  # rooms that `g` and their first letter lead to


@dataclass(frozen=True, slots=True)
class Room:
    """One line of the menu."""

    key: str
    word: str
    url: str
    count: str


class House:
    """Computed when a template asks, so that the sign-in page costs one query and not six."""

    themes = tuple(THEMES.items())
    leaps = LEAPS

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def theme(self) -> str:
        """The chosen colours, or nothing where the system decides."""
        chosen = self._request.COOKIES.get("theme", "")
        return chosen if chosen in {"light", "dark"} else ""

    @property
    def keys(self) -> bool:
        """Whether single keys do something: they can be switched off on the account's page (WCAG 2.2, 2.1.4)."""
        return self._request.COOKIES.get("keys") != "off"

    @cached_property
    def demo(self) -> bool:
        return programme.home().is_demo

    @cached_property
    def vendor(self) -> str:
        """The vendor's name by the latest policy; the product's where none is adopted yet."""
        try:
            return programme.policies().latest.vendor.name
        except NotFound:
            return "Forgeward"

    @property
    def provider(self) -> str:
        """How the provider is called where people may sign in at one; else nothing."""
        found = programme.home().settings.sign_in
        return found.name if found.is_set else ""

    @cached_property
    def roles(self) -> str:
        held = self._request.user.roles  # type: ignore[union-attr]
        return ", ".join(word for role, word in words.ROLES.items() if role in held)

    @cached_property
    def mail_to_files(self) -> bool:
        """Whether outgoing mail lands in files, since no mail server is set. A demo's banner says it already."""
        return not self.demo and not programme.home().settings.mail.is_set

    @cached_property
    def nav(self) -> tuple[Room, ...]:
        person = self._request.user
        counts = rooms.counts(person, MOST_COUNTED)  # type: ignore[arg-type]
        may_scan = ask("scan.show", person.actor()) is Answer.YES  # type: ignore[union-attr]
        scans = (Room("scans", "Scans", reverse("scans"), ""),) if may_scan else ()
        shown = (
            Room("today", "Today", reverse("today"), ""),
            Room("cases", "Cases", reverse("cases"), _counted(counts.open_cases)),
            Room("promises", "Promises", reverse("promises"), _counted(counts.promises)),
            *scans,
            Room("mail", "Mail", reverse("mail"), _counted(counts.held_mails)),
            Room("notices", "Notices", reverse("notices"), _counted(counts.waiting_notices)),
            Room("people", "People", reverse("people"), ""),
        )
        if ask("webhook.manage", person.actor()) is not Answer.YES:  # type: ignore[union-attr]
            return shown
        return (*shown, Room("webhooks", "Webhooks", reverse("webhooks"), ""))


def _counted(count: int) -> str:
    if count > MOST_COUNTED:
        return f"{MOST_COUNTED}+"
    return str(count) if count else ""


def house(request: HttpRequest) -> dict[str, object]:
    """The context processor."""
    return {"house": House(request)}
