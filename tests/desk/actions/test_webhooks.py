"""Endpoints: entered by the Security Lead, told what happens, and nothing more, at least once."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from forgeward.desk import endpoints
from forgeward.desk.actions import abandoned, deliveries, sequence, webhooks
from forgeward.desk.leases import living
from forgeward.desk.models import DeliveryRow, Entry, Leaf, WebhookRow
from forgeward.desk.readers import webhooks as reader
from forgeward.errors import AnswerIsNo, BadInput, NotAllowed, NotFound
from forgeward.respond.webhooks import EVENTS, KEPT_UP, OVERLAP, Reply
from tests.desk.tables import agrees
from tests.desk.web import story
from tests.desk.web.house import NOW, House

URL = "https://hooks.example.com/fw?token=abc"
SECRET = "Zanzibar override"
GOOD, BAD = Reply(200, "Answered 200."), Reply(500, "Answered 500.")


@dataclass
class Endpoint:
    """Answers in turn, the last one again and again; keeps what it was sent."""

    replies: list[Reply] = field(default_factory=lambda: [GOOD])
    got: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> Reply:
        self.got.append((url, body, headers))
        return self.replies[min(len(self.got), len(self.replies)) - 1]

    @property
    def told(self) -> list[dict[str, object]]:
        return [json.loads(body) for _, body, _ in self.got]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for _, _, headers in self.got]


def added(house: House, *events: str) -> WebhookRow:
    return webhooks.add("Tracker", URL, events or tuple(EVENTS), house.ines.actor(), NOW).row


def sent(endpoint: Endpoint, now: datetime = NOW) -> deliveries.Told:
    """What a round of the worker does, at one instant."""
    sequence.number()
    deliveries.spread()
    deliveries.give_up(now)
    return deliveries.deliver(settings.HOME, lambda: now, owner="test", post=endpoint)


def test_what_happens_is_told_with_number_event_time_and_link(house: House) -> None:
    """What happened before it was entered is not told; of what follows, the chosen events, each once, in order."""
    story.reported(house.hannah)
    sequence.number()
    added(house, "case.received", "case.paused")
    number = story.reported(house.hannah)
    story.step(number, "note", house.hannah, text=SECRET)
    story.step(number, "pause", house.hannah, reason=SECRET)
    endpoint = Endpoint()
    assert sent(endpoint).delivered == 2
    assert sent(endpoint).delivered == 0
    link = f"http://localhost:8710/cases/{number}/"
    assert endpoint.told == [
        {"type": event, "timestamp": "2026-11-23T10:20:00Z", "data": {"case": number, "link": link}}
        for event in ("case.received", "case.paused")
    ]
    assert endpoint.got[0][0] == URL
    assert agrees(NOW)


def test_nothing_sealed_leaves(house: House) -> None:
    """Neither title nor texts, names or addresses of a whole story stand in any message."""
    added(house)
    number = story.fixing(house)
    story.step(number, "note", house.hannah, text=SECRET)
    endpoint = Endpoint()
    sent(endpoint)
    assert len(endpoint.got) > 4
    for body in endpoint.told:
        assert set(body) == {"type", "timestamp", "data"}
        assert set(body["data"]) == {"case", "link"}  # type: ignore[call-overload]


def test_a_restricted_case_is_number_and_link(house: House) -> None:
    """Also where it was restricted after the event, and before a replay: what waits is told as the case is by now."""
    hook = added(house, "case.received")
    number = story.reported(house.hannah)
    endpoint = Endpoint([BAD, GOOD])
    sent(endpoint)
    assert endpoint.told[0]["type"] == "case.received"
    story.step(number, "restrict", house.dele, people=[f"person:{house.tomasz.pk}"])
    sent(endpoint, NOW + timedelta(minutes=1))
    webhooks.replay(hook.ident, house.ines.actor(), NOW, key=endpoint.ids[0])
    sent(endpoint, NOW + timedelta(minutes=2))
    plain = {"type": "case", "data": {"case": number, "link": f"http://localhost:8710/cases/{number}/"}}
    assert endpoint.told[1:] == [plain, plain]
    assert len(set(endpoint.ids)) == 1
    assert reader.deliveries(house.ines, hook.ident).deliveries == ()  # the Lead is not among its people


def test_a_failing_endpoint_rests_and_only_its_oldest_message_is_tried(house: House) -> None:
    """Growing pauses for the endpoint, not for each message; once it takes one, the others follow at once."""
    added(house, "case.received")
    for _ in range(5):
        story.reported(house.hannah)
    endpoint = Endpoint([BAD] * 6 + [GOOD])
    assert sent(endpoint).waiting == 5  # nobody knew yet that it fails
    row = WebhookRow.objects.get()
    assert (row.fails, row.rest_until is not None) == (1, True)
    assert sent(endpoint, NOW + timedelta(seconds=1)).waiting == 0
    assert sent(endpoint, NOW + timedelta(seconds=10)).waiting == 1
    assert WebhookRow.objects.get().fails == 2
    assert sent(endpoint, NOW + timedelta(minutes=2)).delivered == 5
    row = WebhookRow.objects.get()
    assert (row.fails, row.rest_until) == (0, None)


def test_a_test_by_a_person_ends_the_rest(house: House) -> None:
    """Who mended an endpoint does not wait for hours: the oldest message is tried, and what follows goes with it."""
    hook = added(house, "case.received")
    story.reported(house.hannah)
    endpoint = Endpoint([Reply(503, "Answered 503.", timedelta(hours=3)), GOOD])
    sent(endpoint)
    webhooks.send_test(hook.ident, house.ines.actor(), NOW)
    assert sent(endpoint, NOW + timedelta(minutes=1)).delivered == 2
    assert [body["type"] for body in endpoint.told] == ["case.received", "case.received", "test"]


def test_retry_after_is_honoured(house: House) -> None:
    """The endpoint says when, and is not called before."""
    added(house, "case.received")
    story.reported(house.hannah)
    endpoint = Endpoint([Reply(429, "Answered 429.", timedelta(hours=2)), GOOD])
    sent(endpoint)
    assert sent(endpoint, NOW + timedelta(minutes=119)).delivered == 0
    assert sent(endpoint, NOW + timedelta(minutes=120)).delivered == 1


def test_what_is_given_up_is_shown_and_can_be_sent_again(house: House) -> None:
    """Three days, then a person: the same ids, so that doubles are told."""
    hook = added(house, "case.received")
    numbers = [story.reported(house.hannah) for _ in range(3)]
    endpoint, now = Endpoint([BAD] * 400), NOW
    while now < NOW + KEPT_UP + timedelta(hours=5):
        sent(endpoint, now)
        now += timedelta(hours=1)
    line = reader.listing(house.ines)[0]
    assert (line.waiting, line.given_up) == (0, 3)
    log = reader.deliveries(house.ines, hook.ident, state="given_up").deliveries
    assert {each.case for each in log} == set(numbers)
    endpoint.replies = [GOOD]
    again = webhooks.replay(hook.ident, house.ines.actor(), now)
    assert sent(endpoint, now).delivered == 3
    assert sorted(endpoint.ids[-3:]) == sorted(again)
    assert set(again) <= set(endpoint.ids[:3])
    with pytest.raises(AnswerIsNo, match="nothing to send again"):
        webhooks.replay(hook.ident, house.ines.actor(), now)


def test_gone_ends_a_message_at_once(house: House) -> None:
    """410 is the receiver's word that it wants no more of it."""
    added(house, "case.received")
    story.reported(house.hannah)
    assert sent(Endpoint([Reply(410, "Answered 410.")])).given_up == 1


