"""Laws of chat: who hears what, when, and that folding loses nothing."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.respond.chat import (
    IN_WORDS,
    KEPT_UP,
    LONGEST_PAUSE,
    MOST,
    PACE,
    URGENT_PACE,
    Item,
    Line,
    Quiet,
    Room,
    digest,
    digest_at,
    fold,
    goes_to,
    pause,
    ready,
)
from forgeward.vocabulary import Role, Severity

NOW = datetime(2026, 11, 23, 10, 20, tzinfo=UTC)
ZONE = "Europe/London"
NIGHT = Quiet(ZONE, time(20), time(7))
AWAKE = Quiet(ZONE)

roles = st.frozensets(st.sampled_from(Role), max_size=3)
levels = st.one_of(st.none(), st.sampled_from(Severity))
instants = st.timedeltas(timedelta(0), timedelta(days=365)).map(lambda since: NOW + since)
numbers = st.text("ABCDEFGH", min_size=6, max_size=6).map(lambda text: f"FW-{text}")
items = st.builds(
    Item, key=st.uuids().map(str), number=numbers, link=st.just("https://desk.example/"), at=instants, roles=roles,
    level=levels, restricted=st.booleans(), promise=st.sampled_from(["", "IR-4"]), percent=st.sampled_from([50, 100]),
    due=st.one_of(st.none(), instants), asked=st.sampled_from(["", "Ines Okafor"]), then=st.just("Leadership"),
)  # fmt: skip
rooms = st.builds(
    Room, name=st.just("room"), roles=roles, levels=st.frozensets(st.sampled_from(Severity)), reminders=st.booleans()
)
many = st.lists(items, min_size=1, max_size=40, unique_by=lambda item: item.key)


def item(**values: object) -> Item:
    usual = {"key": "k", "number": "FW-7Q3KXM", "link": "https://desk.example/cases/FW-7Q3KXM/", "at": NOW,
             "roles": frozenset({Role.LEAD}), "promise": "IR-4", "percent": 80, "due": NOW + timedelta(hours=6),
             "asked": "Ines Okafor", "then": "Leadership"}  # fmt: skip
    return Item(**{**usual, **values})  # type: ignore[arg-type]


@given(items, rooms)
def test_nobody_hears_what_was_not_sent_to_their_role(found: Item, room: Room) -> None:
    """Law: a room is told only what a person of one of its roles was told, of a severity that it wants."""
    if goes_to(found, room):
        assert room.reminders
        assert room.roles & found.roles
        assert not room.levels or found.level in room.levels
    assert not goes_to(found, Room("empty", frozenset()))


@given(many, st.booleans())
def test_a_restricted_case_is_number_and_link(found: list[Item], urgent: bool) -> None:
    """Law: neither promise, nor date, nor person of a restricted case stands in a message."""
    closed = [Item(key=i.key, number=i.number, link=i.link, at=i.at, roles=i.roles, level=i.level, restricted=True,
                   promise="IR-4", percent=80, due=i.due, asked="Ines Okafor", then="Leadership")
              for i in found]  # fmt: skip
    body = fold(closed, "msg", ZONE).body
    assert "IR-4" not in body
    assert "Ines" not in body
    assert "due" not in body


@given(many, instants, st.one_of(st.none(), instants))
def test_critical_passes_quiet_hours_and_nothing_else_does(
    found: list[Item], now: datetime, last: datetime | None
) -> None:
    """Law: in quiet hours exactly the critical ones leave, as soon as the pace permits; otherwise all."""
    sent = {each.key for each in ready(found, NIGHT, last, now)}
    urgent = {each.key for each in found if each.urgent}
    if last is not None and now - last < (URGENT_PACE if urgent else PACE):
        assert sent == set()
    else:
        assert sent == (urgent if NIGHT.at(now) else {each.key for each in found})


@given(st.lists(items, min_size=1, max_size=400, unique_by=lambda each: each.key))
def test_folding_loses_no_number(found: list[Item]) -> None:
    """Law: after as many messages as it takes, each number was said; each message within its bound."""
    waiting, said = list(found), ""
    while leaving := ready(waiting, AWAKE, None, NOW):
        assert len(leaving) <= MOST
        said += fold(leaving, "msg", ZONE).body
        waiting = [each for each in waiting if each not in leaving]
    assert waiting == []
    assert all(each.number in said for each in found)


@given(many, st.randoms())
def test_the_order_of_arrival_changes_no_message(found: list[Item], random: object) -> None:
    """Law: shuffled, the same words."""
    mixed = list(found)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert fold(mixed, "msg", ZONE) == fold(found, "msg", ZONE)
    assert ready(mixed, NIGHT, None, NOW) == ready(found, NIGHT, None, NOW)


lines = st.builds(
    Line, number=numbers, link=st.just("https://desk.example/"), due=instants, promise=st.just("IR-4"),
    owner=st.sampled_from(["", "Ines Okafor"]), restricted=st.booleans(),
)  # fmt: skip


@given(st.lists(lines, max_size=60, unique_by=lambda line: line.number), st.randoms())
def test_the_order_of_arrival_changes_no_digest(found: list[Line], random: object) -> None:
    """Law: shuffled, the same words; every number is in it."""
    mixed = list(found)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    told = digest(found, "msg", ZONE, NOW)
    assert digest(mixed, "msg", ZONE, NOW) == told
    assert all(line.number in told.body for line in found)


def test_two_hundred_alerts_are_one_message() -> None:
    """The most urgent in words, all others by number, short enough for every chat."""
    found = [item(key=f"{n}", number=f"FW-{n:06}", level=Severity.CRITICAL if n == 150 else None) for n in range(200)]
    leaving = ready(found, AWAKE, None, NOW)
    post = fold(leaving, "msg_1", ZONE)
    assert len(leaving) == 200
    assert post.title == "200 cases need somebody"
    assert post.body.startswith("FW-000150: IR-4")
    assert post.body.count("https://") == IN_WORDS
    assert len(post.body) < 3800


def test_a_message_in_words() -> None:
    """What is due, who is asked, who is next; times in the policy's zone; the key for doubles."""
    assert fold([item()], "msg_1", "Europe/Berlin").body == (
        "FW-7Q3KXM: IR-4 has used 80 % of its time, due Mon 23 Nov, 17:20 (Europe/Berlin)."
        " Ines Okafor is asked, then Leadership. https://desk.example/cases/FW-7Q3KXM/\n(msg_1)"
    )
    over = fold([item(percent=100, due=None, asked="")], "msg_1", ZONE).body
    assert over.startswith("FW-7Q3KXM: IR-4 is over. https://")
    assert "an alarm of the system itself" in fold([item(promise="")], "msg_1", ZONE).body


