"""What holds for every call: problems, sizes, pace, answers that are given once, no way in from other sites."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from forgeward.desk.actions import answers, pace
from forgeward.desk.actions.answers import Answer
from forgeward.desk.actions.pace import Pace
from forgeward.desk.api import gate
from forgeward.desk.models import ApiAnswer, ApiRate, CaseRow, Entry
from forgeward.errors import Conflict, TooFast
from tests.desk.api.house import caller
from tests.desk.tables import everything
from tests.desk.web import story
from tests.desk.web.house import NOW, House


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/api/v1/nothing", 404),
        ("get", "/api/", 404),
        ("get", "/api/v1/", 404),
        ("get", "/api/v1/cases/%00", 400),
        ("delete", "/api/v1/cases", 405),
        ("put", "/api/v1/cases/FW-222222", 405),
        ("options", "/api/v1/cases", 405),
        ("patch", "/api/v1/people", 405),
        ("get", "/api/v1/mails/99999999999999999999/raw", 422),
        ("get", "/api/v1/mails/x/raw", 422),
        ("get", "/api/v1/files/1", 404),
    ],
)
def test_every_error_is_a_problem(house: House, method: str, path: str, status: int) -> None:
    """RFC 9457: title, status, detail, and what to do."""
    answer = getattr(caller(house.ines).client, method)(path)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["detail"]
    assert ("Allow" in answer) == (status == 405)


def test_a_crash_tells_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug is a 500 with a sentence and no trace."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("forgeward.desk.api.cases.reader.listing", broken)
    program = caller(house.ines)
    program.client.raise_request_exception = False
    answer = program.get("/cases")
    assert (answer.status_code, answer.json()["code"]) == (500, "broken")
    assert b"secret detail" not in answer.content


def test_no_other_site_can_call(house: House) -> None:
    """No CORS header, no cookie is set, none is heeded, nothing is cached."""
    answer = caller(house.ines).client.get("/api/v1/cases", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert not answer.cookies
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_bodies_have_a_size(house: House) -> None:
    """Over 2 MB of JSON is refused before it is read."""
    answer = caller(house.ines).send("/cases", b'{"title": "' + b"x" * (2 * 2**20) + b'"}', "application/json")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_the_document_needs_no_token() -> None:
    """cli.md: /api/v1/openapi.json needs no sign-in."""
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.1")


# --- pace ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_bucket_fills_again() -> None:
    """A burst at once, then as many as the pace; whoever waits as long as was said passes."""
    slow, second = Pace(burst=3, per_minute=60), timedelta(seconds=1)
    for _ in range(3):
        pace.charge("a", slow, NOW)
    with pytest.raises(TooFast) as refused:
        pace.charge("a", slow, NOW)
    assert refused.value.after == 1
    pace.charge("b", slow, NOW)
    pace.charge("a", slow, NOW + refused.value.after * second)
    with pytest.raises(TooFast):
        pace.charge("a", slow, NOW + second)
    for _ in range(3):
        pace.charge("a", slow, NOW + 60 * second)
    pace.forget_idle(NOW + 120 * second)
    assert not ApiRate.objects.exists()


def test_too_many_calls_of_a_token(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """429 with Retry-After; another token of the same person has a bucket of its own."""
    monkeypatch.setattr(gate, "OF_A_TOKEN", Pace(burst=2, per_minute=1))
    one, other = caller(house.ines), caller(house.ines)
    assert [one.get("/people").status_code for _ in range(3)] == [200, 200, 429]
    assert int(one.get("/people")["Retry-After"]) >= 1
    assert other.get("/people").status_code == 200


def test_guesses_are_slowed_and_lock_nobody_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused tokens of one address become 429; a good token from there still passes."""
    monkeypatch.setattr(gate, "OF_STRANGERS", Pace(burst=2, per_minute=1))
    stranger = Client(headers={"Authorization": "Bearer fwt_guess"})
    assert [stranger.get("/api/v1/people").status_code for _ in range(3)] == [401, 401, 429]
    assert caller(house.ines).get("/people").status_code == 200


def test_a_bucket_is_one_for_all_connections(transactional_db: None) -> None:
    """Four connections that draw at the same time get as many calls as the bucket holds, together."""
    from django.db import connection

    passed: list[int] = []
    begin = threading.Barrier(4)

    def draw() -> None:
        begin.wait()
        for _ in range(5):
            try:
                pace.charge("shared", Pace(burst=7, per_minute=1), NOW)
                passed.append(1)
            except TooFast:
                continue
        connection.close()

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 7


# --- Idempotency-Key -------------------------------------------------------------------------------------------------


