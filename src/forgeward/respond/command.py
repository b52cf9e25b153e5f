"""What all commands share."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from forgeward.respond import fields as f


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", forbid_unknown_fields=True):
    """The base of all commands. ``help`` is one sentence for the command line, ``promises`` what the step keeps."""

    help: ClassVar[str] = ""
    promises: ClassVar[tuple[str, ...]] = ()


class Step(Command, frozen=True, kw_only=True):
    """What a person does to a case."""


class FourEyes(Step, frozen=True, kw_only=True):
    """A step that may need a second person; breaking the glass does without, and is reviewed afterwards."""

    break_glass: Annotated[
        str,
        f.line("Break glass", "Why this cannot wait for a second person; somebody else reviews it afterwards", "IR-7"),
    ] = ""
