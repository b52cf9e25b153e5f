"""The crypto child, ``python -m forgeward.edges.openpgp_worker MEMORY CPU WALL 1``: the one process that uses keys.

Locked up like the mail parser (`guarded_child`), and renewed after each task, so that bytes which take it over meet the
keys of one task and no other mail. pysequoia panics on some truncated input, with an exception that is no Exception:
whatever it raises becomes a sentence, and the fork ends.
"""

from __future__ import annotations

import msgspec
import pysequoia
from pysequoia.packet import PacketPile, Tag

from forgeward.edges import guarded_child, openpgp_packets
from forgeward.edges.openpgp_certificate import certificate, first_line, read, recipients
from forgeward.edges.openpgp_checking import Keys, check, judged, literal, packets_of, signed_text
from forgeward.edges.openpgp_packets import Altered, TooLarge, packets_within
from forgeward.edges.openpgp_tasks import (
    Certificates,
    Found,
    Generate,
    Inspect,
    Made,
    Merge,
    Open,
    Opened,
    RefusalCode,
    Refused,
    Result,
    Seal,
    Sign,
    Task,
    Verify,
)
from forgeward.respond.openpgp import Certificate

_SEALED = (Tag.SEIP, Tag.SED, Tag.AED)
_UNCHECKED = "Unexpected message structure"  # compressed inside an encryption: pysequoia cannot check it
# What pysequoia's errors begin with, and what that means.
_CODES: tuple[tuple[str, RefusalCode], ...] = (
    ("No key to decrypt", "no_key"),
    ("Missing session key", "no_key"),
    ("Message has been manipulated", "altered"),
    ("Policy rejected packet", "outdated"),
    ("Malformed", "damaged"),
    ("unexpected EOF", "damaged"),
    ("Invalid ASCII Armor", "damaged"),
    ("Not a signature", "damaged"),
)


def answer(_: int, body: bytes) -> bytes:
    """Does one task; its `Result` as msgpack. Never raises what the task's bytes could cause."""
    task: Task = msgspec.msgpack.decode(body, type=Task)
    try:
        result = _done(task)
    except MemoryError:
        result = Refused("too_large", "It needs more memory than is allowed.")
    except TooLarge:
        result = _too_large()
    except Altered:
        result = Refused("altered", "It was altered on the way.")
    except RuntimeError as error:
        result = _refused(error)
    except BaseException as error:  # noqa: BLE001 - a panic of the library is a BaseException
        result = Refused("panicked", f"the OpenPGP library gave up on it ({type(error).__name__}).")
    return msgspec.msgpack.encode(result)


def _done(task: Task) -> Result:
    match task:
        case Open():
            return _open(task)
        case Verify():
            return check(task)
        case Inspect():
            return _inspect(task)
        case Merge():
            return _merge(task)
        case Seal() | Sign() | Generate():
            return _make(task)


def _make(task: Seal | Sign | Generate) -> Result:
    if isinstance(task, Seal):
        return _seal(task)
    return _sign(task) if isinstance(task, Sign) else _generate(task)


def _refused(error: RuntimeError) -> Refused:
    line = first_line(error)
    for begin, code in _CODES:
        if line.startswith(begin):
            return Refused(code, f"{line.rstrip('.')}.")
    return Refused("failed", f"{line.rstrip('.')}.")


def _too_large() -> Refused:
    return Refused("too_large", "It is larger, once opened, than is allowed.")


def _open(task: Open) -> Result:
    packets = list(PacketPile.from_bytes(task.data))
    if not any(packet.tag in _SEALED for packet in packets):
        return check(Verify(task.data, b"", task.certificates, task.now))
    to = recipients(packets)
    if not to and any(packet.tag == Tag.SKESK for packet in packets):
        return Refused("password", "It is encrypted with a password.")
    refused = Refused("no_key", "It is encrypted to another key.", to)
    for secret in task.own:
        found = _open_with(task, secret)
        if isinstance(found, Opened):
            return found
        if found.code not in {"no_key", "failed"}:
            refused = msgspec.structs.replace(found, recipients=to)
    return refused


def _open_with(task: Open, secret: bytes) -> Opened | Refused:
    key = pysequoia.Tsk.from_bytes(secret)
    own = key.extract_certificate().fingerprint
    try:
        plain = pysequoia.decrypt(bytes=task.data, decryptor=key.decryptor()).bytes or b""
    except RuntimeError as error:
        return _opened_here(task, secret, own, _refused(error))
    return Opened(plain, own, _inside(task, key, plain)) if len(plain) <= task.most else _too_large()


