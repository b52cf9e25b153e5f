"""A round does all that is due; what fails stops nothing else, and a clock that was set back stops everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db.utils import IntegrityError

from forgeward.desk import programme
from forgeward.desk.actions import escalation, outbox, reclock, sequence
from forgeward.desk.models import CaseRow, CheckpointRow, ClockRow, Entry, Heartbeat, NoticeRow, Pending
from forgeward.desk.worker.rounds import Round, one_round, told
from forgeward.edges.home import Home
from forgeward.edges.mail_out import Delivery, Outgoing
from forgeward.errors import BadInput, ClockWentBack
from tests.desk.policy_texts import adopt, changed
from tests.desk.tables import agrees, case_of, untouched
from tests.desk.web.house import NOW, House
from tests.desk.web.story import opened, reported, step

HOUR = timedelta(hours=1)
HALF = NOW + 12 * HOUR  # when half of IR-5's time is used


def at(instant: datetime) -> Callable[[], datetime]:
    return lambda: instant


def round_at(instant: datetime) -> Round:
    return one_round(settings.HOME, at(instant), "worker of the test")


@contextmanager
def mail_section(text: str) -> Iterator[Home]:
    """The test's home with these settings for a while."""
    home: Home = settings.HOME
    home.settings_file.write_text(text)
    try:
        yield home
    finally:
        home.settings_file.unlink()


def test_one_round_does_all_that_is_due(house: House) -> None:
    """Cases wake, reminders go out, entries get their places, the hour is signed, and the worker's heart beats."""
    number = opened(house.hannah)
    done = round_at(HALF)
    assert done.problems == {}
    assert (done.woken, done.reminded, done.filed, done.failed) == (1, 1, 1, 0)
    assert done.sequenced == Entry.objects.count()
    assert not Pending.objects.exists()
    assert CheckpointRow.objects.get().signed_at == HALF
    assert Heartbeat.objects.get(name="worker").at == HALF
    assert case_of(number).escalations[0].percent == 50
    assert "1 cases woken, 1 reminders" in done.sentence()
    assert agrees(HALF)


def test_a_round_with_nothing_to_do_only_shows_a_sign_of_life(house: House) -> None:
    """A quiet home's tables do not grow, however often the worker looks."""
    opened(house.hannah)
    round_at(NOW)
    before = (Entry.objects.count(), CheckpointRow.objects.count(), NoticeRow.objects.count())
    for second in range(1, 6):
        done = round_at(NOW + timedelta(seconds=second))
        assert sum(done.counts().values()) == 0
    assert (Entry.objects.count(), CheckpointRow.objects.count(), NoticeRow.objects.count()) == before
    assert Heartbeat.objects.get(name="worker").at == NOW + timedelta(seconds=5)


def test_reminders_are_sent_once_however_often_the_worker_looks(house: House) -> None:
    """Rounds every half hour for three days: each mark of each clock gives one reminder."""
    number = opened(house.hannah, reporter_address="noor@example.net")
    for half_hours in range(2 * 24 * 3):
        round_at(NOW + half_hours * HOUR / 2)
    marks = [(e.promise, e.subject, e.percent) for e in case_of(number).escalations]
    assert len(marks) == len(set(marks))
    assert {mark for mark in marks if mark[0] == "IR-5"} == {("IR-5", "", 50), ("IR-5", "", 80), ("IR-5", "", 100)}
    assert NoticeRow.objects.filter(kind="reminder").count() == len(marks)
    assert agrees(NOW + timedelta(days=3))


def test_checkpoints_are_signed_once_an_hour(house: House) -> None:
    """At the first round of each hour in which something happened, whatever happened when."""
    number = opened(house.hannah)
    signed = []
    for minutes in range(0, 181, 10):
        now = NOW + timedelta(minutes=minutes)
        step(number, "note", house.ines, now, text="More")
        round_at(now)
        signed = list(CheckpointRow.objects.order_by("size").values_list("signed_at", flat=True))
    assert [f"{instant:%H:%M}" for instant in signed] == ["10:20", "11:00", "12:00", "13:00"]


