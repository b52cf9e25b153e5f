"""Chats are told what mails tell, folded, quietly at night, and never stand between a clock and its reminder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.conf import settings

from forgeward.desk.actions import abandoned, alarms, chats, escalation, sequence, write
from forgeward.desk.models import CaseRow, ChatRoomRow, ChatRow, Entry, NoticeRow
from forgeward.desk.readers import doctor
from forgeward.desk.worker.rounds import one_round
from forgeward.edges.chat_settings import ChatRoom
from forgeward.errors import NotAllowed, NotFound
from forgeward.respond.chat import KEPT_UP, PACE, Post
from forgeward.respond.webhooks import Reply
from tests.desk.tables import agrees
from tests.desk.web import story
from tests.desk.web.house import NOW, House

SECRET = "Zanzibar override"
LATER = NOW + timedelta(days=2)  # Wednesday 10:20: IR-4 and IR-5 have passed marks
NIGHT = NOW + timedelta(days=2, hours=12)
GOOD, BAD = Reply(200, "Taken."), Reply(500, "Answered 500.")
ROOMS = """
public_url = "https://desk.example.com"

[[chat.room]]
name = "lead"
url_file = "/nowhere"
roles = ["security_lead", "leadership"]
"""


@dataclass
class Chat:
    """Answers in turn, the last one again and again; keeps what it was told, by room."""

    replies: list[Reply] = field(default_factory=lambda: [GOOD])
    got: list[tuple[str, Post]] = field(default_factory=list)

    def __call__(self, room: ChatRoom, post: Post) -> Reply:
        self.got.append((room.name, post))
        return self.replies[min(len(self.got), len(self.replies)) - 1]

    @property
    def bodies(self) -> list[str]:
        return [post.body for _, post in self.got]


@pytest.fixture
def rooms(house: House) -> Iterator[Path]:
    """A home with one room, for the Security Lead; tests write others."""
    file = settings.HOME.settings_file
    file.write_text(ROOMS)
    chats.look_after(settings.HOME, lambda: NOW, "test", Chat())
    yield file
    file.unlink()


def reminded(at: object = LATER) -> None:
    """What the worker does about clocks."""
    while numbers := escalation.claim("test", at):  # type: ignore[arg-type]
        for number in numbers:
            escalation.wake(number, "test", at)  # type: ignore[arg-type]
    sequence.number()


def told(chat: Chat, at: object = LATER) -> int:
    return chats.look_after(settings.HOME, lambda: at, "test", chat)  # type: ignore[arg-type, return-value]


def test_a_reminder_goes_to_the_room_of_who_is_reminded(house: House, rooms: Path) -> None:
    """As well as by mail: number, what is due, who is asked, link; no title, no text, nobody's address."""
    number = story.reported(house.hannah, title=SECRET, text=SECRET)
    reminded()
    chat = Chat()
    assert told(chat) == 1
    (body,) = chat.bodies
    assert f"{number}: IR-" in body
    assert "Dele Adeyemi is asked" in body
    assert f"https://desk.example.com/cases/{number}/" in body
    assert SECRET not in body
    assert "@" not in body
    assert NoticeRow.objects.filter(kind="reminder", subject=f"person:{house.dele.pk}").exists()
    assert told(chat, LATER + timedelta(hours=1)) == 0
    assert agrees(LATER)


def test_rooms_hear_what_was_sent_to_their_roles(house: House, rooms: Path) -> None:
    """Engineering's room hears nothing of what Leadership was reminded of; one for another severity neither."""
    only = '"engineering"'
    more = ROOMS.replace('"lead"', only).replace('"security_lead", "leadership"', only).partition("[[")[2]
    low = ROOMS.replace('"lead"', '"low"').partition("[[")[2] + 'levels = ["low"]\n'
    rooms.write_text(f"{ROOMS}\n[[{more}\n[[{low}")
    told(Chat(), NOW)
    story.reported(house.hannah)
    reminded()
    chat = Chat()
    told(chat)
    assert {name for name, _ in chat.got} == {"lead"}


def test_alarms_of_the_system_are_told(house: House, rooms: Path) -> None:
    """A lost test mail, a silent mailbox, an audit that differs: all come by the one way of alarms."""
    with write.inside() as cursor:
        row = alarms.open_alarm(cursor, SECRET, SECRET, "canary", NOW)
    sequence.number()
    chat = Chat()
    told(chat)
    assert chat.bodies[0].startswith(f"{row.number}: an alarm of the system itself.")
    assert SECRET not in chat.bodies[0]


