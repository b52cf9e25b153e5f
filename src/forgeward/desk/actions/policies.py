"""A policy is proposed, compared, approved and adopted; only then do clocks follow it."""

from __future__ import annotations

from datetime import datetime

from forgeward.desk import programme
from forgeward.desk.actions import write
from forgeward.desk.models import PolicyVersion
from forgeward.errors import AnswerIsNo, BadInput
from forgeward.policy.document import Policy, load
from forgeward.respond.access import demand
from forgeward.vocabulary import Actor, Change, Plain


def propose(text: str, actor: Actor, now: datetime, *, name: str = "policy.yaml") -> PolicyVersion:
    """Stores a document as a proposal; nothing is in force yet.

    Raises ``PolicyInvalid`` with its lines, ``NotAllowed`` for whoever holds no role that acts.
    """
    demand("policy.propose", actor)
    policy = load(text, name)
    with write.inside() as cursor:
        row = PolicyVersion.objects.create(
            digest=policy.digest, text=text, proposed_at=now, proposed_by_id=_person(actor)
        )
        change = Change("policy:proposed", data={"version": policy.version, "digest": policy.digest})
        write.record(cursor, change, actor.id, now)
    return row


def adopt(proposal: PolicyVersion, actor: Actor, now: datetime) -> Policy:
    """Puts a proposal in force: its digest enters the ledger. Open cases follow with ``reclock``.

    Raises ``NotAllowed`` for other roles than Security Lead and Leadership, ``BadInput`` for a version that does not
    follow the last, ``AnswerIsNo`` when it is in force already.
    """
    demand("policy.adopt", actor)
    policy = load(proposal.text)
    with write.inside() as cursor:
        last = PolicyVersion.objects.filter(adopted_at__isnull=False).order_by("-version").first()
        if proposal.adopted_at or (last and last.digest == policy.digest):
            raise AnswerIsNo("This policy is in force already.", next="Nothing is to be done.")
        if last and last.version is not None and policy.version <= last.version:
            raise BadInput(
                f"The policy in force is version {last.version}; this document says version {policy.version}.",
                next=f"Write `version: {last.version + 1}` into it, then propose it again.",
            )
        now = write.after_programme(cursor, now)
        proposal.version, proposal.adopted_at, proposal.adopted_by_id = policy.version, now, _person(actor)
        proposal.save()
        data: dict[str, Plain] = {
            "version": policy.version,
            "digest": policy.digest,
            "effective": policy.effective.isoformat(),
        }
        write.record(cursor, Change("policy:adopted", data=data), actor.id, now)
    programme.forget_policies()
    return policy


def _person(actor: Actor) -> int | None:
    return int(actor.id.removeprefix("person:")) if actor.is_person else None
