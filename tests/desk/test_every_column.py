"""Every column of every table: changed behind the product's back it is named, or it is listed here with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from forgeward.desk.actions import absences, deliveries, people, sequence, tokens, webhooks
from forgeward.desk.models import CaseRow
from forgeward.respond.access import Scope
from tests.desk.post import Office, answer, office, report
from tests.desk.test_manipulations import changed, lived_in, problems
from tests.desk.web import story
from tests.desk.web.house import NOW, House
from tests.desk.web.story import opened, step

ROWS = 3
LEASE = "who works on it for a minute or two"
SEEK = "finds a thing again; made from what is compared"
SCREEN = "how it is shown, or where it stands in a list"
OWN = "personal data of staff: kept out of history, changed on their own page"
LEAF_ONLY = "a number that only joins rows"

NOT_HISTORY: dict[str, str] = {
    "desk_person.password": OWN, "desk_person.last_login": OWN, "desk_person.email": OWN, "desk_person.name": OWN,
    "desk_person.zone": OWN, "desk_person.is_superuser": "nothing of ours looks at it",
    "desk_person.path_order": SCREEN,
    "desk_person.added_at": SCREEN,
    "desk_caserow.reminded_at": "up to when the worker looked; one that is to come is named",
    "desk_caserow.lease_until": LEASE, "desk_caserow.lease_owner": LEASE,
    "desk_caserow.reporter": "a keyed digest for finding cases; whose key opens the report is tried",
    "desk_clockrow.id": LEAF_ONLY, "desk_caseviewer.id": LEAF_ONLY, "desk_treenode.id": LEAF_ONLY,
    "desk_sealedvalues.id": LEAF_ONLY, "desk_checkpointrow.id": LEAF_ONLY, "desk_publication.id": LEAF_ONLY,
    "desk_keyrotation.id": LEAF_ONLY, "desk_witness.id": LEAF_ONLY, "desk_cosignature.id": LEAF_ONLY,
    "desk_rawmail.id": LEAF_ONLY, "desk_messagerow.id": LEAF_ONLY, "desk_attachmentrow.id": LEAF_ONLY,
    "desk_noticerow.id": LEAF_ONLY, "desk_policyversion.id": LEAF_ONLY, "desk_apitoken.id": LEAF_ONLY,
    "desk_person.id": LEAF_ONLY, "desk_caserow.id": LEAF_ONLY, "desk_entry.id": LEAF_ONLY,
    "desk_checkpointrow.signed_at": "the machine's word; a witness's stamp is outside evidence",
    "desk_publication.at": "the machine's word on when it was given out",
    "desk_publication.why": "the machine's word on why it was given out",
    "desk_witness.added_at": SCREEN,
    "desk_policyversion.proposed_at": SCREEN, "desk_policyversion.proposed_by_id": SCREEN,
    "desk_policyversion.adopted_by_id": "the entry's actor is who adopted it",
    "desk_rawmail.source": SCREEN, "desk_rawmail.mailbox": SCREEN, "desk_rawmail.reason": SCREEN,
    "desk_rawmail.state": "a mail that waits for a person leaves history alone", "desk_rawmail.opened": SCREEN,
    "desk_rawmail.sender_key": SEEK, "desk_rawmail.content_key": SEEK, "desk_rawmail.copy_key": SEEK,
    "desk_rawmail.topic_key": SEEK, "desk_rawmail.decided_at": SCREEN, "desk_rawmail.decided_by_id": SCREEN,
    "desk_rawmail.lease_until": LEASE, "desk_rawmail.lease_owner": LEASE,
    "desk_messagerow.thread_key": SEEK,
    "desk_noticerow.created_at": SCREEN, "desk_noticerow.attempts": LEASE, "desk_noticerow.try_at": LEASE,
    "desk_noticerow.lease_until": LEASE, "desk_noticerow.lease_owner": LEASE, "desk_noticerow.settled_at": SCREEN,
    "desk_noticerow.answer": SCREEN, "desk_noticerow.thread_key": SEEK,
    "desk_webhookrow.id": LEAF_ONLY, "desk_webhookrow.name": SCREEN, "desk_webhookrow.added_at": SCREEN,
    "desk_webhookrow.fails": "how the endpoint answered last", "desk_webhookrow.good_at": SCREEN,
    "desk_webhookrow.rest_until": "when it is tried again",
    "desk_webhookrow.cursor": "how far the worker came; one that is put forward tells less, and a replay by hand helps",
    "desk_deliveryrow.id": LEAF_ONLY, "desk_deliveryrow.key": "random, made when the message is",
    "desk_deliveryrow.webhook_id": "to whom; the endpoint's events are compared",
    "desk_deliveryrow.state": "the log of an endpoint's answers", "desk_deliveryrow.answer": SCREEN,
    "desk_deliveryrow.attempts": LEASE, "desk_deliveryrow.began_at": LEASE, "desk_deliveryrow.settled_at": SCREEN,
    "desk_deliveryrow.lease_until": LEASE, "desk_deliveryrow.lease_owner": LEASE,
    "desk_apitoken.name": SCREEN, "desk_apitoken.digest": "the secret's digest is not entered",
    "desk_apitoken.made_at": SCREEN, "desk_apitoken.used_at": SCREEN,
}  # fmt: skip
"""Columns that no history says anything of."""

TABLES_APART: dict[str, str] = {
    "desk_savedview": "names for what a list is narrowed to",
    "desk_doneatonce": "what was sent twice within a week",
    "desk_signinlink": "one-time ways in, gone after a day",
    "desk_sessionrow": "who is signed in now, gone with the browser's session",
    "desk_heartbeat": "who runs now, and how far work came",
    "desk_evidencerow": "what checks saw: looked at anew each day",
    "desk_mailboxrow": "how far a mailbox was read",
    "desk_canaryrow": "test mails",
    "desk_scanrow": "what scanners handed in; each has an entry, and what it opened has its own history",
    "desk_observationrow": "what scanners say today; a case keeps what it was opened with",
    "desk_apirate": "how fast a token is used now",
    "desk_apianswer": "answers that may be asked for again within a day",
    "desk_chatroomrow": "how a chat takes what is sent",
    "desk_chatrow": "what chats were told beside the mail; the reminder itself is an entry of its case",
    "desk_pending": "a queue; who is in neither it nor the tree is named",
}


@contextmanager
def undone() -> Iterator[Any]:
    """A savepoint without guards and without the database's own checks of keys, as for somebody who has the file."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP TRIGGER "{name}"')
        else:
            cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
        transaction.set_rollback(True)


