"""Seals texts under their owners' keys and opens them again.

An entry's sealed values go together, one blob for each owner: a msgpack map of name to (salt, value), encrypted with
the owner's data key and bound to the entry's place. The ledger leaf carries only the salted digests.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from forgeward.edges.keys import Keys
from forgeward.errors import KeyErased
from forgeward.ledger.entry import seal_digest
from forgeward.vocabulary import Sealed

SALT_BYTES = 16
ERASED = "[erased]"


class Vault:
    """One home's keys, with the few verbs that rows need."""

    def __init__(self, folder: Path) -> None:
        self.keys = Keys(folder)

    def seal_entry(
        self, place: str, sealed: Mapping[str, Sealed], owners: Mapping[str, str]
    ) -> tuple[dict[str, str], list[tuple[str, bytes]]]:
        """Returns the digests for the leaf and one blob per owner.

        ``place`` binds the blobs (``FW-7Q3KXM:4``); ``owners`` maps ``case`` and ``reporter`` to key subjects.
        """
        digests: dict[str, str] = {}
        grouped: dict[str, dict[str, tuple[bytes, str]]] = {}
        salts = secrets.token_bytes(SALT_BYTES * len(sealed))
        for i, (name, text) in enumerate(sealed.items()):
            salt = salts[i * SALT_BYTES : (i + 1) * SALT_BYTES]
            digests[name] = seal_digest(salt, text.value)
            grouped.setdefault(owners.get(text.subject, text.subject), {})[name] = (salt, text.value)
        return digests, [(subject, self._seal(subject, place, values)) for subject, values in grouped.items()]

    def _seal(self, subject: str, place: str, values: dict[str, tuple[bytes, str]]) -> bytes:
        return self.keys.seal(subject, msgspec.msgpack.encode(values), place.encode())

    def open_entry(self, place: str, subject: str, blob: bytes) -> dict[str, tuple[bytes, str]]:
        """The salts and values of one blob. Raises ``KeyErased`` once the owner was erased."""
        return msgspec.msgpack.decode(self.keys.open(subject, blob, place.encode()), type=dict[str, tuple[bytes, str]])

    def values(self, place: str, blobs: Sequence[tuple[str, bytes]]) -> dict[str, str]:
        """The readable texts of one entry; what was erased is left out."""
        texts: dict[str, str] = {}
        for subject, blob in blobs:
            try:
                texts.update((name, value) for name, (_, value) in self.open_entry(place, subject, blob).items())
            except KeyErased:
                continue
        return texts

    def seal_json(self, subject: str, place: str, value: object) -> bytes:
        """Encrypts any msgspec value for one owner."""
        return self.keys.seal(subject, msgspec.msgpack.encode(value), place.encode())

    def open_json(self, subject: str, place: str, blob: bytes) -> dict[str, object] | None:
        """What ``seal_json`` sealed, or ``None`` once its owner was erased."""
        try:
            return msgspec.msgpack.decode(self.keys.open(subject, blob, place.encode()), type=dict[str, object])
        except KeyErased:
            return None

    def erased_word(self, subject: str) -> str:
        """What stands in place of a text of this subject: with the day (UTC) of its erasure, where that is known."""
        at = self.keys.erased_at(subject) if subject else ""
        return f"[erased on {at[:10]}]" if at else ERASED

    def reporter(self, address: str) -> str:
        """The key subject of an outside person, by their mail address."""
        return self.keys.reporter(address)
