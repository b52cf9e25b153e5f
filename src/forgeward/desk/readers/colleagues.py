"""The people of the house as the room People shows them: roles, second factor, last seen, sessions, absence, keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from forgeward.desk import programme, proofs
from forgeward.desk.models import AbsenceRow, Person, SessionRow
from forgeward.desk.readers.devices import device
from forgeward.errors import NotFound
from forgeward.respond.access import Answer, ask
from forgeward.vocabulary import Role

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes only stand in for one of these
SESSIONS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Absence:
    """Away from ``begins_at`` until before ``ends_at``; ``now``: it runs. ``stand_in`` is a name, or empty."""

    pk: int
    begins_at: datetime
    ends_at: datetime
    stand_in: str
    now: bool


@dataclass(frozen=True, slots=True)
class Colleague:
    """One person. ``seen`` and ``sessions`` are None for whom it does not concern: the Lead and oneself see them."""

    pk: int
    name: str
    email: str
    roles: frozenset[Role]
    active: bool
    factor: bool
    seen: datetime | None
    sessions: int | None
    absences: tuple[Absence, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's session. ``key`` is its digest; ``current``: it is the one that asks."""

    key: str
    device: str
    address: str
    began_at: datetime
    seen_at: datetime
    current: bool


def colleagues(viewer: Person, now: datetime) -> tuple[Colleague, ...]:
    """Everybody, in the order of the escalation path, who left last. Four queries, however many there are."""
    rows = list(_annotated(Person.objects.all()))
    absences = _absences(AbsenceRow.objects.filter(ends_at__gt=now), now)
    told = _may_see_all(viewer)
    found = [_colleague(row, absences, told or row.pk == viewer.pk) for row in rows]
    return tuple(sorted(found, key=lambda each: not each.active))


def colleague(viewer: Person, pk: int, now: datetime) -> Colleague:
    """One person. Raises ``NotFound``."""
    row = _annotated(Person.objects.filter(pk=pk)).first()
    if row is None:
        raise NotFound("Nobody here has this number.", next="See `forgeward people list`.")
    absences = _absences(AbsenceRow.objects.filter(person=row, ends_at__gt=now), now)
    return _colleague(row, absences, _may_see_all(viewer) or row.pk == viewer.pk)


def _may_see_all(viewer: Person) -> bool:
    return ask("session.all", viewer.actor()) is Answer.YES


def _annotated(rows: QuerySet[Person]) -> QuerySet[Person]:
    return rows.prefetch_related("groups").annotate(
        has_factor=Exists(Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTORS)),
        open_sessions=Count("sessions", filter=Q(sessions__expire_date__gt=timezone.now())),
        last_seen=Max("sessions__seen_at"),
    )


def _absences(rows: QuerySet[AbsenceRow], now: datetime) -> Mapping[int, tuple[Absence, ...]]:
    found: dict[int, tuple[Absence, ...]] = {}
    for row in rows.select_related("stand_in"):
        stand_in = row.stand_in.name if row.stand_in else ""
        absence = Absence(row.pk, row.begins_at, row.ends_at, stand_in, row.begins_at <= now)
        found[row.person_id] = (*found.get(row.person_id, ()), absence)
    return found


def _colleague(row: Person, absences: Mapping[int, tuple[Absence, ...]], told: bool) -> Colleague:
    facts = vars(row)  # what _annotated added
    seen = max((at for at in (facts["last_seen"], row.last_login) if at is not None), default=None)
    return Colleague(
        pk=row.pk,
        name=row.name,
        email=row.email,
        roles=row.roles,
        active=row.is_active,
        factor=facts["has_factor"],
        seen=seen if told else None,
        sessions=facts["open_sessions"] if told else None,
        absences=absences.get(row.pk, ()),
    )


def sessions(viewer: Person, pk: int, current: str = "") -> tuple[Session, ...]:
    """The sessions of one person that are open, the last seen first. Empty for whom they do not concern."""
    if pk != viewer.pk and not _may_see_all(viewer):
        return ()
    rows = SessionRow.objects.filter(person_id=pk, expire_date__gt=timezone.now())
    found = [
        Session(
            key=row.session_key,
            device=device(row.agent),
            address=row.address,
            began_at=row.began_at,
            seen_at=row.seen_at or row.began_at,
            current=row.session_key == current,
        )
        for row in rows[:SESSIONS_SHOWN]
    ]
    return tuple(sorted(found, key=lambda each: (each.current, each.seen_at), reverse=True))


def absence(pk: int) -> AbsenceRow:
    """One absence, with its person. Raises ``NotFound``."""
    row = AbsenceRow.objects.select_related("person").filter(pk=pk).first()
    if row is None:
        raise NotFound("This absence has ended already.", next="Nothing is to be done.")
    return row


def fingerprints(email: str) -> tuple[str, ...]:
    """The OpenPGP keys that we have of a colleague's address, the newest first."""
    return tuple(known.certificate.fingerprint for known in proofs.keyring(programme.home()).known(email))