@pytest.mark.parametrize(
    ("quiet", "at", "expected"),
    [
        (NIGHT, datetime(2026, 11, 23, 19, 59, tzinfo=UTC), False),
        (NIGHT, datetime(2026, 11, 23, 20, tzinfo=UTC), True),
        (NIGHT, datetime(2026, 11, 23, 6, 59, tzinfo=UTC), True), (NIGHT, datetime(2026, 11, 23, 7, tzinfo=UTC), False),
        (NIGHT, datetime(2026, 7, 1, 19, 30, tzinfo=UTC), True),  # summer time: 20:30 in London
        (Quiet(ZONE, time(12), time(13)), datetime(2026, 11, 23, 12, 30, tzinfo=UTC), True),
        (Quiet(ZONE, time(12), time(13)), datetime(2026, 11, 23, 13, tzinfo=UTC), False),
        (AWAKE, datetime(2026, 11, 23, 3, tzinfo=UTC), False),
    ],
)  # fmt: skip
def test_quiet_hours_are_the_policys(quiet: Quiet, at: datetime, expected: bool) -> None:
    """In its zone, beyond midnight, with summer time."""
    assert quiet.at(at) is expected


@pytest.mark.parametrize(
    ("rhythm", "now", "expected"),
    [
        ("", NOW, None),
        ("daily", NOW, datetime(2026, 11, 23, 8, 30, tzinfo=UTC)),
        ("daily", datetime(2026, 11, 23, 8, 29, tzinfo=UTC), datetime(2026, 11, 22, 8, 30, tzinfo=UTC)),
        ("daily", datetime(2026, 7, 1, 8, 0, tzinfo=UTC), datetime(2026, 7, 1, 7, 30, tzinfo=UTC)),
        ("weekly", datetime(2026, 11, 29, 23, tzinfo=UTC), datetime(2026, 11, 23, 8, 30, tzinfo=UTC)),
        ("weekly", datetime(2026, 11, 23, 8, tzinfo=UTC), datetime(2026, 11, 16, 8, 30, tzinfo=UTC)),
    ],
)
def test_when_a_digest_is_due(rhythm: str, now: datetime, expected: datetime | None) -> None:
    """Every day, or on Mondays, at the time of the policy's zone."""
    room = Room("room", frozenset({Role.LEAD}), digest=rhythm)  # type: ignore[arg-type]
    assert digest_at(room, time(8, 30), ZONE, now) == expected


@given(st.integers(0, 10_000), st.one_of(st.none(), st.timedeltas(timedelta(0))), st.floats(0, 1, exclude_max=True))
def test_pauses_are_bounded(fails: int, after: timedelta | None, jitter: float) -> None:
    """Law: never less than was asked for within a message's time, never more than that or the longest pause."""
    found = pause(fails, after, jitter)
    assert found >= min(after or timedelta(0), KEPT_UP)
    assert found <= max(KEPT_UP, LONGEST_PAUSE * 1.2)
