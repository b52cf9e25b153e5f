"""The ARC chain (RFC 8617) of a raw mail: whether the seals of those who passed it on hold. Runs in the guarded child.

sets 1…n (results, signature, seal) ─▶ complete? ─▶ the newest signature holds? ─▶ every seal holds? ─▶ ArcResult
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from forgeward.edges import mail_dkim as dkim
from forgeward.edges.mail_dkim import Broken, Message, Tags
from forgeward.respond.authenticity import ArcResult
from forgeward.respond.dns import Answer, domain

SETS = 10  # of one mail that are looked at; RFC 8617, 4.2.1 allows 50, the world has up to four
_KINDS = (b"arc-authentication-results", b"arc-message-signature", b"arc-seal")  # in the order of RFC 8617, 5.1.1
_INSTANCE = re.compile(rb"\A[^:]*:[ \t\r\n]*i[ \t\r\n]*=[ \t\r\n]*(\d{1,2})[ \t\r\n]*;")
_WHY = {"altered": "the text was changed since", "wrong": "a seal does not fit"}
_REPORTED = re.compile(r"\b(dkim|spf|dmarc)\s*=\s*([a-z]{1,12})\b", re.IGNORECASE)


class _Set(msgspec.Struct):
    """One hop's three fields, by kind."""

    fields: dict[bytes, bytes] = {}

    def tags(self, kind: bytes) -> Tags:
        return dkim.soft_tags(self.fields[kind])


def names(mail: Message) -> tuple[str, ...]:
    """The names of the keys that checking the chain asks for."""
    chain = _chain(mail)
    if not chain or len(chain) > SETS:
        return ()
    wanted = [dkim.key_name(chain[-1].tags(_KINDS[1])), *(dkim.key_name(each.tags(_KINDS[2])) for each in chain)]
    return tuple(dict.fromkeys(name for name in wanted if name))


def check(mail: Message, records: Mapping[str, Answer]) -> ArcResult:
    """Validates the chain (RFC 8617, 5.2)."""
    chain = _chain(mail)
    if chain == []:
        return ArcResult()
    if chain is None:
        return ArcResult("fail", why="its sets are not complete")
    found = ArcResult(sealers=_sealers(chain), reported=_reported(chain[0]))
    if len(chain) > SETS:
        return msgspec.structs.replace(found, state="skipped")
    try:
        why = _broken(mail, chain, records)
    except Broken as broken:
        if broken.state in {"unanswered", "no_key"}:
            return msgspec.structs.replace(found, state=broken.state)
        why = _WHY.get(broken.state, "a key or a seal cannot be used")
    return msgspec.structs.replace(found, state="fail" if why else "pass", why=why)


def _chain(mail: Message) -> list[_Set] | None:
    """The sets by their instances, the oldest first; None where one is missing, doubled or not numbered."""
    sets: dict[int, _Set] = {}
    for name, field in mail.fields:
        if name not in _KINDS:
            continue
        instance = _instance(name, field)
        fields = sets.setdefault(instance, _Set()).fields
        if instance < 1 or name in fields:
            return None
        fields[name] = field
    complete = sorted(sets) == list(range(1, len(sets) + 1)) and all(len(each.fields) == 3 for each in sets.values())
    return [sets[i] for i in sorted(sets)] if complete else None


def _instance(name: bytes, field: bytes) -> int:
    if name == _KINDS[0]:
        found = _INSTANCE.match(field)
        return int(found[1]) if found else 0
    text = dkim.soft_tags(field).get("i", "")
    return int(text) if text.isdecimal() and len(text) < 3 else 0


def _broken(mail: Message, chain: list[_Set], records: Mapping[str, Answer]) -> str:
    """Why the chain does not hold; empty where it does. Raises `Broken` for a signature that does not."""
    for number, each in enumerate(chain, 1):
        validity = each.tags(_KINDS[2]).get("cv", "").lower()
        if validity == "fail":
            return "a server on its way had found it broken already"
        if validity != ("none" if number == 1 else "pass"):
            return "a seal contradicts its place"
    _check_message(mail, chain[-1], records)
    for number in range(len(chain), 0, -1):
        _check_seal(chain[:number], records)
    return ""


def _check_message(mail: Message, newest: _Set, records: Mapping[str, Answer]) -> None:
    """The newest ARC-Message-Signature, which is a DKIM signature but for its version (RFC 8617, 4.1.2)."""
    found = newest.tags(_KINDS[1])
    signed = dkim.signed_names(found)
    if (
        not {"a", "b", "bh", "d", "h", "s"} <= found.keys()
        or b"arc-seal" in signed
        or not found["a"].endswith("-sha256")
    ):
        raise Broken("malformed")
    key = dkim.find_key(records.get(dkim.key_name(found)))
    bits = dkim.verify(mail, newest.fields[_KINDS[1]], {**found, "c": found.get("c", "relaxed/relaxed")}, key, signed)
    _strong(bits)


def _check_seal(chain: list[_Set], records: Mapping[str, Answer]) -> None:
    """An ARC-Seal, over all sets up to its own (RFC 8617, 5.1.1)."""
    field = chain[-1].fields[_KINDS[2]]
    found = chain[-1].tags(_KINDS[2])
    if not {"a", "b", "d", "s", "cv"} <= found.keys() or "h" in found or not found["a"].endswith("-sha256"):
        raise Broken("malformed")
    before = [each.fields[kind] for each in chain for kind in _KINDS][:-1]
    text = b"".join(dkim.canonical(each, relaxed=True) + b"\r\n" for each in before)
    own = dkim.canonical(dkim.without_signature(field), relaxed=True)
    key = dkim.find_key(records.get(dkim.key_name(found)))
    _strong(dkim.check_signature(key, "sha256", text + own, dkim.decoded(found["b"])))


def _strong(bits: int) -> None:
    if 0 < bits < dkim.LEAST_BITS:
        raise Broken("weak")


def _sealers(chain: list[_Set]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (domain(each.tags(_KINDS[2]).get("d", "")) for each in reversed(chain)))))


def _reported(first: _Set) -> tuple[str, ...]:
    """What the first server says that it found: each method's first result."""
    text = first.fields[_KINDS[0]].decode("utf-8", "replace").partition(";")[2]
    found: dict[str, str] = {}
    for method, result in _REPORTED.findall(text[:8192]):
        found.setdefault(method.lower(), result.lower())
    return tuple(f"{method}={result}" for method, result in sorted(found.items()))
