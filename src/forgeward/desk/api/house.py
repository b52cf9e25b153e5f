"""The house: its ledger, its health, and the document that describes this API."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Router

from forgeward.desk import keychain, programme, shapes, shown
from forgeward.desk.actions import packs, receipts, sequence
from forgeward.desk.api import bodies, calls, describe, gate
from forgeward.desk.api import mail as mail_calls
from forgeward.desk.api import people as people_calls
from forgeward.desk.api import policy as policy_calls
from forgeward.desk.api import webhooks as webhook_calls
from forgeward.desk.api.calls import call
from forgeward.desk.api.cases import BYTES, Number, download, require_seen
from forgeward.desk.models import CaseRow, CheckpointRow
from forgeward.desk.readers.audit import examine as examine_history
from forgeward.desk.readers.doctor import examine as examine_house
from forgeward.desk.readers.sight import visible_to
from forgeward.errors import NotFound
from forgeward.policy.disclosure import Audience

router = Router(tags=["house"])


class PackWanted(msgspec.Struct, forbid_unknown_fields=True):
    """``audience``: whose eyes it is for; texts that they may see are opened, all others stay withheld."""

    audience: Literal["", "customer", "reporter", "auditor"] = ""


class ReceiptWanted(msgspec.Struct, forbid_unknown_fields=True):
    """``entry``: the report's number in the case."""

    entry: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] = 1


FORMS: list[type[msgspec.Struct]] = [PackWanted, ReceiptWanted]


@call(router.get, "/ledger/key", "ledger_key", shapes.LedgerKey)
def ledger_key(request: HttpRequest) -> HttpResponse:
    """The verifier key. Whoever verifies should have it from somewhere else than from here."""
    return calls.json(shapes.LedgerKey(key=str(programme.vault().keys.verifier_key)))


@call(router.get, "/ledger/checkpoint", "checkpoint", shapes.LedgerCheckpoint)
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint, with the co-signatures that it has."""
    row = CheckpointRow.objects.order_by("-size").first()
    if row is None:
        raise NotFound("No checkpoint was signed yet.", next="Sign one with `forgeward ledger checkpoint`.")
    return calls.json(shown.checkpoint(keychain.cosigned(row.note, row.size)))


@call(router.post, "/ledger/checkpoint", "sign_checkpoint", shapes.LedgerCheckpoint,
      body=describe.ref(mail_calls.Nothing))  # fmt: skip
def sign_checkpoint(request: HttpRequest) -> HttpResponse:
    """Number what waits and sign the ledger as it stands now."""
    bodies.read(request, mail_calls.Nothing)
    return calls.json(shown.checkpoint(sequence.sign_checkpoint(programme.home().now()).note))


@call(router.post, "/cases/{number}/pack", "pack", BYTES, body=describe.ref(PackWanted))
def pack(request: HttpRequest, number: Number) -> HttpResponse:
    """A pack of one case: entries, proofs, checkpoint and policy in one file that anybody can verify offline."""
    require_seen(request, number)
    wanted = bodies.read(request, PackWanted).audience
    audience = Audience(wanted) if wanted else None
    with tempfile.TemporaryDirectory(prefix="forgeward-pack-", dir=programme.home().folder) as folder:
        file, now = Path(folder) / "case.pack", programme.home().now()
        packs.write_pack(file, number.upper(), None, now, lambda _done: None, audience=audience)
        return download(file.read_bytes(), f"{number.upper()}.pack")


@call(router.post, "/cases/{number}/receipt", "receipt", shapes.LedgerReceipt, body=describe.ref(ReceiptWanted))
def receipt(request: HttpRequest, number: Number) -> HttpResponse:
    """The proof that a report is in the ledger, for whoever reported it: it holds their text."""
    require_seen(request, number)
    entry = bodies.read(request, ReceiptWanted).entry
    return calls.json(shown.receipt(number.upper(), receipts.proof(number.upper(), programme.home().now(), entry)))


@call(router.get, "/doctor", "doctor", shapes.Doctor)
def doctor(request: HttpRequest) -> HttpResponse:
    """What is set up and what is not: disk, keys, mail, worker, parser."""
    return calls.json(shown.doctor(examine_house(programme.home(), programme.home().now())))


@call(router.get, "/audit", "audit", shapes.Audit)
def audit(request: HttpRequest) -> HttpResponse:
    """Replay the history of every case and compare it with the tables and the tree. Cases closed to you go unnamed."""
    result = examine_history(programme.home().now(), lambda _done, _total: None)
    seen = visible_to(gate.person(request)).values("pk")
    hidden = CaseRow.objects.filter(restricted=True).exclude(pk__in=seen).values_list("number", flat=True)
    return calls.json(shown.audit(result, hidden=list(hidden)))


@call(router.get, "/openapi.json", "openapi", "application/json")
def openapi(request: HttpRequest) -> HttpResponse:
    """This API as OpenAPI 3.1. It tells nothing of the house, so it asks for no token."""
    return HttpResponse(document(), content_type="application/json")


@cache
def document() -> bytes:
    """The OpenAPI document; the same for everybody."""
    from forgeward.desk.api.urls import api

    made = describe.complete(dict(api.get_openapi_schema(path_prefix="/api/v1/")), [
        *policy_calls.FORMS, *mail_calls.FORMS, *people_calls.FORMS, *webhook_calls.FORMS, *FORMS,
    ])  # fmt: skip
    return msgspec.json.encode(made, order="deterministic")
