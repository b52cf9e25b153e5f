"""What settings.toml says about chat: rooms, quiet hours, and to which hosts a message may go.

apprise does its own HTTP, so an address is checked before it gets one: its scheme is known here with the hosts that
it calls, or the host is one of our own that settings name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import parse_qsl, urlsplit

import msgspec

from forgeward.errors import BadInput
from forgeward.respond.chat import Quiet, Room
from forgeward.vocabulary import Role, Severity

SERVICES: Final[Mapping[str, tuple[str, ...]]] = {
    "slack": ("hooks.slack.com", "slack.com"),
    "workflow": (".logic.azure.com", ".api.powerplatform.com"),
    "workflows": (".logic.azure.com", ".api.powerplatform.com"),
    "gchat": ("chat.googleapis.com",),
    "discord": ("discord.com",),
    "tgram": ("api.telegram.org",),
    "pagerduty": ("events.pagerduty.com", "events.eu.pagerduty.com"),
    "opsgenie": ("api.opsgenie.com", "api.eu.opsgenie.com"),
}
"""Schemes of apprise with the hosts that they call; a host that begins with a dot stands for all below it."""
OWN: Final = frozenset({"mmosts", "rockets", "matrixs", "ntfys", "jsons"})
"""Schemes that call the host of the address, over TLS; settings must name it."""
PLAIN: Final = frozenset(scheme.removesuffix("s") for scheme in OWN)
"""The same without TLS: for this machine only."""
_CLOCK = "^([01][0-9]|2[0-3]):[0-5][0-9]$"


class ChatRoom(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[chat.room]]``. ``url_file``: holds apprise's address, which is a secret, and is for its owner only; or
    ``mail``: an address of the team, which the mail server of settings.toml sends to.

    ``roles``: whose reminders go there. ``levels``: only of these severities; none: of all, also where none is known
    yet. ``digest``: open deadlines once a day, or on Mondays; ``reminders = false``: nothing else.
    """

    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,38}$")]
    roles: Annotated[tuple[Role, ...], msgspec.Meta(min_length=1)]
    url_file: str = ""
    mail: Annotated[str, msgspec.Meta(pattern=r"^([^\s@<>]+@[^\s@<>]+)?$")] = ""
    levels: tuple[Severity, ...] = ()
    reminders: bool = True
    digest: Literal["", "daily", "weekly"] = ""

    @property
    def room(self) -> Room:
        return Room(self.name, frozenset(self.roles), frozenset(self.levels), self.reminders, self.digest)


class Chat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[chat]``: quiet hours and the time of digests in the policy's zone, hosts of our own, seconds for a message."""

    room: tuple[ChatRoom, ...] = ()
    quiet_from: Annotated[str, msgspec.Meta(pattern=_CLOCK)] = "20:00"
    quiet_until: Annotated[str, msgspec.Meta(pattern=_CLOCK)] = "07:00"
    digest_at: Annotated[str, msgspec.Meta(pattern=_CLOCK)] = "08:30"
    hosts: tuple[str, ...] = ()
    timeout: Annotated[float, msgspec.Meta(ge=0.5, le=60)] = 20

    def quiet(self, zone: str) -> Quiet:
        """The hours in which only what is critical is said; equal ends: none."""
        return Quiet(zone, time.fromisoformat(self.quiet_from), time.fromisoformat(self.quiet_until))


class Target(msgspec.Struct, frozen=True):
    """An address that may be used, and the hosts that may be called for it. Its text says nothing of the address."""

    url: str
    hosts: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Target({', '.join(self.hosts)})"


def check_rooms(chat: Chat) -> None:
    """Raises ``BadInput`` for two rooms of one name, or one that nothing or both say how to reach."""
    names = [room.name for room in chat.room]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadInput(f"[[chat.room]] “{twice[0]}” is there twice.", next="Give each room a name of its own.")
    if lost := next((room.name for room in chat.room if bool(room.url_file) == bool(room.mail)), ""):
        raise BadInput(f"[[chat.room]] “{lost}” needs url_file or mail.", next="Name one of the two.")


def target(room: ChatRoom, hosts: Sequence[str]) -> Target:
    """A room's address, read and checked. Raises ``HomeUnusable`` for its file, ``BadInput`` without the address."""
    from forgeward.edges.private import read_private  # settings are read by each command; this by who sends

    url = read_private(Path(room.url_file)).decode("utf-8", "replace").strip()
    try:
        parts = urlsplit(url)
        scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
        options = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    except ValueError:
        raise _refused(room, "is not an address", "Write apprise's form, like slack://A/B/C/#room.") from None
    if not url.isprintable() or any(sign.isspace() for sign in url):
        raise _refused(room, "is not one address", "Put one line into the file.")
    if options & {"verify", "redirect"}:
        raise _refused(room, "switches a check off", "Leave verify= and redirect= away.")
    if scheme in SERVICES:
        return Target(url, SERVICES[scheme])
    if scheme in OWN and host in {each.lower() for each in hosts}:
        return Target(url, (host,))
    if scheme in PLAIN and host in {"127.0.0.1", "localhost"} and host in hosts:
        return Target(url, (host,))
    if scheme in OWN | PLAIN:
        raise _refused(room, "calls a host that is not permitted", "Name it in `hosts` of [chat], and use TLS.")
    known = ", ".join(sorted({*SERVICES, *OWN}))
    raise _refused(room, "has a scheme that is not permitted", f"Permitted are: {known}.")


def _refused(room: ChatRoom, why: str, then: str) -> BadInput:
    return BadInput(f"The address of the room “{room.name}” {why}.", next=then)
