"""Retention: what the policy in force says is over goes, kind by kind, and the ledger says how much.

policy.retention ─▶ an instant for each kind ─▶ rows and files before it, a batch a round ─▶ one entry a kind
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.expressions import F

from forgeward.desk import backed_up, programme
from forgeward.desk.actions import erasures, files, write
from forgeward.desk.models import (
    AttachmentRow,
    CanaryRow,
    CaseRow,
    Heartbeat,
    MessageRow,
    RawMail,
    SessionRow,
    SignInLink,
)
from forgeward.edges.home import Home, translated
from forgeward.policy.retention import before
from forgeward.vocabulary import Actor, Change, rfc3339

ENFORCED = "retention:enforced"
BEAT = "retention"
EVERY = timedelta(hours=1)
BATCH = 500  # rows of a kind in one round; reporters fewer, since each erasure reads all texts
REPORTERS = 5
UNFILED = ("aside", "discarded", "bounce", "canary")
FILED = ("parsed", "not_parsed", "grouped")
_WORKER = Actor(id="system:retention")


def look_after(home: Home, now: datetime) -> None:
    """`enforce`, once an hour, and again in the next round while something was left. For the worker."""
    beat = Heartbeat.objects.filter(name=BEAT).first()
    if beat and abs(now - beat.at) < EVERY:
        return
    files.sweep(home, now)
    done = enforce(home, now)
    if all(count < (REPORTERS if kind == "reporters" else BATCH) for kind, count in done.items()):
        kinds = ", ".join(f"{kind} {target}" for kind, target in programme.policies().at(now).retention.items())
        Heartbeat.objects.update_or_create(name=BEAT, defaults={"at": now, "detail": kinds[:200]})


def enforce(home: Home, now: datetime) -> Mapping[str, int]:
    """Deletes at most a batch of each kind; says how many of which. What the policy does not name stays."""
    done = {}
    for kind, target in programme.policies().at(now).retention.items():
        until = before(now, target)
        count = _KINDS[kind](home, until, now)
        if count:
            done[kind] = count
            with write.inside() as cursor:
                change = Change(ENFORCED, {"kind": kind, "count": count, "before": rfc3339(until)})
                write.record(cursor, change, _WORKER.id, now)
    return done


def _unfiled_mail(home: Home, until: datetime, now: datetime) -> int:
    rows = RawMail.objects.filter(state__in=UNFILED, received_at__lt=until)
    return _forget_mails(home, rows)


def _case_mail(home: Home, until: datetime, now: datetime) -> int:
    return _forget_mails(home, RawMail.objects.filter(state__in=FILED, case__closed_at__lt=until))


def _forget_mails(home: Home, rows: QuerySet[RawMail]) -> int:
    """The bytes and what lists show of them. The row stays, so that the same mail is not taken in anew."""
    names = list(rows.exclude(wrapped_key=b"").order_by("pk").values_list("name", flat=True)[:BATCH])
    with write.inside():
        RawMail.objects.filter(name__in=names).update(
            wrapped_key=b"", head_blob=b"", way_blob=b"", content_key="", copy_key=""
        )
    _unlink(home.raw, names)
    return len(names)


def _files(home: Home, until: datetime, now: datetime) -> int:
    rows = list(AttachmentRow.objects.filter(message__case__closed_at__lt=until).order_by("pk")[:BATCH])
    names = {row.name for row in rows}
    with write.inside():
        AttachmentRow.objects.filter(pk__in=[row.pk for row in rows]).delete()
        names -= set(AttachmentRow.objects.filter(name__in=names).values_list("name", flat=True))
    _unlink(home.files, names)
    return len(rows)


def _unlink(folder: Path, names: list[str] | set[str]) -> None:
    with translated(folder):
        for name in names:
            (folder / name).unlink(missing_ok=True)


def _reporters(home: Home, until: datetime, now: datetime) -> int:
    """Reporters all of whose cases were closed before; a message of theirs in somebody else's case counts as well."""
    younger = CaseRow.objects.exclude(closed_at__lt=until)
    busy = MessageRow.objects.filter(subject=OuterRef("reporter"), case__in=younger)
    rows = (
        CaseRow.objects.filter(closed_at__lt=until)
        .exclude(reporter="")
        .exclude(Exists(younger.filter(reporter=OuterRef("reporter"))))
        .exclude(Exists(busy))
        .order_by(F("closed_at"), "pk")
        .values_list("number", "reporter")
    )
    keys, done = programme.vault().keys, set[str]()
    for number, reporter in rows.iterator(chunk_size=BATCH):
        if len(done) >= REPORTERS:
            break
        if reporter not in done and not keys.erased_at(reporter):
            erasures.erase_reporter_of(home, number, _WORKER, now)
            done.add(reporter)
    return len(done)


def _test_mails(home: Home, until: datetime, now: datetime) -> int:
    """The latest of each address stays: it says that the mailbox is alive."""
    latest = dict(CanaryRow.objects.order_by("pk").values_list("address", "pk"))
    old = CanaryRow.objects.filter(sent_at__lt=until).exclude(pk__in=latest.values())
    pks = list(old.order_by("pk").values_list("pk", flat=True)[:BATCH])
    CanaryRow.objects.filter(pk__in=pks).delete()
    return len(pks)


def _sessions(home: Home, until: datetime, now: datetime) -> int:
    sessions = list(SessionRow.objects.filter(expire_date__lt=until).values_list("pk", flat=True)[:BATCH])
    links = list(SignInLink.objects.filter(expires_at__lt=until).values_list("pk", flat=True)[:BATCH])
    SessionRow.objects.filter(pk__in=sessions).delete()
    SignInLink.objects.filter(pk__in=links).delete()
    return len(sessions) + len(links)


def _key_backups(home: Home, until: datetime, now: datetime) -> int:
    """In the folder that `backup` last wrote to."""
    beat = Heartbeat.objects.filter(name=backed_up.BEAT).first()
    old = backed_up.expired(Path(beat.detail), now, now - until) if beat else []
    for file in old:
        with translated(file.parent):
            file.unlink(missing_ok=True)
    return len(old)


_KINDS: Mapping[str, Callable[[Home, datetime, datetime], int]] = {
    "unfiled_mail": _unfiled_mail,
    "case_mail": _case_mail,
    "files": _files,
    "reporters": _reporters,
    "test_mails": _test_mails,
    "sessions": _sessions,
    "key_backups": _key_backups,
}
