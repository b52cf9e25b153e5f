"""SHA-256 of many texts that begin alike: a leaf's 0x00, a node's 0x01, the words before a salt.

What they share is hashed once, and each text is put to a copy of it. That saves a third of what a call costs beside
the hashing itself, and whoever verifies a pack does millions of calls.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256


class Beginning:
    """The bytes that the texts begin with."""

    def __init__(self, prefix: bytes) -> None:
        self._begun = sha256(prefix)

    def digests(self, texts: Iterable[bytes]) -> list[bytes]:
        """SHA-256(beginning ‖ text) for each text."""
        copy, found = self._begun.copy, list[bytes]()
        for text in texts:
            begun = copy()
            begun.update(text)
            found.append(begun.digest())
        return found

    def hexdigests(self, texts: Iterable[bytes]) -> list[str]:
        """`digests`, each in hex."""
        copy, found = self._begun.copy, list[str]()
        for text in texts:
            begun = copy()
            begun.update(text)
            found.append(begun.hexdigest())
        return found
