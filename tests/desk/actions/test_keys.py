"""The ledger's key changes, witnesses sign, reporters get promise and proof; audit and packs agree with all of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.conf import settings

from forgeward.desk import keychain
from forgeward.desk.actions import outbox, packs, receipts, rotations, sequence, witnesses
from forgeward.desk.models import CaseRow, CheckpointRow, Entry, KeyRotation, Publication
from forgeward.desk.programme import vault
from forgeward.edges.mail_out import Delivery, Outgoing
from forgeward.errors import BadInput, Conflict, NotAllowed, NotFound, VerificationFailed
from forgeward.ledger import schedule
from forgeward.ledger.checkpoint import Note, add_signatures, cosign
from forgeward.ledger.proof import verify_proof
from forgeward.ledger.verify import verify
from forgeward.policy.disclosure import Audience
from tests.desk.tables import agrees
from tests.desk.web.house import NOW, House
from tests.desk.web.story import ASSESSMENT, opened, reported, step
from tests.ledger.world import witness

LATER = NOW + timedelta(minutes=30)


def pack(out: Path, **wanted: object) -> packs.Packed:
    return packs.write_pack(out, str(wanted.pop("case", "")), None, LATER, lambda _done: None, **wanted)  # type: ignore[arg-type]


def texts(file: Path) -> set[str]:
    """The fields that are opened in a pack."""
    from tests.ledger.world import members

    content = b"".join(v for k, v in members(file.read_bytes()).items() if k.startswith("disclosed/"))
    return {line.split(b'"')[1].decode() for line in content.splitlines()}


def cosigned(row: CheckpointRow, seed: int = 100, stamp: datetime = NOW) -> str:
    note = Note.parse(row.note)
    line = cosign(note.text, witness(f"w{seed}.example", seed), int(stamp.timestamp()))
    return add_signatures(row.note, line)


class TestRotation:
    """The old key vouches for the new one."""

    def test_packs_verify_by_every_key_that_was_in_turn(self, house: House, tmp_path: Path) -> None:
        opened(house.ines)
        old = str(vault().keys.verifier_key)
        before = sequence.sign_checkpoint(NOW)
        row = rotations.rotate(house.ines.actor(), NOW)
        rotations.rotate(house.ines.actor(), NOW)
        opened(house.ines)
        made = pack(tmp_path / "all.pack")
        for key in (old, row.key, str(vault().keys.verifier_key)):
            report = verify(made.file, key=key, since=before.note)
            assert report.ok, report.problems
        agrees(LATER)

    def test_it_is_for_the_security_lead(self, house: House) -> None:
        with pytest.raises(NotAllowed):
            rotations.rotate(house.tomasz.actor(), NOW)
        assert not KeyRotation.objects.exists()

    def test_who_still_has_the_old_key_signs_nothing(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """A worker that read the key before the change is refused when it comes to write."""
        signer = keychain.signer()
        rotations.rotate(house.ines.actor(), NOW)
        opened(house.ines)
        monkeypatch.setattr(keychain, "signer", lambda: signer)
        with pytest.raises(Conflict, match="key was changed"):
            sequence.sign_checkpoint(LATER)

    def test_one_that_was_cut_short_is_finished(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """The entry is in, the file is not: whoever signs next brings the key in."""
        keys = vault().keys.ledger
        monkeypatch.setattr(keys, "settle", lambda _key: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            rotations.rotate(house.ines.actor(), NOW)
        monkeypatch.undo()
        assert str(vault().keys.verifier_key) != KeyRotation.objects.get().key
        opened(house.ines)
        sequence.sign_checkpoint(LATER)
        assert str(vault().keys.verifier_key) == KeyRotation.objects.get().key
        agrees(LATER)


class TestWitnesses:
    """Their signatures are checked, kept, and go with packs."""

    def test_what_they_sign_goes_with_the_pack(self, house: House, tmp_path: Path) -> None:
        key = str(witness("w100.example", 100).key)
        witnesses.add(key, house.ines.actor(), NOW)
        row = sequence.sign_checkpoint(NOW)
        assert witnesses.cosign(cosigned(row), NOW).new == ("w100.example",)
        assert witnesses.cosign(cosigned(row), NOW).known == ("w100.example",)
        opened(house.ines)
        home = str(vault().keys.verifier_key)
        made = pack(tmp_path / "seen.pack", witnessed=True)
        report = verify(made.file, key=home, witnesses=[key])
        assert (report.ok, report.witnesses, made.checkpoint) == (True, ("w100.example",), row)
        unseen = pack(tmp_path / "new.pack")
        assert "not co-signed by the witness" in verify(unseen.file, key=home, witnesses=[key]).problems[0].what
        agrees(LATER)

    def test_what_is_wrong_is_refused(self, house: House) -> None:
        """A key of a log, a stranger, another text, another clock, a checkpoint that we never signed."""
        with pytest.raises(BadInput, match="key of a log"):
            witnesses.add(str(vault().keys.verifier_key), house.ines.actor(), NOW)
        row = sequence.sign_checkpoint(NOW)
        with pytest.raises(BadInput, match="No known witness"):
            witnesses.cosign(cosigned(row), NOW)
        witnesses.add(str(witness("w100.example", 100).key), house.ines.actor(), NOW)
        with pytest.raises(VerificationFailed, match="yet to come"):
            witnesses.cosign(cosigned(row, stamp=NOW + timedelta(days=1)), NOW)
        other = cosign("x\n", witness("w100.example", 100), 1)
        with pytest.raises(VerificationFailed, match="does not fit"):
            witnesses.cosign(add_signatures(row.note, other), NOW)
        with pytest.raises(NotFound, match="signed no such checkpoint"):
            witnesses.cosign(cosigned(row).replace(f"\n{row.size}\n", f"\n{row.size + 1}\n"), NOW)
        with pytest.raises(NotFound, match="No witness has co-signed"):
            pack(Path("/nowhere"), witnessed=True)

    def test_none_is_entered_twice(self, house: House) -> None:
        witnesses.add(str(witness("w.example", 1).key), house.ines.actor(), NOW)
        with pytest.raises(Exception, match="already"):
            witnesses.add(str(witness("w.example", 2).key), house.ines.actor(), NOW)


class TestFixedTimes:
    """Each time once, whatever happened; a machine that was off signs when it is on again."""

    def test_each_time_has_one_checkpoint(self, house: House) -> None:
        times = schedule.parse_times(["06:00", "18:00"])
        morning = datetime(2026, 11, 24, 6, 0, 20, tzinfo=UTC)
        assert sequence.publish(times, morning)
        assert sequence.publish(times, morning + timedelta(hours=11)) is None
        assert sequence.publish(times, morning + timedelta(hours=12))
        assert [p.at.hour for p in Publication.objects.order_by("at")] == [6, 18]
        assert CheckpointRow.objects.count() == 1, "nothing happened between: the same tree is given out again"


class TestPacks:
    """Of an app, of a period, opened for an audience, for whoever holds a checkpoint."""

    def test_each_audience_sees_its_texts(self, house: House, tmp_path: Path) -> None:
        number = reported(house.hannah, NOW)
        step(number, "note", house.tomasz, text="A word among ourselves")
        step(number, "assess", house.tomasz, **ASSESSMENT)
        key = str(vault().keys.verifier_key)
        seen = {}
        for audience in Audience:
            made = pack(tmp_path / audience.value, case=number, audience=audience)
            assert verify(made.file, key=key).ok
            seen[audience.value] = texts(made.file)
            for secret in (b"noor@example.net", b"Noor Haddad", b"among ourselves"):
                assert secret not in made.file.read_bytes()
        assert seen["public"] == seen["customer"] == set()
        assert seen["reporter"] == {"title", "text"}
        assert seen["auditor"] == {"title", "actor", "scope", "impact", "affected", "exploitability"}

    def test_a_reporter_is_shown_one_case(self, house: House, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="one case"):
            pack(tmp_path / "x", audience=Audience.REPORTER)

    def test_an_app_has_its_cases(self, house: House, tmp_path: Path) -> None:
        number = opened(house.ines, apps=("field-radar",))
        opened(house.ines)
        made = pack(tmp_path / "app.pack", app="field-radar")
        assert verify(made.file, key=str(vault().keys.verifier_key)).ok
        assert made.entries == Entry.objects.filter(case__number=number).count() + 1
        with pytest.raises(NotFound, match="named the app"):
            pack(tmp_path / "none.pack", app="other")

    def test_a_period_ends(self, house: House, tmp_path: Path) -> None:
        opened(house.ines, NOW)
        opened(house.ines, NOW + timedelta(minutes=10))
        opened(house.ines, NOW + timedelta(minutes=20))
        out = tmp_path / "period.pack"
        middle = NOW + timedelta(minutes=5)
        made = packs.write_pack(out, "", middle, LATER, lambda _done: None, until=NOW + timedelta(minutes=15))
        assert verify(made.file, key=str(vault().keys.verifier_key)).ok
        assert made.entries == 2

    def test_it_extends_what_the_reader_holds(self, house: House, tmp_path: Path) -> None:
        """Checkpoints given out are provable anyway; others where they are named."""
        number = opened(house.ines)
        opened(house.ines)
        held = sequence.sign_checkpoint(NOW)
        opened(house.ines)
        key = str(vault().keys.verifier_key)
        made = pack(tmp_path / "x.pack", case=number)
        assert "does not show the tree" in verify(made.file, key=key, since=held.note).problems[0].what
        made = pack(tmp_path / "y.pack", case=number, extends=[held.note])
        assert verify(made.file, key=key, since=held.note).ok


class Post:
    """Takes every mail, and keeps it."""

    def __init__(self) -> None:
        self.mails: list[Outgoing] = []

    def send(self, mail: Outgoing) -> Delivery:
        self.mails.append(mail)
        return Delivery("accepted", 250, "ok")


class TestReporters:
    """A promise with the receipt, the proof when there is one."""

    def test_the_proof_shows_the_report_and_nothing_else(self, house: House) -> None:
        number = reported(house.hannah)
        text = receipts.proof(number, LATER)
        key = str(vault().keys.verifier_key)
        promise = receipts.promise(CaseRow.objects.get(number=number).pk, NOW)
        report = verify_proof(text, key=key, promise=promise)
        assert report.ok, report.problems
        rotations.rotate(house.ines.actor(), LATER)
        assert verify_proof(receipts.proof(number, LATER), key=key, promise=promise).ok
        with pytest.raises(NotFound, match="is no report"):
            receipts.proof(number, LATER, 7)

    def test_a_person_s_answer_carries_the_proof(self, house: House) -> None:
        """Where a checkpoint covers the report by then; else the answer goes without."""
        post = Post()
        for covered, now in ((False, NOW), (True, LATER)):
            number = reported(house.hannah, now)
            if covered:
                receipts.proof(number, now)
            step(number, "acknowledge", house.hannah, now, text="Thank you.")
            outbox.deliver(settings.HOME, lambda now=now: now, transport=post)  # type: ignore[misc]
            mail = message_from_bytes(post.mails[-1].raw, policy=policy.default)
            files = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
            assert list(files) == (["report.tlog-proof"] if covered else [])
            if covered:
                proof = files["report.tlog-proof"]
                assert verify_proof(proof.replace("\r\n", "\n"), key=str(vault().keys.verifier_key)).ok