# --- what fails ------------------------------------------------------------------------------------------------------


def test_a_clock_that_was_set_back_stops_the_whole_round(house: House) -> None:
    """Nothing is written, no mail leaves, and the sentence says what to do; once it is right all goes on."""
    number = reported(house.hannah, HALF)
    step(number, "acknowledge", house.hannah, HALF, text="Thank you")
    with untouched():
        done = round_at(NOW)
    assert isinstance(done.problems["clock"], ClockWentBack)
    assert "Set the clock right" in done.sentence()
    assert round_at(HALF).filed == 1


def test_settings_that_do_not_read_stop_no_clock(house: House) -> None:
    """The outbox waits, everything else is done, and the problem names the setting."""
    number = opened(house.hannah)
    with mail_section('[mail]\nhots = "typing slip"\n'):
        done = round_at(HALF)
    assert "hots" in told("outbox", done.problems["outbox"])
    assert (done.woken, done.reminded) == (1, 1)
    assert case_of(number).escalations
    assert round_at(HALF).filed == 1


def test_a_case_that_cannot_be_woken_stops_no_other(house: House) -> None:
    """It keeps its lease, so that it is tried again in a minute and not twice a second."""
    broken, sound = opened(house.hannah), opened(house.hannah)
    round_at(NOW)
    state = bytes(CaseRow.objects.get(number=broken).state_json)
    CaseRow.objects.filter(number=broken).update(state_json=b"{}")
    done = round_at(HALF)
    assert set(done.problems) == {broken}
    assert f"{broken}: " in done.sentence()
    assert len(case_of(sound).escalations) == 1
    assert round_at(HALF + timedelta(seconds=59)).problems == {}
    assert set(round_at(HALF + timedelta(seconds=61)).problems) == {broken}
    CaseRow.objects.filter(number=broken).update(state_json=state)
    assert round_at(HALF + timedelta(seconds=122)).reminded == 1


def test_a_bug_in_one_part_is_told_and_stops_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only errors that we know of: the sequencer dies here, and the heart beats after it."""
    opened(house.hannah)

    def dies(_limit: int = 0) -> int:
        raise IntegrityError("UNIQUE constraint failed: something")

    monkeypatch.setattr(sequence, "number", dies)
    done = round_at(HALF)
    assert set(done.problems) == {"ledger"}
    assert told("ledger", done.problems["ledger"]) == "ledger: IntegrityError: UNIQUE constraint failed: something"
    assert done.reminded == 1
    assert Heartbeat.objects.get(name="worker").at == HALF


def test_what_failed_says_what_to_do_next() -> None:
    assert told("outbox", BadInput("No.", next="Do this.")) == "outbox: No. Do this."
    assert told("outbox", BadInput("No.")) == "outbox: No."


def test_re_clocking_that_was_cut_short_is_finished(house: House) -> None:
    """Somebody adopts a policy and their process dies before the open cases follow it: the worker sees to that."""
    number = reported(house.hannah)
    adopt(changed(2, ("acknowledge: 2 business days", "acknowledge: 1 business days")), house.ines.actor(), NOW + HOUR)
    assert not reclock.is_done()
    before = ClockRow.objects.get(case__number=number, promise="IR-4").due
    round_at(NOW + 2 * HOUR)
    assert reclock.is_done()
    after = ClockRow.objects.get(case__number=number, promise="IR-4").due
    assert before is not None
    assert after == before - timedelta(days=1)
    assert agrees(NOW + 2 * HOUR)


# --- leases of letters -----------------------------------------------------------------------------------------------


class Watch:
    """A clock that somebody moves on."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now