def test_the_log_is_kept_for_ninety_days(house: House) -> None:
    """Then its lines go; what waits stays."""
    added(house, "case.received")
    story.reported(house.hannah)
    sent(Endpoint())
    deliveries.give_up(NOW + deliveries.LOG_KEPT)
    assert DeliveryRow.objects.count() == 1
    deliveries.give_up(NOW + deliveries.LOG_KEPT + timedelta(seconds=1))
    assert DeliveryRow.objects.count() == 0
    assert agrees(NOW)


def test_who_is_killed_between_sending_and_settling_sends_again_under_the_same_id(house: House) -> None:
    """At least once. The lease of who died is freed at once, and the second message is the first one's double."""
    added(house, "case.received")
    story.reported(house.hannah)

    class Killed(BaseException):
        pass

    endpoint = Endpoint()

    def dies(url: str, body: bytes, headers: dict[str, str]) -> Reply:
        endpoint(url, body, headers)
        raise Killed

    sequence.number()
    deliveries.spread()
    with living(settings.HOME) as owner, pytest.raises(Killed):
        deliveries.deliver(settings.HOME, lambda: NOW, owner=owner, post=dies)
    assert sent(endpoint).delivered == 0  # somebody may still be at it
    DeliveryRow.objects.update(lease_until=NOW - timedelta(seconds=1))
    assert sent(endpoint).delivered == 1
    assert len(endpoint.ids) == 2
    assert len(set(endpoint.ids)) == 1


