"""How a letter is protected before it leaves: signed, encrypted, or withheld since it must not go in the clear.

    composed letter ─▶ must it be encrypted? ─┬─ no ──▶ encrypted where a key was agreed on, signed where we have one
                                              ├─ it can be ──▶ encrypted and signed
                                              └─ it cannot ──▶ Withheld: a person decides, its clocks stay open

Who wrote to us encrypted, or whose key somebody agreed on, is never answered in the clear without a person's word. A
receipt goes out all the same: a machine writes it, and it says nothing of what was reported.
"""

from __future__ import annotations

from datetime import datetime

from forgeward.desk import programme, proofs
from forgeward.desk.actions import write
from forgeward.desk.models import CaseRow, NoticeRow
from forgeward.desk.models.fields import to_micros
from forgeward.desk.rows import decode_case
from forgeward.edges.home import Home
from forgeward.edges.mail_out import Outgoing
from forgeward.edges.mail_parser import ParserPool
from forgeward.errors import BadInput, Conflict, KeyUnusable, Lack, NotFound, StepRefused, Withheld
from forgeward.respond.permissions import may, require
from forgeward.vocabulary import Actor, Change, Sealed

PROTECTED = frozenset({"receipt", "acknowledgement", "reply", "notice"})
_ENCRYPTED = "encrypted:"


def protect(
    home: Home, mail: Outgoing, kind: str, case: int | None, now: datetime, *, in_clear: bool = False
) -> tuple[Outgoing, str]:
    """The mail as it may leave, and a sentence on how it is protected (empty where OpenPGP is not used at all).

    ``in_clear``: a person decided that it may go unencrypted. Raises ``Withheld``, ``ParserUnavailable`` (no process
    for it can be started now) and ``HomeUnusable``.
    """
    if kind not in PROTECTED:
        return mail, ""
    keyring = proofs.keyring(home)
    agreed = any(known.agreed_at for known in keyring.known(mail.to))
    needed = kind != "receipt" and not in_clear and (agreed or _wrote_encrypted(case, mail.to))
    if not needed and not keyring.own():
        return mail, "Not encrypted, as a person decided." if in_clear else ""
    openpgp = proofs.openpgp(home, ParserPool(workers=1, spare=0))  # nothing is parsed: no parser starts
    try:
        protected = openpgp.protect(mail, now, "required" if needed else "never" if in_clear else "agreed")
    except KeyUnusable as problem:
        raise Withheld(_why(str(problem), agreed=agreed), next=_NEXT) from problem
    return protected.mail, protected.words


_NEXT = "Agree on a key that is in use, or let it go in the clear by a person's decision."


def _why(problem: str, *, agreed: bool) -> str:
    because = "a key was agreed on with its recipient" if agreed else "its recipient wrote to us encrypted"
    return f"Held: it must be encrypted, since {because}, and cannot be. {problem}"


def _wrote_encrypted(case: int | None, address: str) -> bool:
    """Whether this is the case's reporter, and the mail that opened the case was encrypted, readable to us or not."""
    row = CaseRow.objects.filter(pk=case).first() if case else None
    if row is None or not row.reporter or row.reporter != programme.vault().reporter(address):
        return False
    return any(signal.startswith(_ENCRYPTED) for signal in decode_case(bytes(row.state_json)).signals)


# --- what a person does about a letter that is held ------------------------------------------------------------------


def try_again(now: datetime) -> int:
    """Every held letter waits again, since somebody agreed on a key; what still may not go is held anew."""
    with write.inside() as cursor:
        cursor.execute(
            "UPDATE desk_noticerow SET state = 'waiting', try_at = %s, settled_at = NULL WHERE state = 'held'",
            [to_micros(now)],
        )
        return int(cursor.rowcount)


def release(key: str, reason: str, actor: Actor, now: datetime) -> NoticeRow:
    """A person lets a held letter go in the clear; the ledger has who, and why.

    Raises ``NotFound``, ``NotAllowed``, ``Conflict`` where it is not held (any more), ``StepRefused`` without a reason.
    """
    row = NoticeRow.objects.select_related("case").filter(key=key).first()
    if row is None:
        raise NotFound(f"There is no letter {key}.", next="See `forgeward notice status`.")
    if not may("reply", actor):
        require("reply", None, actor)
    if not reason.strip():
        raise StepRefused("release", (Lack("reason", "IR-4", "Reason: why it may go unencrypted."),))
    content = programme.vault().open_json(row.subject, f"notice:{row.key}", bytes(row.blob))
    if content is None:
        raise BadInput("Its recipient was erased.", next="Nothing can be sent any more.")
    blob = programme.vault().seal_json(row.subject, f"notice:{row.key}", {**content, "in_clear": True, "answer": ""})
    with write.inside() as cursor:
        cursor.execute(
            "UPDATE desk_noticerow SET state = 'waiting', try_at = %s, settled_at = NULL, attempts = 0,"
            " blob = %s WHERE id = %s AND state = 'held'",
            [to_micros(now), blob, row.pk],
        )
        if cursor.rowcount != 1:
            raise Conflict("This letter is not held.", next="Look at it again.")
        plain = {"case": row.case.number if row.case else "", "letter": row.key}
        change = Change("mail:sent_in_clear", plain, {"reason": Sealed(" ".join(reason.split())[:500])})
        write.record(cursor, change, actor.id, now)
    row.refresh_from_db()
    return row
