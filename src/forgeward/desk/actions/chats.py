"""Reminders and alarms to the team's chats, beside the mails that they are first of all.

    desk_leaf ─ spread (case:escalated, alarms) ─▶ a row for each room that is to hear of it
    rows of a room ─ lease ─ ready (quiet hours, pace) ─ fold ─▶ one message ─ send ─┬─ taken
                                                                                   └─ the room rests, the same again

Nothing here stands between a clock and its reminder: rooms read the ledger afterwards, like webhooks. A message keeps
its name through every try, and is worded when it is sent, so a case that was restricted meanwhile is told so.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Final, TypeAlias

from django.db.models import Q

from forgeward.desk import programme
from forgeward.desk.actions import write
from forgeward.desk.actions.alarms import ALARM
from forgeward.desk.actions.webhooks import fresh_key, leaves
from forgeward.desk.models import CaseRow, ChatRoomRow, ChatRow, ClockRow, Entry, Person
from forgeward.desk.models.fields import to_micros
from forgeward.edges import chat
from forgeward.edges.chat_settings import ChatRoom, target
from forgeward.edges.home import Home
from forgeward.edges.mail_out import Draft, compose, transport_for
from forgeward.errors import ForgewardError, NotFound
from forgeward.ledger.entry import decode
from forgeward.respond.access import demand
from forgeward.respond.chat import KEPT_UP, Item, Line, Post, digest, digest_at, fold, goes_to, pause, ready
from forgeward.respond.webhooks import Reply
from forgeward.vocabulary import Actor, Role, Severity

LEASE = timedelta(seconds=180)
LEAVES = 1_000
LOOK_AGAIN = timedelta(seconds=10)
LOG_KEPT = timedelta(days=30)
AHEAD = timedelta(days=7)  # deadlines of a digest
LINES = 200
THEN: Final = {"owner": "the Security Lead", "lead": "Leadership"}
Clock: TypeAlias = Callable[[], datetime]
Sender: TypeAlias = Callable[[ChatRoom, Post], Reply]


def look_after(home: Home, clock: Clock, owner: str, send: Sender | None = None) -> int:
    """Finds what rooms are to hear, and sends what is due. Returns how many messages were taken."""
    rooms = home.settings.chat.room
    if not rooms or home.is_demo:
        return 0
    way, now = send or _way(home), clock()
    for room in rooms:
        _begin(room, now)
        spread(room)
        _queue_digest(home, room, clock())
    old = ChatRow.objects.filter(settled_at__lt=now - LOG_KEPT)
    if old.exists():  # looked at each second, and nobody should wait for the database's lock for nothing
        old.delete()
    return sum(_say(home, room, clock, owner, way) for room in rooms)


def send_test(home: Home, name: str, actor: Actor, now: datetime) -> Reply:
    """Says in a room that this is a test, at once. Raises ``NotAllowed``, ``NotFound``."""
    demand("chat.test", actor)
    room = next((each for each in home.settings.chat.room if each.name == name), None)
    if room is None:
        raise NotFound(f"settings.toml has no [[chat.room]] “{name[:40]}”.", next="See `forgeward chat list`.")
    _begin(room, now)
    reply = _tried(_way(home), room, Post("A test", f"Reminders will be said here. ({fresh_key()})"))
    row = ChatRoomRow.objects.filter(name=name)
    if reply.good:
        row.update(fails=0, rest_until=None, problem="")
    else:
        row.update(problem=reply.words[:300])
    return reply


def _begin(room: ChatRoom, now: datetime) -> None:
    """A room that is new hears of what happens from now on."""
    ChatRoomRow.objects.get_or_create(name=room.name, defaults={"cursor": leaves(), "digest_at": now})


# --- what a room is to hear ------------------------------------------------------------------------------------------


def spread(room: ChatRoom) -> int:
    """Makes rows of the leaves that the room has not seen. Returns how many. Writes only where there are some."""
    made = 0
    while ChatRoomRow.objects.filter(pk=room.name, cursor__lt=leaves()).exists():
        with write.inside() as cursor:
            row = ChatRoomRow.objects.select_for_update().get(pk=room.name)
            cursor.execute(
                'SELECT l."index", l.entry_id FROM desk_leaf l WHERE l."index" >= %s ORDER BY l."index" LIMIT %s',
                [row.cursor, LEAVES],
            )
            if not (seen := cursor.fetchall()):
                return made
            told = Q(kind="case:escalated") | Q(kind="case:received", actor=ALARM.id)
            entries = Entry.objects.filter(told, pk__in=[entry for _, entry in seen]).select_related("case")
            for entry in entries.order_by("pk"):
                found = _item(entry, "")
                if found is not None and goes_to(found, room.room):
                    kind = "reminder" if found.promise else "alarm"
                    fresh = {"case": entry.case, "kind": kind, "began_at": entry.at}
                    made += ChatRow.objects.get_or_create(room=row, entry=entry, defaults=fresh)[1]
            ChatRoomRow.objects.filter(pk=row.pk).update(cursor=seen[-1][0] + 1)
    return made


def _item(entry: Entry, link: str) -> Item | None:
    """What an entry is about, as things are now; None where nobody was told, or its clock was met meanwhile."""
    case = entry.case
    if case is None:
        return None
    level = Severity(case.level) if case.level else None
    usual = {"key": f"{entry.pk:020}", "number": case.number, "link": link, "at": entry.at, "level": level,
             "restricted": case.restricted}  # fmt: skip
    if entry.kind != "case:escalated":
        return Item(**usual, roles=frozenset({Role.LEAD})) if case.closed_at is None else None
    data = decode(bytes(entry.body)).data
    asked = Person.objects.filter(pk=int(str(data["to"]).removeprefix("person:") or 0), is_active=True).first()
    clock = ClockRow.objects.filter(
        case=case, promise=data["promise"], regime=data["regime"], subject=data["subject"], met__isnull=True
    ).first()
    if asked is None or clock is None or case.closed_at is not None:
        return None
    return Item(
        **usual,
        roles=frozenset(asked.roles),
        promise=str(data["promise"]),
        percent=int(str(data["percent"])),
        due=clock.due,
        asked=asked.name,
        then=THEN.get(str(data["path"]), ""),
    )


def _queue_digest(home: Home, room: ChatRoom, now: datetime) -> None:
    settings = home.settings.chat
    due = digest_at(room.room, time.fromisoformat(settings.digest_at), _zone(), now)
    if due is None or not ChatRoomRow.objects.filter(pk=room.name, digest_at__lt=due).exists():
        return
    with write.inside():
        row = ChatRoomRow.objects.select_for_update().get(pk=room.name)
        if row.digest_at is not None and row.digest_at >= due:
            return
        row.digest_at = due
        row.save(update_fields=["digest_at"])
        ChatRow.objects.create(room=row, kind="digest", post=fresh_key(), began_at=now)


def _lines(home: Home, room: ChatRoom, now: datetime) -> list[Line]:
    """The open deadlines of the next days, and all that are late."""
    cases = CaseRow.objects.filter(closed_at__isnull=True, next_due__lte=now + AHEAD).select_related("owner")
    if room.levels:
        cases = cases.filter(level__in=room.levels)
    return [
        Line(row.number, home.settings.link(row.number), row.next_due, row.next_promise,
             row.owner.name if row.owner else "", row.restricted)
        for row in cases.order_by("next_due", "id")[:LINES] if row.next_due
    ]  # fmt: skip


# --- saying it -------------------------------------------------------------------------------------------------------


def _say(home: Home, room: ChatRoom, clock: Clock, owner: str, way: Sender) -> int:
    """At most one message to one room. Returns whether it was taken."""
    now = clock()
    if not ChatRow.objects.filter(room=room.name, state="waiting").exists() or not _claim(room, owner, now):
        return 0
    try:
        rows = _chosen(home, room, now)
        if not rows:  # it is quiet, or it was told a moment ago
            ChatRoomRow.objects.filter(pk=room.name).update(rest_until=now + LOOK_AGAIN)
            return 0
        post = _worded(home, room, rows, now)
        reply = _tried(way, room, post)
        _settle(room, rows, reply, owner, clock())
        return int(reply.good)
    finally:
        ChatRoomRow.objects.filter(pk=room.name, lease_owner=owner).update(lease_owner="", lease_until=None)


def _claim(room: ChatRoom, owner: str, now: datetime) -> bool:
    at = to_micros(now)
    with write.inside() as cursor:
        cursor.execute(
            "UPDATE desk_chatroomrow SET lease_owner = %s, lease_until = %s WHERE name = %s"
            " AND (lease_until IS NULL OR lease_until < %s) AND (rest_until IS NULL OR rest_until <= %s)",
            [owner, to_micros(now + LEASE), room.name, at, at],
        )
        return bool(cursor.rowcount == 1)


def _chosen(home: Home, room: ChatRoom, now: datetime) -> list[ChatRow]:
    """The rows of the message that leaves now: one that was begun before, else what is ready, under a fresh name."""
    items = _items(home, room, now)
    quiet = home.settings.chat.quiet(_zone())
    begun = next((row.post for row in items if row.post), "")
    if begun and not quiet.at(now):
        return [row for row in items if row.post == begun]
    last = ChatRoomRow.objects.values_list("sent_at", flat=True).get(pk=room.name)
    leaving = ready([item for item in items.values() if item], quiet, last, now)
    chosen = [row for row, item in items.items() if item in leaving]
    return _named(chosen, items)


def _items(home: Home, room: ChatRoom, now: datetime) -> dict[ChatRow, Item | None]:
    """What waits for a room, with what it is about (None: a digest). What is over by now is ended."""
    rows = ChatRow.objects.filter(room=room.name, state="waiting").select_related("case", "entry__case").order_by("pk")
    links = {row: home.settings.link(row.case.number) if row.case else "" for row in rows}
    found = {row: _item(row.entry, link) if row.entry else None for row, link in links.items()}
    over = {row.pk for row, item in found.items() if row.entry and item is None}
    ChatRow.objects.filter(pk__in=over).update(state="over", settled_at=now)
    return {row: item for row, item in found.items() if row.pk not in over}


def _named(chosen: list[ChatRow], waiting: Iterable[ChatRow]) -> list[ChatRow]:
    """The rows under one name: the one they had, where they alone had it, else a fresh one."""
    names = {row.post for row in chosen}
    same = len(names) == 1 and "" not in names and sum(row.post in names for row in waiting) == len(chosen)
    if chosen and not same:
        key = fresh_key()
        for row in chosen:
            row.post = key
        ChatRow.objects.filter(pk__in=[row.pk for row in chosen]).update(post=key)
    return chosen


def _worded(home: Home, room: ChatRoom, rows: Sequence[ChatRow], now: datetime) -> Post:
    if rows[0].kind == "digest":
        return digest(_lines(home, room, now), rows[0].post, _zone(), now)
    cases = (home.settings.link(row.case.number) if row.case else "" for row in rows)
    items = [_item(row.entry, link) for row, link in zip(rows, cases, strict=True) if row.entry]
    return fold([item for item in items if item is not None], rows[0].post, _zone())


def _tried(way: Sender, room: ChatRoom, post: Post) -> Reply:
    """Whatever goes wrong is a reply, and none of it holds an address."""
    try:
        return way(room, post)
    except ForgewardError as problem:
        return Reply(0, f"{problem} {problem.next}".strip())


def _settle(room: ChatRoom, rows: Sequence[ChatRow], reply: Reply, owner: str, now: datetime) -> None:
    """Records the answer. A lost lease changes nothing."""
    keys = [row.pk for row in rows]
    with write.inside():
        row = ChatRoomRow.objects.select_for_update().get(pk=room.name)
        if row.lease_owner != owner:
            return
        if reply.good:
            ChatRow.objects.filter(pk__in=keys).update(state="taken", settled_at=now)
            row.fails, row.rest_until, row.sent_at, row.problem = 0, None, now, ""
        else:
            late = min(each.began_at for each in rows) < now - KEPT_UP
            if late and row.fails:
                ChatRow.objects.filter(pk__in=keys).update(state="given_up", settled_at=now)
            row.fails += 1
            row.rest_until = now + pause(row.fails, reply.retry_after, random.random())  # noqa: S311 - jitter
            row.problem = reply.words[:300]
        row.save(update_fields=["fails", "rest_until", "sent_at", "problem"])


def _way(home: Home) -> Sender:
    settings = home.settings
    if home.is_demo:
        return lambda *_: Reply(0, "A demo home calls nobody.")

    def way(room: ChatRoom, post: Post) -> Reply:
        if room.mail:
            return _by_mail(home, room, post)
        return chat.send(target(room, settings.chat.hosts), post, settings.outgoing.private, settings.chat.timeout)

    return way


def _by_mail(home: Home, room: ChatRoom, post: Post) -> Reply:
    """The same by the home's own mail server; the message's name makes its Message-ID, so doubles are one mail."""
    policy, name = programme.policies().latest, post.body.rpartition("(")[2].rstrip(")")
    draft = Draft(
        key=f"{room.name}:{name}",
        kind="notice",
        sender=home.settings.mail.sender or policy.vendor.contacts.security or "security@localhost",
        sender_name=policy.vendor.name,
        to=room.mail,
        subject=post.title,
        text=post.body,
        date=home.now(),
    )
    key = programme.vault().keys.keyed("outgoing", b"").encode()
    delivery = transport_for(home).send(compose(draft, key))
    taken = delivery.outcome in {"accepted", "filed"}
    return Reply(200 if taken else 0, "Taken." if taken else f"The mail server said {delivery.code}.")


def _zone() -> str:
    return programme.policies().latest.time.zone