def test_a_call_under_a_key_is_done_once(house: House) -> None:
    """The second answer equals the first, headers included; one case, one note."""
    hannah = caller(house.hannah)
    body = {"title": "Twice", "text": "sent"}
    first, second = (hannah.post("/cases", body, Idempotency_Key="open-1") for _ in range(2))
    assert (first.status_code, first.content, first["Location"]) == (201, second.content, second["Location"])
    assert first["ETag"] == second["ETag"]
    assert CaseRow.objects.count() == 1
    number = first.json()["id"]
    notes = [hannah.post(f"/cases/{number}/note", {"text": "n"}, Idempotency_Key="note-1") for _ in range(3)]
    assert {n.content for n in notes} == {notes[0].content}
    assert Entry.objects.filter(kind="case:noted").count() == 1


def test_a_key_is_for_one_call(house: House) -> None:
    """422 for the same key with another body or address; another token's key is another key."""
    hannah, tomasz = caller(house.hannah), caller(house.tomasz)
    number = story.opened(house.hannah, settings.HOME.now())
    assert hannah.post(f"/cases/{number}/note", {"text": "a"}, Idempotency_Key="k").status_code == 200
    assert hannah.post(f"/cases/{number}/note", {"text": "b"}, Idempotency_Key="k").status_code == 422
    assert hannah.post("/cases", {"title": "a", "text": "b"}, Idempotency_Key="k").status_code == 422
    assert tomasz.post(f"/cases/{number}/note", {"text": "b"}, Idempotency_Key="k").status_code == 200


def test_what_was_refused_may_be_sent_again(house: House) -> None:
    """A refusal changes nothing, so it uses no key up."""
    hannah = caller(house.hannah)
    number = story.opened(house.hannah, settings.HOME.now())
    assert hannah.post(f"/cases/{number}/note", {}, Idempotency_Key="k").status_code == 422
    assert not ApiAnswer.objects.exists()
    assert hannah.post(f"/cases/{number}/note", {"text": "b"}, Idempotency_Key="k").status_code == 200


def test_keys_are_short(house: House) -> None:
    """A longer one is refused, not cut."""
    assert caller(house.hannah).post("/cases", {"title": "a"}, Idempotency_Key="x" * 201).status_code == 422


def test_while_a_call_runs_its_twin_is_a_conflict(house: House) -> None:
    """409 at once; when the first has ended it is the first one's answer; a claim that was left behind runs out."""
    from forgeward.desk.readers.tokens import bearer

    found = bearer(caller(house.hannah).token, settings.HOME.now())
    moment = {"now": NOW}

    def ask(work: object = lambda: Answer(200, b"done")) -> Answer:
        return answers.once(found.token, found.row.pk, "k", b"call", lambda: moment["now"], work)

    def first() -> Answer:
        with pytest.raises(Conflict):
            ask()
        return Answer(200, b"first")

    assert ask(first).body == b"first"
    assert ask().body == b"first"
    moment["now"] += answers.KEPT
    assert ask().body == b"done"  # keys are forgotten after a day
    ApiAnswer.objects.update(status=0)  # as a killed process leaves it
    with pytest.raises(Conflict):
        ask()
    moment["now"] += answers.LEASE
    assert ask(lambda: Answer(200, b"taken over")).body == b"taken over"


def test_who_lost_the_claim_undoes_the_work(house: House) -> None:
    """A process that slept for longer than its lease finds that another one has done the call: it rolls back."""
    from forgeward.desk.readers.tokens import bearer

    found, number = bearer(caller(house.hannah).token, settings.HOME.now()), story.opened(house.hannah)

    def slow() -> Answer:
        story.step(number, "note", house.hannah, text="twice?")
        ApiAnswer.objects.update(owner="somebody else")
        return Answer(200, b"slow")

    with pytest.raises(Conflict):
        answers.once(found.token, found.row.pk, "k", b"call", lambda: NOW, slow)
    assert not Entry.objects.filter(kind="case:noted").exists()


def test_stored_answers_cannot_be_read_here(house: House) -> None:
    """Names, addresses and texts of an answer stand in no table; the key itself neither."""
    hannah = caller(house.hannah)
    body = {"title": "Marzipan", "text": "t", "reporter_address": "noor@example.net"}
    assert hannah.post("/cases", body, Idempotency_Key="open-marzipan").status_code == 201
    kept = repr(everything())
    assert b"FW-" not in bytes(ApiAnswer.objects.get().sealed)
    assert "Marzipan" not in kept
    assert "open-marzipan" not in kept


def test_two_at_once_are_one(transactional_db: None) -> None:
    """Two threads with one key on a real database: one does it, the other gets its answer or a conflict."""
    from django.db import connection

    from forgeward.desk.readers.tokens import bearer
    from tests.desk.web.house import build

    house = build()
    found = bearer(caller(house.hannah).token, settings.HOME.now())
    done, seen, gate_ = [], [], threading.Barrier(2)

    def run() -> None:
        def work() -> Answer:
            done.append(1)
            return Answer(200, b"x")

        gate_.wait()
        try:
            seen.append(answers.once(found.token, found.row.pk, "k", b"call", lambda: NOW, work).body)
        except Conflict:
            seen.append(b"conflict")
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    assert b"x" in seen
    assert set(seen) <= {b"x", b"conflict"}
