"""A person agrees to use a correspondent's OpenPGP key, or takes that back: in the history, and in effect at once.

The history names the correspondent by their pseudonym and the key by a keyed digest, so that both go with the person.
"""

from __future__ import annotations

from datetime import datetime

from forgeward.desk import programme, proofs
from forgeward.desk.actions import sealing_mail, write
from forgeward.edges.home import Home
from forgeward.respond.openpgp import Known
from forgeward.respond.permissions import require
from forgeward.vocabulary import Actor, Change


def agree(home: Home, address: str, fingerprint: str, actor: Actor, now: datetime) -> tuple[Known, int]:
    """From now on the key proves who writes, and letters to the address are encrypted to it.

    Answers how many held letters are tried again. Raises ``NotAllowed``, ``NotFound`` without such an offer, and
    ``BadInput`` for a key that has ended.
    """
    require("reply", None, actor)
    with write.inside() as cursor:
        write.record(cursor, _change("mail:key_agreed", address, fingerprint), actor.id, now)
        known = proofs.keyring(home).agree(address, fingerprint, actor.id, now)  # last: what it refuses is not recorded
    return known, sealing_mail.try_again(now)


def withdraw(home: Home, address: str, fingerprint: str, actor: Actor, now: datetime) -> Known:
    """The key is an offer again. Raises ``NotAllowed``, ``NotFound``."""
    require("reply", None, actor)
    with write.inside() as cursor:
        write.record(cursor, _change("mail:key_withdrawn", address, fingerprint), actor.id, now)
        return proofs.keyring(home).withdraw(address, fingerprint)


def _change(kind: str, address: str, fingerprint: str) -> Change:
    vault = programme.vault()
    key = vault.keys.keyed("openpgp key", "".join(fingerprint.split()).lower().encode())
    return Change(kind, {"reporter": vault.reporter(address), "key": key})
