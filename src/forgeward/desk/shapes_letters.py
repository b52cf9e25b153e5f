"""The JSON of letters to reporters, their templates, and the keys that protect them."""

from __future__ import annotations

from typing import Literal

import msgspec

from forgeward.desk.shapes import Shape


class TemplateLine(msgspec.Struct):
    """A template of letters."""

    name: str
    kind: str
    language: str
    title: str
    version: int


class Templates(Shape, kw_only=True):
    schema: Literal["forgeward/templates/1"] = "forgeward/templates/1"
    templates: list[TemplateLine]


class TemplateShown(Shape, kw_only=True):
    schema: Literal["forgeward/template/1"] = "forgeward/template/1"
    template: TemplateLine
    subject: str
    text: str
    gaps: list[str]


class TemplatesChecked(Shape, kw_only=True):
    schema: Literal["forgeward/templates-check/1"] = "forgeward/templates-check/1"
    ok: bool
    letters: int
    problems: list[str]


class LetterFile(msgspec.Struct):
    name: str
    type: str
    size: int


class LetterPreview(Shape, kw_only=True):
    """A letter as it would leave. ``withheld``: it would be held, since it may not go unencrypted."""

    schema: Literal["forgeward/letter/1"] = "forgeward/letter/1"
    id: str
    step: str
    sender: str = msgspec.field(name="from")
    reply_to: str | None
    to: str
    subject: str
    text: str
    language: str | None
    files: list[LetterFile]
    protection: str
    withheld: bool
    second_person: bool
    size: int


class MailKey(msgspec.Struct):
    fingerprint: str
    state: str
    addresses: list[str]
    algorithm: str
    created: str | None
    expires: str | None
    origin: str | None
    agreed_by: str | None
    hindrance: str | None


class MailKeys(Shape, kw_only=True):
    schema: Literal["forgeward/mail-keys/1"] = "forgeward/mail-keys/1"
    keys: list[MailKey]
