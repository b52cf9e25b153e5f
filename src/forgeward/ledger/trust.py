"""Whose signature counts: the key that the reader knows, those that follow from it by rotation, witnesses asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from forgeward.errors import ForgewardError, VerificationFailed
from forgeward.ledger.checkpoint import Checkpoint, Note, VerifierKey
from forgeward.ledger.rotation import MAX_ROTATIONS, Chain, read


class Trust:
    """Checks the signatures of one file; what is wrong goes to ``fault`` as a sentence.

    Without a known key, signatures are held against the keys that the file claims: that finds damage, and proves no
    signer.
    """

    def __init__(self, known: VerifierKey | None, fault: Callable[[str], None]) -> None:
        self._known = known
        self.fault = fault
        self.known_signer = known is not None
        self.witnessed: tuple[str, ...] = ()
        self._chain: Chain | None = Chain.of(known) if known else None
        self.limits: tuple[int, ...] = ()
        """Sizes at which the key was rotated, in order."""

    @property
    def newer_key(self) -> str:
        """The ledger's present key, where it is another than the one known."""
        newest = self._chain.newest if self._chain else None
        return str(newest) if self._known and self.known_signer and newest and newest != self._known else ""

    @property
    def origin(self) -> str:
        """The name that the known key has; "" without one."""
        return self._known.name if self._known else ""

    def follow(self, rotations: Sequence[str | bytes], claimed: Sequence[str]) -> None:
        """Takes the rotations of the key, and the verifier keys that the file claims (used where none is known).

        Raises ``VerificationFailed`` for rotations that are none, or make no chain.
        """
        if len(rotations) > MAX_ROTATIONS:
            raise VerificationFailed(f"There are {len(rotations):,} rotations of the key.", next="Ask for a new file.")
        links = []
        for note in rotations:
            try:
                links.append(read(note))
            except ForgewardError as error:
                raise VerificationFailed(f"rotation {len(links)}: {error}", next="Ask for a new file.") from None
        self.limits = tuple(link.size for link in links)
        base = self._known or (VerifierKey.parse(claimed[0]) if claimed else None)
        if base is None and not links:
            return
        self._chain = Chain.of(base or links[-1].new, links)
        if self._known and self._known not in self._chain.keys:
            self.known_signer = False
            self.fault(f"the rotations of the key do not lead from or to {_name(self._known)}")

    def require_seal(self, note: Note) -> None:
        """The newest key of all must have sealed the file."""
        self._require(note, "seal", self._chain.keys[-1:] if self._chain else ())

    def require_any(self, note: Note, what: str) -> None:
        """Any key of the chain must have signed."""
        self._require(note, what, self._chain.keys if self._chain else ())

    def require_checkpoint(self, note: Note, checkpoint: Checkpoint, witnesses: Sequence[VerifierKey] = ()) -> None:
        """The key whose turn it was at that size must have signed, and every one of ``witnesses``."""
        self._require(note, "checkpoint", self._chain.at(checkpoint.size) if self._chain else ())
        if self._known and checkpoint.origin != self._known.name:
            self.fault(f"the checkpoint is of the ledger {checkpoint.origin}, not of {self._known.name}")
        found = []
        for witness in witnesses:
            try:
                signed = bool(note.signed_by([witness]))
            except VerificationFailed as error:
                self.fault(f"checkpoint: {error}")
                continue
            if signed:
                found.append(witness.name)
            else:
                self.fault(f"the checkpoint is not co-signed by the witness {_name(witness)}")
        self.witnessed = tuple(found)

    def require_older(self, note: Note, older: Checkpoint) -> None:
        """A checkpoint that the reader holds: signed by the key whose turn it was."""
        if not self._known or not self._chain:
            return
        turn = self._chain.at(older.size)
        try:
            signed = bool(note.signed_by(turn))
        except VerificationFailed as error:
            self.fault(f"the older checkpoint: {error}")
            return
        if not signed:
            self.fault("the older checkpoint is not signed by the key that was given, or by one whose turn it was then")

    def _require(self, note: Note, what: str, keys: Sequence[VerifierKey]) -> None:
        try:
            signed = bool(note.signed_by(keys))
        except VerificationFailed as error:
            self.fault(f"{what}: {error}")
            signed = False
        else:
            if not signed:
                self.fault(f"{what} is not signed by {self._wanted(note, keys)}")
        self.known_signer = self.known_signer and signed

    def _wanted(self, note: Note, keys: Sequence[VerifierKey]) -> str:
        if not self._known:
            return "the key that it names"
        if self._chain and note.signed_by([key for key in self._chain.keys if key not in keys]):
            return f"{_name(keys[-1] if keys else self._known)}, but by a key whose turn it was not"
        return _name(keys[-1] if keys else self._known)


def _name(key: VerifierKey) -> str:
    return f"{key.name} (key {key.hash.hex()})"
