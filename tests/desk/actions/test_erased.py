"""Whoever is erased, wherever they were: every page and every reader still answers, and tells nothing of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from forgeward.desk.actions import cases, erasures, receipts
from forgeward.desk.actions.packs import open_texts
from forgeward.desk.models import AttachmentRow, CaseRow, Entry, NoticeRow, RawMail
from forgeward.desk.readers import doctor
from forgeward.errors import ForgewardError, KeyErased
from forgeward.policy.disclosure import Audience
from forgeward.respond.parse import parse
from tests.desk.post import Office, answer, report
from tests.desk.tables import agrees
from tests.desk.web.house import House, signed_in
from tests.desk.web.story import ASSESSMENT, opened, step

HOUR = timedelta(hours=1)
FINE = {200, 302, 404}  # a page, the way to another, or what is not there any more
MIXED = 'multipart/mixed; boundary="cut"'
BODY = (
    "--cut\r\nContent-Type: text/plain\r\n\r\nIt reads any note. {mark}\r\n--cut\r\nContent-Type: text/plain\r\n"
    'Content-Disposition: attachment; filename="{mark}.txt"\r\n\r\nTwice {mark}.\r\n--cut--'
)


class World:
    """A desk with a few reporters; what happens to each is luck. ``marks`` are words that only one of them has."""

    def __init__(self, post: Office, house: House, seed: int) -> None:
        self.post, self.house, self.seed, self.chance = post, house, seed, random.Random(seed)
        self.marks = {number: f"mark{seed}x{number}x" for number in range(1, 4)}
        for number in self.marks:
            self.live(number)

    def address(self, number: int) -> str:
        return f"{self.marks[number]}@research.example"

    def live(self, number: int) -> None:
        mark = self.marks[number]
        sender = f"{mark.capitalize()} Haddad <{self.address(number)}>"
        raw = report(number, sender, subject=f"About {mark}", body=BODY.format(mark=mark), Content_Type=MIXED)
        case = self.post.one(raw).case or ""
        tomasz = f"person:{self.house.tomasz.pk}"
        deeds: dict[str, dict[str, Any]] = {
            "acknowledge": {"text": f"Thank you {mark}"},
            "note": {"text": f"Calls at night {mark}"},
            "pause": {"reason": f"Asked {mark}"},
            "assess": ASSESSMENT,
            "credit": {"consent": "yes", "name": f"{mark} Haddad"},
            "act": {
                "title": f"Tell {mark} Haddad",
                "owner": tomasz,
                "due": self.post.now + HOUR,
            },
            "notify": {"audience": "reporter", "stage": "first", "happened": f"Mended, {mark}"},
            "restrict": {"people": [tomasz]},
            "handover": {"owner": tomasz},
        }
        for name in self.chance.sample(list(deeds), self.chance.randrange(2, len(deeds) + 1)):
            try:
                cases.perform(case, parse(name, deeds[name]), self.house.ines.actor(), self.post.now)
            except ForgewardError:
                continue  # not every order of steps is allowed
            self.post.pass_time(minutes=self.chance.randrange(1, 50))
        if self.chance.random() < 0.6 and (letters := self.post.deliver()):
            self.post.one(answer(letters[0], 100 + number, sender, body=f"More {mark}"))
            self.post.one(answer(letters[0], 200 + number, f"Eve <eve{number}@example.net>", body="Held, I hope"))
        other = opened(self.house.hannah, self.post.now, title="Errors")
        step(other, "note", self.house.hannah, self.post.now, text=f"{mark.capitalize()} Haddad may know")

    def pages(self, client: Client) -> Iterator[str]:
        """Every address of the desk that shows something, for everything that is there."""
        yield from (reverse(name) for name in ("today", "cases", "promises", "mail", "notices", "new_case"))
        yield from (reverse("mail") + f"?state={state}" for state in ("held", "aside", "parsed"))
        for case in CaseRow.objects.all():
            yield reverse("case", args=[case.number])
            yield reverse("letter", args=[case.number])
            yield from (
                reverse("step", args=[case.number, name]) for name in ("acknowledge", "reply", "close", "merge")
            )
            yield from (reverse("entry", args=[case.number, seq]) for seq in range(1, case.version + 1))
        for pk in RawMail.objects.values_list("pk", flat=True):
            yield from (reverse(name, args=[pk]) for name in ("one_mail", "raw_mail"))
            yield reverse("mail_file", args=[pk, 0])
        yield from (reverse("file", args=[pk]) for pk in AttachmentRow.objects.values_list("pk", flat=True))
        yield from (reverse("notice", args=[pk]) for pk in NoticeRow.objects.values_list("pk", flat=True))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_no_reader_breaks_and_none_tells(post: Office, house: House, seed: int) -> None:
    """Pages, packs for each audience, receipts, doctor, audit; the others' words are still there."""
    world = World(post, house, seed)
    gone = world.chance.choice(list(world.marks))
    for case in CaseRow.objects.filter(restricted=True).values_list("number", flat=True):
        step(case, "restrict", house.ines, post.now, lift=True)
    erasures.erase(settings.HOME, world.address(gone), "Asked", house.ines.actor(), post.now, despite="At once")
    client, said = signed_in(house.ines), ""
    for page in world.pages(client):
        response = client.get(page)
        assert response.status_code in FINE, page
        said += response.content.decode("utf-8", "replace")
    for audience in Audience:
        said += str(open_texts(list(Entry.objects.select_related("case")), audience))
    for case in CaseRow.objects.values_list("number", flat=True):
        try:
            said += receipts.proof(case, post.now)
        except KeyErased:
            continue
    said += str(doctor.examine(settings.HOME, post.now))
    assert world.marks[gone] not in said.lower()
    for number, mark in world.marks.items():
        assert number == gone or mark in said.lower()
    post.deliver()
    assert agrees(post.now + HOUR)