def test_two_hundred_alarms_are_one_message(house: House, rooms: Path) -> None:
    """Each number is in it."""
    for _ in range(200):
        with write.inside() as cursor:
            alarms.open_alarm(cursor, "x", "x", "canary", NOW)
    sequence.number()
    chat = Chat()
    assert told(chat) == 1
    assert all(number in chat.bodies[0] for number in CaseRow.objects.values_list("number", flat=True))
    assert ChatRow.objects.filter(state="taken").count() == 200


def test_what_comes_within_minutes_is_folded(house: House, rooms: Path) -> None:
    """The first at once, the others together when the pace permits."""
    chat = Chat()
    for n in range(4):
        with write.inside() as cursor:
            alarms.open_alarm(cursor, "x", "x", "canary", LATER)
        sequence.number()
        told(chat, LATER + timedelta(seconds=20 * n))
    assert len(chat.got) == 1
    assert told(chat, LATER + PACE) == 1
    assert chat.got[1][1].title == "3 cases need somebody"


def test_nights_are_quiet_except_for_what_is_critical(house: House, rooms: Path) -> None:
    """What can wait is told in the morning; a critical case at once, and takes nothing along."""
    calm, grave = story.reported(house.hannah), story.reported(house.hannah)
    reminded(NIGHT)
    chat = Chat()
    assert told(chat, NIGHT) == 0
    CaseRow.objects.filter(number=grave).update(level="critical")
    assert told(chat, NIGHT + timedelta(seconds=11)) == 1
    assert grave in chat.bodies[0]
    assert calm not in chat.bodies[0]
    morning = NIGHT + timedelta(hours=9)
    assert told(chat, morning) == 1
    assert calm in chat.bodies[1]


def test_a_message_begun_by_day_does_not_go_on_by_night(house: House, rooms: Path) -> None:
    """A try that failed before eight in the evening waits for the morning, under its name."""
    story.reported(house.hannah)
    evening = NIGHT - timedelta(hours=2, minutes=21)  # 19:59
    reminded(evening)
    chat = Chat([BAD, GOOD])
    assert told(chat, evening) == 0
    assert told(chat, NIGHT) == 0
    assert len(chat.got) == 1
    assert told(chat, NIGHT + timedelta(hours=9)) == 1
    assert chat.bodies[0].splitlines()[-1] == chat.bodies[1].splitlines()[-1]


def test_a_restricted_case_is_number_and_link(house: House, rooms: Path) -> None:
    """Also where it was restricted between two tries of one message."""
    number = story.reported(house.hannah)
    reminded()
    chat = Chat([BAD, GOOD])
    told(chat)
    assert "IR-" in chat.bodies[0]
    story.step(number, "restrict", house.dele, LATER, people=[f"person:{house.ines.pk}"])
    assert told(chat, LATER + timedelta(minutes=2)) == 1
    first, key = chat.bodies[1].splitlines()[0], chat.bodies[1].splitlines()[-1]
    assert first == f"{number} https://desk.example.com/cases/{number}/"
    assert key == chat.bodies[0].splitlines()[-1]


def test_what_was_done_meanwhile_is_not_told(house: House, rooms: Path) -> None:
    """A reminder that waited for the morning, of a case that was closed at night."""
    number = story.reported(house.hannah)
    reminded(NIGHT)
    told(Chat(), NIGHT)
    CaseRow.objects.filter(number=number).update(closed_at=NIGHT)
    chat = Chat()
    assert told(chat, NIGHT + timedelta(hours=9)) == 0
    assert set(ChatRow.objects.values_list("state", flat=True)) == {"over"}


def test_faults_of_a_chat_are_seen_and_stop_no_clock(house: House, rooms: Path) -> None:
    """Pauses, Retry-After, given up after a day; doctor says so. Reminders by mail and clocks go on."""
    story.reported(house.hannah)
    reminded()
    chat = Chat([Reply(429, "Answered 429.", timedelta(hours=3)), BAD])
    told(chat)
    finding = next(f for f in doctor.examine(settings.HOME, LATER) if f.name == "chat")
    assert not finding.ok
    assert "Answered 429." in finding.what
    told(chat, LATER + timedelta(hours=2, minutes=59))
    assert len(chat.got) == 1
    now = LATER + timedelta(hours=3)
    while now < LATER + KEPT_UP + timedelta(hours=14):
        told(chat, now)
        now += timedelta(hours=1)
    assert set(ChatRow.objects.values_list("state", flat=True)) == {"given_up"}
    assert NoticeRow.objects.filter(kind="reminder").exists()


def test_an_address_that_cannot_be_read_is_a_fault_of_its_room(house: House, rooms: Path) -> None:
    """The real sender: its file is missing. The round goes on, and nothing else is held up."""
    story.reported(house.hannah)
    reminded()
    assert chats.look_after(settings.HOME, lambda: LATER, "test") == 0
    assert "missing" in ChatRoomRow.objects.get().problem
    assert "chats" not in one_round(settings.HOME, lambda: LATER, "test", audits=True).problems