def columns() -> list[tuple[str, str, str]]:
    """Each table, its key and each column, by the models."""
    found = []
    for model in apps.get_app_config("desk").get_models():
        table, key = model._meta.db_table, model._meta.pk.column
        if table not in TABLES_APART:
            found += [(table, key, field.column) for field in model._meta.concrete_fields]
    return found


@pytest.fixture
def home(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home in which every table has rows: cases, mails with a file, letters, keys, witnesses, a token, a viewer."""
    lived_in(house)
    with office(monkeypatch) as post:
        _mails(post, house)
        secret = opened(house.hannah)
        step(secret, "restrict", house.dele, people=[f"person:{house.hannah.pk}"])
        absences.enter(house.ines, NOW.date(), NOW.date(), house.dele, house.ines.actor(), NOW)
        people.switch(house.tomasz, False, house.ines.actor(), NOW)
        tokens.make(house.ines, "Reports", [next(iter(Scope)).value], NOW + timedelta(days=30), NOW)
        hook = webhooks.add("Tracker", "https://hooks.example.com/fw", ["case.received"], house.ines.actor(), NOW).row
        webhooks.rotate(hook.ident, house.ines.actor(), NOW)
        story.reported(house.hannah)
        sequence.publish([NOW.time()], NOW)
        sequence.number()
        assert deliveries.spread() > 0
        yield


def _mails(post: Office, house: House) -> None:
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\nThe export reads any note.\r\n--b\r\n"
        'Content-Type: text/plain; name="steps.txt"\r\nContent-Disposition: attachment; filename="steps.txt"\r\n\r\n'
        "Sign in, call export.\r\n--b--\r\n"
    )
    content = {"MIME_Version": "1.0", "Content_Type": 'multipart/mixed; boundary="b"'}
    number = post.one(report(body=body, **content)).case or ""
    post.deliver()
    step(number, "acknowledge", house.ines, NOW, text="Thank you, we look into it.")
    for letter in post.deliver():
        post.one(answer(letter))
        break


@pytest.mark.slow
def test_every_column_is_compared_or_listed_with_its_reason(home: None) -> None:
    """All tables have rows, each column is tried on some of them, and what is listed exists."""
    assert problems() == []
    unnoticed, empty, tried = [], set(), 0
    for table, key, column in columns():
        if f"{table}.{column}" in NOT_HISTORY:
            continue
        rows = _rows(table, key)
        if not rows:
            empty.add(table)
        for pk in rows:
            tried += 1
            with undone() as cursor:
                if _change(cursor, table, key, pk, column) and not problems():
                    unnoticed.append(f"{table} {pk} {column}")
    assert not empty
    assert not unnoticed, "; ".join(unnoticed)
    assert tried > 150
    known = {f"{table}.{column}" for table, _, column in columns()}
    assert set(NOT_HISTORY) <= known
    assert set(TABLES_APART) <= {model._meta.db_table for model in apps.get_app_config("desk").get_models()}


def _rows(table: str, key: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{key}" FROM {table} ORDER BY 1')  # noqa: S608 - our own tables
        found = [row[0] for row in cursor.fetchall()]
    return sorted({found[at * (len(found) - 1) // (ROWS - 1)] for at in range(ROWS)}) if found else []


def _change(cursor: Any, table: str, key: str, pk: Any, column: str) -> bool:
    """Another value; False where the database itself refuses it."""
    cursor.execute(f'SELECT "{column}" FROM {table} WHERE "{key}" = %s', [pk])  # noqa: S608 - our own tables
    value = cursor.fetchone()[0]
    new = changed(value) if value not in (None, "") else _something(table, column)
    try:
        with transaction.atomic():
            cursor.execute(f'UPDATE {table} SET "{column}" = %s WHERE "{key}" = %s', [new, pk])  # noqa: S608 - our own
    except DatabaseError:
        return False
    return True


def _something(table: str, column: str) -> Any:
    """A value for a column that holds none."""
    model = next(m for m in apps.get_app_config("desk").get_models() if m._meta.db_table == table)
    field = next(f for f in model._meta.concrete_fields if f.column == column)
    if isinstance(field, models.BinaryField):
        return b"x" * 40
    return "x" if isinstance(field, models.CharField | models.TextField) else 1


def test_reminders_that_count_as_sent_are_named(home: None) -> None:
    """Whoever puts the worker's look into the future keeps everybody from being reminded."""
    row = CaseRow.objects.order_by("pk")[0]
    CaseRow.objects.filter(pk=row.pk).update(reminded_at=NOW + timedelta(days=30))
    assert any("reminders count as looked at" in problem for problem in problems())
