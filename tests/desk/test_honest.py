"""Honest lives of a home: cases, answers, changed keys, witnesses, the same mails again. Audit and packs agree."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from forgeward.desk.actions import erasures, intake, packs, receipts, rotations, sequence, witnesses
from forgeward.desk.models import CaseRow, CheckpointRow, Entry
from forgeward.desk.programme import vault
from forgeward.errors import NotFound
from forgeward.ledger.checkpoint import Note, add_signatures, cosign
from forgeward.ledger.proof import verify_proof
from forgeward.ledger.verify import verify
from forgeward.policy.disclosure import Audience
from tests.desk.tables import agrees
from tests.desk.web.house import NOW, House
from tests.desk.web.story import ASSESSMENT, opened, step
from tests.ledger.world import witness

MAIL = """\
From: Reporter {n} <r{n}.{seed}@research.example>
To: security@example.com
Subject: Finding {n}
Message-ID: <finding-{n}.{seed}@research.example>
Content-Type: text/plain; charset=utf-8

The export reads note {n} of anybody.
"""


class Life:
    """One home, and the luck that it has."""

    def __init__(self, house: House, seed: int, folder: Path) -> None:
        self.chance, self.house, self.folder = random.Random(seed), house, folder
        self.now: datetime = NOW
        self.keys = [str(vault().keys.verifier_key)]
        self.mails, self.seed, self.erased = 0, seed, set[int]()
        self.numbers = [opened(house.ines)]

    def live(self, steps: int) -> None:
        deeds = (self.open, self.work, self.work, self.rotate, self.sign, self.mail, self.same_mails, self.erase)
        for _ in range(steps):
            self.now += timedelta(minutes=self.chance.randrange(1, 90))
            self.chance.choice(deeds)()

    def open(self) -> None:
        apps = ("field-radar",) if self.chance.random() < 0.5 else ()
        self.numbers.append(opened(self.house.ines, self.now, apps=apps))

    def work(self) -> None:
        number = self.chance.choice(self.numbers)
        if self.chance.random() < 0.3:
            step(number, "assess", self.house.tomasz, self.now, **ASSESSMENT)
        else:
            step(number, "note", self.house.ines, self.now, text=f"Seen {self.chance.random()}")

    def rotate(self) -> None:
        self.keys.append(rotations.rotate(self.house.ines.actor(), self.now).key)

    def sign(self) -> None:
        row = sequence.sign_checkpoint(self.now)
        watching = witness("w.example", 100)
        if not self.chance.randrange(3):
            if not witnesses.Witness.objects.exists():
                witnesses.add(str(watching.key), self.house.ines.actor(), self.now)
            line = cosign(Note.parse(row.note).text, watching, int(self.now.timestamp()))
            witnesses.cosign(add_signatures(row.note, line), self.now)

    def mail(self) -> None:
        self.mails += 1
        self._take([self.mails])

    def erase(self) -> None:
        """Somebody who reported is erased; their mails, read again, stay gone, and they may write again."""
        number = self.chance.randrange(1, self.mails + 1) if self.mails else 0
        try:
            erasures.erase(
                settings.HOME,
                f"r{number}.{self.seed}@research.example",
                "Asked by mail",
                self.house.ines.actor(),
                self.now,
                despite="At once",
            )
        except NotFound:
            assert number in {0, *self.erased}, "who reported is found, unless they were erased"
        self.erased.add(number)

    def same_mails(self) -> None:
        """A mailbox that is read again from its beginning adds nothing."""
        before = Entry.objects.filter(kind="case:received").count()
        self._take(range(1, self.mails + 1))
        assert Entry.objects.filter(kind="case:received").count() == before

    def _take(self, which: object) -> None:
        files = []
        for number in which:  # type: ignore[attr-defined]
            file = self.folder / f"{number}.eml"
            file.write_text(MAIL.format(n=number, seed=self.seed))
            files.append(str(file))
        list(intake.from_sources(settings.HOME, files, lambda: self.now))

    def judge(self) -> None:
        """Audit, a pack of each kind by any key that was in turn, a proof of each report."""
        agrees(self.now)
        held = self.chance.choice([row.note for row in CheckpointRow.objects.all()] or [""])
        for wanted in ({}, {"case": self.chance.choice(self.numbers)}, {"since": NOW}, {"until": self.now}):
            scope: dict[str, object] = {"case": "", "since": None} | wanted
            audience = self.chance.choice([None, *Audience]) if wanted.get("case") else None
            out = self.folder / "x.pack"
            packs.write_pack(
                out,
                str(scope["case"]),
                scope["since"],  # type: ignore[arg-type]
                self.now,
                lambda _done: None,
                until=scope.get("until"),  # type: ignore[arg-type]
                audience=audience,
                extends=[held] if held else [],
            )
            report = verify(out, key=self.chance.choice(self.keys), since=held or None)
            assert report.ok, report.problems
        for number in CaseRow.objects.values_list("number", flat=True):
            assert verify_proof(receipts.proof(number, self.now), key=self.chance.choice(self.keys)).ok


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_an_honest_life_agrees_with_itself(house: House, tmp_path: Path, seed: int) -> None:
    """Whatever the order of its deeds."""
    life = Life(house, seed, tmp_path)
    life.live(12)
    life.judge()