def _opened_here(task: Open, secret: bytes, own: str, refused: Refused) -> Opened | Refused:
    """What pysequoia could not open, for a reason of its own: bzip2, or a key of ours that has ended since."""
    if refused.code in {"altered", "outdated"}:
        return refused
    inner = packets_within(task.data, [secret], task.most)
    if inner is None:
        return refused
    keys = Keys(task.certificates, task.now)
    text, good = signed_text(inner, keys)
    packets = packets_of(inner)
    plain = literal(packets) if text is None else text
    return Refused("damaged", "It holds no text.") if plain is None else Opened(plain, own, judged(keys, packets, good))


def _inside(task: Open, key: pysequoia.Tsk, plain: bytes) -> tuple[Found, ...]:
    """Signatures inside the encryption. Inside a compressed message they are checked on the packets themselves.

    They count only where they are over the very text that was decrypted.
    """
    keys = Keys(task.certificates, task.now)
    try:
        done = pysequoia.decrypt(bytes=task.data, decryptor=key.decryptor(), store=keys)
        return judged(keys, [], {each.certificate for each in done.valid_sigs} if done.bytes == plain else set())
    except RuntimeError as error:
        if not first_line(error).startswith(_UNCHECKED):
            return judged(keys, [], set())
    inner = packets_within(task.data, [bytes(key)], task.most)
    if inner is None:
        why = "it lies in a compressed message that is encrypted in a way we cannot look into."
        return tuple(Found("weak", issuer, why=why) for issuer in keys.issuers)
    text, good = signed_text(inner, keys)
    return judged(keys, packets_of(inner), good if text == plain else set())


def _inspect(task: Inspect) -> Result:
    found, left = read(task.data, task.most)
    return Certificates(tuple(_with_lock(each, task.data) if each.secret else each for each in found), left)


def _with_lock(about: Certificate, data: bytes) -> Certificate:
    """Says of a secret key whether a password locks it. A key that has ended has no signer, locked or not."""
    try:
        pysequoia.sign(pysequoia.Tsk.from_bytes(data).signer(), b"")
    except RuntimeError as error:
        return msgspec.structs.replace(about, locked=not first_line(error).startswith("No suitable"))
    return about


def _merge(task: Merge) -> Result:
    old, new = pysequoia.Cert.from_bytes(task.old), pysequoia.Cert.from_bytes(task.new)
    if old.fingerprint != new.fingerprint:
        return Refused("key", "These are two different keys.")
    merged = old.merge(new)
    return Certificates((certificate(merged, packets_of(bytes(merged))),))


def _seal(task: Seal) -> Result:
    keys = Keys(task.certificates, task.now)
    for about in keys.about:
        if hindrance := about.hindrance(task.now):
            return Refused("key", hindrance)
    signer = pysequoia.Tsk.from_bytes(task.own).signer()
    return Made(pysequoia.encrypt(bytes=task.data, signer=signer, recipients=keys.all))


def _sign(task: Sign) -> Result:
    signer = pysequoia.Tsk.from_bytes(task.own).signer()
    signature = pysequoia.sign(signer, task.data, mode=pysequoia.SignatureMode.DETACHED)
    algorithm = str(pysequoia.Sig.from_bytes(signature).hash_algorithm).rpartition(".")[2]
    return Made(signature, hash=f"pgp-{algorithm.replace('_', '-').lower()}")


def _generate(task: Generate) -> Result:
    key = pysequoia.Tsk.generate(user_ids=list(task.user_ids), validity_seconds=task.seconds or None)
    public = key.extract_certificate()
    about = certificate(public, packets_of(bytes(public)))
    return Made(bytes(key), certificate=msgspec.structs.replace(about, secret=True))


def _warm_up() -> None:
    """Loads what is loaded late, before the fork is locked up."""
    key = pysequoia.Tsk.generate("Warm <a@example.org>")
    public = key.extract_certificate()
    certificate(public, packets_of(bytes(public)))
    pysequoia.decrypt(bytes=pysequoia.encrypt(bytes=b"x", recipients=[public]), decryptor=key.decryptor())
    openpgp_packets.warm_up()


if __name__ == "__main__":
    guarded_child.main(answer, _warm_up)