def test_who_is_killed_while_sending_says_it_again_under_the_same_name(house: House, rooms: Path) -> None:
    """At least once, and doubles can be told."""
    story.reported(house.hannah)
    reminded()

    class Killed(BaseException):
        pass

    chat = Chat()

    def dies(room: ChatRoom, post: Post) -> Reply:
        chat(room, post)
        raise Killed

    with pytest.raises(Killed):
        chats.look_after(settings.HOME, lambda: LATER, "test", dies)
    assert told(chat) == 1
    assert chat.bodies[0] == chat.bodies[1]
    assert "desk_chatroomrow" in abandoned._TABLES


def test_a_lease_that_was_lost_changes_nothing(house: House, rooms: Path) -> None:
    """Somebody else sends for the room by now."""
    story.reported(house.hannah)
    reminded()

    def slow(room: ChatRoom, post: Post) -> Reply:
        ChatRoomRow.objects.update(lease_owner="another")
        return GOOD

    chats.look_after(settings.HOME, lambda: LATER, "test", slow)
    assert ChatRow.objects.filter(state="waiting").count() == ChatRow.objects.count() > 0


def test_digests_come_once_a_day(house: House, rooms: Path) -> None:
    """Open deadlines, nearest first, with who has each; a restricted one by number and link."""
    rooms.write_text(ROOMS.replace('roles = ["security_lead", ', 'reminders = false\ndigest = "daily"\nroles = ['))
    first, second = story.reported(house.hannah, title=SECRET), story.reported(house.hannah)
    story.step(second, "restrict", house.dele, people=[f"person:{house.tomasz.pk}"])
    sequence.number()
    chat = Chat()
    assert told(chat, LATER) == 1
    assert told(chat, LATER + timedelta(hours=8)) == 0
    (post,) = [post for _, post in chat.got]
    assert post.title == "2 open deadlines, 2 late"
    assert f"{second} https://desk.example.com/cases/{second}/" in post.body.splitlines()
    assert f"{first}: IR-" in post.body
    assert SECRET not in post.body
    assert told(chat, LATER + timedelta(days=1)) == 1


def test_a_new_room_hears_nothing_of_the_past(house: House, rooms: Path) -> None:
    """Only what happens from then on."""
    story.reported(house.hannah)
    reminded()
    rooms.write_text(ROOMS.replace('"lead"', '"second"'))
    chat = Chat()
    assert told(chat) == 0


@pytest.mark.parametrize("name", ["tomasz", "hannah", "dele", "ada", "nobody"])
def test_only_the_security_lead_tries_a_room(house: House, rooms: Path, name: str) -> None:
    """Others are refused; a room that is not there is not there; the Lead hears what was wrong."""
    with pytest.raises(NotAllowed):
        chats.send_test(settings.HOME, "lead", getattr(house, name).actor(), NOW)
    with pytest.raises(NotFound):
        chats.send_test(settings.HOME, "none", house.ines.actor(), NOW)
    assert "missing" in chats.send_test(settings.HOME, "lead", house.ines.actor(), NOW).words


def test_a_demo_home_tells_nobody(demo_house: House, rooms: Path) -> None:
    """Whatever its settings say."""
    story.reported(demo_house.hannah)
    reminded()
    chat = Chat()
    told(chat)
    assert (chat.got, Entry.objects.filter(kind="case:escalated").exists()) == ([], True)


def test_nothing_of_an_address_stands_in_a_table(house: House, rooms: Path, tmp_path: Path) -> None:
    """Its file is refused where others can read it, without saying what is in it."""
    file = tmp_path / "address"
    file.write_text(f"slack://{SECRET.replace(' ', '')}/B/C")
    file.chmod(0o644)
    rooms.write_text(ROOMS.replace("/nowhere", str(file)))
    reply = chats.send_test(settings.HOME, "lead", house.ines.actor(), NOW)
    assert "can be read" in reply.words
    assert "Zanzibar" not in repr(list(ChatRoomRow.objects.values_list()))


def test_a_room_can_be_a_mail_address(house: House, rooms: Path) -> None:
    """By the home's own way: here, where no server is set, into a file; the message's name is in its Message-ID."""
    rooms.write_text(ROOMS.replace('url_file = "/nowhere"', 'mail = "team@example.com"'))
    number = story.reported(house.hannah)
    reminded()
    before = set(settings.HOME.outbox.iterdir())
    assert chats.look_after(settings.HOME, lambda: LATER, "test") == 1
    (file,) = set(settings.HOME.outbox.iterdir()) - before
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert (mail["To"], mail["Subject"]) == ("team@example.com", number)
    assert f"{number}: IR-" in mail.get_content()
    file.unlink()