def test_two_workers_never_send_one_message_at_once(house: House) -> None:
    """The second claims nothing of what the first holds, and settling without the lease changes nothing."""
    added(house, "case.received")
    story.reported(house.hannah)
    inner, outer = Endpoint(), Endpoint([BAD])

    def while_sending(url: str, body: bytes, headers: dict[str, str]) -> Reply:
        return outer(url, body, headers)

    sequence.number()
    deliveries.spread()
    keys = deliveries._claim("one", NOW, ())
    assert deliveries.deliver(settings.HOME, lambda: NOW, owner="two", post=inner).delivered == 0
    DeliveryRow.objects.filter(pk__in=keys).update(lease_owner="three")
    deliveries._send(settings.HOME, while_sending, keys, "one", lambda: NOW, deliveries.Told())
    assert (DeliveryRow.objects.get().state, DeliveryRow.objects.get().answer) == ("waiting", "")
    assert inner.got == []


def test_an_endpoint_whose_key_is_lost_stops_no_other(house: House) -> None:
    """Its messages wait and say why; the other one's go."""
    lost, good = added(house, "case.received"), added(house, "case.received")
    WebhookRow.objects.filter(pk=lost.pk).update(blob=bytes(good.blob))
    story.reported(house.hannah)
    endpoint = Endpoint()
    told = sent(endpoint)
    assert (told.delivered, told.waiting) == (1, 1)
    assert "does not open" in DeliveryRow.objects.get(webhook=lost).answer


def test_leases_of_the_dead_are_freed(house: House) -> None:
    """The table is among those that a kill leaves behind."""
    assert "desk_deliveryrow" in abandoned._TABLES


def test_spreading_again_doubles_nothing(house: House) -> None:
    """An endpoint's cursor that was put back finds its messages there."""
    added(house, "case.received")
    for _ in range(3):
        story.reported(house.hannah)
    sent(Endpoint())
    WebhookRow.objects.update(cursor=0)
    endpoint = Endpoint()
    sent(endpoint)
    assert endpoint.got == []
    assert WebhookRow.objects.get().cursor == Leaf.objects.count()