class SlowServer:
    """Takes its time for each mail; ``meanwhile`` happens while it does."""

    def __init__(self, watch: Watch, takes: timedelta, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.watch, self.takes, self.meanwhile = watch, takes, meanwhile
        self.mails: list[str] = []

    def send(self, mail: Outgoing) -> Delivery:
        self.mails.append(mail.message_id)
        self.watch.now += self.takes
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return Delivery("accepted", 250, "250 ok")


def test_the_servers_word_counts_from_when_it_was_given(house: House) -> None:
    """A server that takes minutes does not backdate the acknowledgement, nor trip over what people do meanwhile."""
    number = reported(house.hannah)
    step(number, "acknowledge", house.hannah, NOW, text="Thank you")
    watch = Watch(NOW + HOUR)
    server = SlowServer(
        watch,
        timedelta(seconds=100),
        lambda: step(number, "note", house.ines, NOW + HOUR + timedelta(seconds=99), text="While it was under way"),
    )
    sent = outbox.deliver(settings.HOME, watch, transport=server)
    assert sent.accepted == 1
    assert case_of(number).notices[-1].accepted_at == NOW + HOUR + timedelta(seconds=100)
    assert agrees(watch.now)


def _letters(house: House, count: int) -> None:
    for _ in range(count):
        number = reported(house.hannah)
        step(number, "acknowledge", house.hannah, NOW, text="Thank you")


def test_a_slow_batch_keeps_its_leases(house: House) -> None:
    """Five letters at fifty seconds each outlast one lease; nobody else takes one meanwhile, and each is sent once."""
    _letters(house, 5)
    watch = Watch(NOW)
    other = SlowServer(watch, timedelta())
    mine = SlowServer(watch, timedelta(seconds=50))
    for _ in range(2):
        mine.meanwhile = lambda: outbox.deliver(settings.HOME, watch, owner="other", transport=other)
    outbox.deliver(settings.HOME, watch, owner="mine", transport=mine)
    assert len({*mine.mails, *other.mails}) == len(mine.mails) + len(other.mails) == 5
    assert agrees(watch.now)


def test_letters_whose_lease_was_lost_are_left_to_who_has_it(house: House) -> None:
    """One mail takes longer than the lease: another process sends the rest, and the first sends none of them again."""
    _letters(house, 4)
    watch = Watch(NOW)
    other = SlowServer(watch, timedelta())
    mine = SlowServer(
        watch, timedelta(seconds=130), lambda: outbox.deliver(settings.HOME, watch, owner="other", transport=other)
    )
    outbox.deliver(settings.HOME, watch, owner="mine", transport=mine)
    assert len(mine.mails) == 1
    assert len(other.mails) == 4, "the one that was under way as well: at least once, under the same Message-ID"
    assert mine.mails[0] in other.mails
    assert not NoticeRow.objects.exclude(state="accepted").exists()
    assert Entry.objects.filter(kind="case:notice_accepted").count() == 4
    assert agrees(watch.now)


def test_what_a_killed_process_had_claimed_is_sent_after_its_lease(house: House) -> None:
    """Two minutes later, by whoever comes first, and once."""
    _letters(house, 3)
    assert len(outbox._claim("killed", NOW, ())) == 3
    watch = Watch(NOW + timedelta(seconds=120))
    server = SlowServer(watch, timedelta())
    assert outbox.deliver(settings.HOME, watch, transport=server).accepted == 0
    watch.now += timedelta(seconds=1)
    assert outbox.deliver(settings.HOME, watch, transport=server).accepted == 3
    assert outbox.deliver(settings.HOME, watch, transport=server).accepted == 0
    assert len(set(server.mails)) == 3


def test_leases_of_cases_are_freed_by_waking(house: House) -> None:
    """After a round nothing is held, so that the next worker need not wait."""
    opened(house.hannah)
    round_at(HALF)
    row = CaseRow.objects.get()
    assert (row.lease_owner, row.lease_until) == ("", None)
    assert row.reminded_at == HALF
    assert escalation.claim("other", HALF) == []
    assert programme.policies().latest.version == 1
