"""Ways in for programs: made for a person, for some scopes and time; revoked at once. No secret is kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from forgeward.desk.actions import write
from forgeward.desk.models import ApiToken, Person
from forgeward.desk.models.fields import to_micros
from forgeward.desk.tokens import Token, fresh
from forgeward.errors import AnswerIsNo, BadInput, NotFound
from forgeward.respond.access import TABLE, Answer, Scope, ask, demand
from forgeward.vocabulary import Actor, Change, rfc3339

LONGEST = timedelta(days=366)
MOST = 50  # tokens of one person that work at the same time
NAME_LIMIT = 80
MADE, REVOKED = "token:made", "token:revoked"
NOTED = timedelta(minutes=1)  # uses within it are noted once, so that reading does not mean writing each time


@dataclass(frozen=True, slots=True)
class Made:
    """A new token: ``token`` is in clear, for the only time."""

    token: Token
    row: ApiToken


def make(person: Person, name: str, scopes: Collection[str], until: datetime, now: datetime) -> Made:
    """Makes a token for a person, by that person.

    Raises ``NotAllowed`` for somebody without a role, ``BadInput`` for a scope that there is not or that the person's
    roles have no use for, for an end that has passed or lies more than a year ahead, and for more than ``MOST`` tokens.
    """
    actor = person.actor()
    demand("token.make", actor)
    wanted = _scopes(scopes, actor)
    if not name.strip() or len(name) > NAME_LIMIT or not name.isprintable():
        raise BadInput("A token has a name.", next=f"Say in at most {NAME_LIMIT} characters what it is for.")
    if not now < until <= now + LONGEST:
        raise BadInput("A token ends after a year at the latest, and not before it begins.", next="Name another day.")
    token = fresh()
    with write.inside() as cursor:
        if ApiToken.objects.filter(person=person, revoked_at__isnull=True, expires_at__gt=now).count() >= MOST:
            raise BadInput(
                f"{person.name} has {MOST} tokens already.", next="Revoke one with `forgeward token revoke`."
            )
        row = ApiToken.objects.create(
            ident=token.ident,
            person=person,
            name=name.strip(),
            digest=token.digest,
            scopes=" ".join(wanted),
            made_at=now,
            expires_at=until,
        )
        change = Change(
            MADE, data={"token": token.ident, "person": person.pk, "scopes": wanted, "until": rfc3339(until)}
        )
        write.record(cursor, change, actor.id, now)
    return Made(token, row)


def _scopes(scopes: Collection[str], actor: Actor) -> list[str]:
    known = {scope.value: scope for scope in Scope}
    if unknown := sorted(set(scopes) - set(known)):
        raise BadInput(f"There is no scope “{unknown[0][:40]}”.", next=f"Choose from: {', '.join(known)}.")
    if not scopes:
        raise BadInput("A token is made for something.", next=f"Name a scope: {', '.join(known)}.")
    for scope in scopes:
        if not any(row.scope == scope and ask(name, actor) is Answer.YES for name, row in TABLE.items()):
            raise BadInput(f"Your role has no use for “{scope}”.", next="Leave it away.")
    return sorted(set(scopes))


def revoke(ident: str, actor: Actor, now: datetime) -> ApiToken:
    """Ends a token now: one's own, or anybody's by the Security Lead.

    Raises ``NotFound`` for a token that is not there, or is somebody else's; ``AnswerIsNo`` where it has ended already.
    """
    rows = ApiToken.objects.select_related("person")
    if actor.is_person and ask("token.all", actor) is not Answer.YES:
        rows = rows.filter(person=int(actor.id.removeprefix("person:")))
    row = rows.filter(ident=ident.removeprefix("fwt_").partition("_")[0]).first()
    if row is None:
        raise NotFound(f"There is no token “{ident[:20]}”.", next="See `forgeward token list`.")
    with write.inside() as cursor:
        cursor.execute(
            "UPDATE desk_apitoken SET revoked_at = %s WHERE id = %s AND revoked_at IS NULL AND expires_at > %s",
            [to_micros(now), row.pk, to_micros(now)],
        )
        if cursor.rowcount != 1:
            raise AnswerIsNo("This token has ended already.", next="Nothing is to be done.")
        write.record(cursor, Change(REVOKED, data={"token": row.ident, "person": row.person_id}), actor.id, now)
    row.revoked_at = now
    return row


def note_use(row: ApiToken, now: datetime) -> None:
    """Notes when a token was used last, to the minute."""
    if row.used_at is None or now - row.used_at >= NOTED:
        fresh_enough = Q(used_at__isnull=True) | Q(used_at__lt=now)
        ApiToken.objects.filter(fresh_enough, pk=row.pk).update(used_at=now)