def verified(body: bytes, headers: dict[str, str], shown: str) -> bool:
    """As a receiver does it, by docs/reference/webhooks.md."""
    key = base64.b64decode(shown.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()
    return wanted in headers["webhook-signature"].split(" ")


def test_secrets_change_with_an_overlap(house: House) -> None:
    """Both sign for a day, then the new one alone; a third is refused meanwhile. No secret stands in a table."""
    lead = house.ines.actor()
    first = webhooks.add("Tracker", URL, ["case.received"], lead, NOW)
    second = webhooks.rotate(first.row.ident, lead, NOW)
    with pytest.raises(AnswerIsNo, match="changed already"):
        webhooks.rotate(first.row.ident, lead, NOW + OVERLAP - timedelta(seconds=1))
    endpoint = Endpoint()
    for later in (timedelta(0), OVERLAP):
        webhooks.send_test(first.row.ident, lead, NOW + later)
        deliveries.deliver(settings.HOME, lambda at=NOW + later: at, owner="test", post=endpoint)  # type: ignore[misc]
    (_, body, during), (_, late, after) = endpoint.got
    assert verified(body, during, first.secret)
    assert verified(body, during, second.secret)
    assert not verified(late, after, first.secret)
    assert verified(late, after, second.secret)
    tables = everything()
    for made in (first, second):
        raw = base64.b64decode(made.secret.removeprefix("whsec_"))
        assert made.secret not in tables
        assert raw.hex() not in tables
        assert repr(raw)[2:-1] not in tables
    assert "hooks.example.com" not in tables
    assert agrees(NOW)


def everything() -> str:
    """All tables of the desk, as text and hex."""
    found = []
    with connection.cursor() as cursor:
        for table in (t for t in connection.introspection.table_names() if t.startswith("desk_")):
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own tables
            values = [value for row in cursor for value in row]
            found += [repr(value) for value in values] + [value.hex() for value in values if isinstance(value, bytes)]
    return " ".join(found)


def test_what_is_taken_away_is_told_nothing_more(house: House) -> None:
    """What waits is stopped, its address is forgotten, its log stays."""
    lead = house.ines.actor()
    hook = added(house, "case.received")
    story.reported(house.hannah)
    sequence.number()
    deliveries.spread()
    gone = webhooks.remove(hook.ident, lead, NOW)
    endpoint = Endpoint()
    sent(endpoint)
    assert (endpoint.got, endpoints.url_of(gone)) == ([], "")
    assert [each.state for each in reader.deliveries(house.ines, hook.ident).deliveries] == ["stopped"]
    for deed in (webhooks.remove, webhooks.rotate, webhooks.send_test, webhooks.replay):
        with pytest.raises(NotFound):
            deed(hook.ident, lead, NOW)  # type: ignore[operator]
    assert agrees(NOW)


@pytest.mark.parametrize("name", ["tomasz", "hannah", "dele", "ada", "nobody"])
def test_only_the_security_lead_manages_them(house: House, name: str) -> None:
    """Others are refused each deed, and the lists too: an address may be a secret."""
    hook, person = added(house), getattr(house, name)
    before = Entry.objects.count()
    for deed in (
        lambda: webhooks.add("x", URL, ["case.received"], person.actor(), NOW),
        lambda: webhooks.rotate(hook.ident, person.actor(), NOW),
        lambda: webhooks.remove(hook.ident, person.actor(), NOW),
        lambda: webhooks.send_test(hook.ident, person.actor(), NOW),
        lambda: webhooks.replay(hook.ident, person.actor(), NOW),
        lambda: reader.listing(person),
        lambda: reader.deliveries(person, hook.ident),
    ):
        with pytest.raises(NotAllowed):
            deed()
    assert Entry.objects.count() == before


def test_a_name_and_an_end_to_how_many(house: House) -> None:
    """No name, a name of control characters and the fifty-first are refused."""
    for name in ("", "   ", "x" * 81, "a\nb"):
        with pytest.raises(BadInput, match="has a name"):
            webhooks.add(name, URL, ["case.received"], house.ines.actor(), NOW)
    for _ in range(webhooks.MOST):
        added(house, "case.received")
    with pytest.raises(BadInput, match="50 webhooks already"):
        added(house)


def test_a_demo_home_calls_nobody(demo_house: House) -> None:
    """Its mail goes to files only, and its webhooks nowhere."""
    hook = added(demo_house, "case.received")
    row = webhooks.send_test(hook.ident, demo_house.ines.actor(), NOW)
    deliveries.deliver(settings.HOME, lambda: NOW, owner="test", only=[row.key])
    line = reader.delivery(row)
    assert (line.state, line.answer) == ("given_up", "A demo home calls nobody.")


def test_a_long_log_costs_as_much_as_a_short_one(house: House) -> None:
    """Queries of the list and of a page of the log do not grow with its lines."""
    hook = added(house, "case.received")
    story.reported(house.hannah)
    sent(Endpoint())

    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            reader.listing(house.ines)
            assert len(reader.deliveries(house.ines, hook.ident).deliveries) <= 50
        return len(found)

    few, one = asked(), DeliveryRow.objects.get()
    usual = {"webhook": hook, "case": one.case, "event": one.event, "at": NOW, "began_at": NOW, "state": "delivered"}
    DeliveryRow.objects.bulk_create([DeliveryRow(key=f"msg_{n}", **usual) for n in range(10_000)])
    assert asked() == few
