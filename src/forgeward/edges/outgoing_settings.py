"""What settings.toml says about calls to addresses that people enter."""

from __future__ import annotations

import ipaddress
from typing import Annotated, TypeAlias

import msgspec

from forgeward.errors import BadInput

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class Outgoing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[outgoing]`` of settings.toml: calls to addresses that people enter.

    ``private``: networks of ours that may be called all the same (``10.2.0.0/16``, ``127.0.0.1``). ``timeout``: seconds
    for one whole call. ``ca_file``: a certificate authority of one's own, believed beside the machine's.
    """

    private: tuple[str, ...] = ()
    timeout: Annotated[float, msgspec.Meta(ge=0.2, le=60)] = 10
    ca_file: str = ""


def networks(settings: Outgoing) -> tuple[Network, ...]:
    """The permitted networks. Raises ``BadInput`` for what is none."""
    try:
        return tuple(ipaddress.ip_network(each) for each in settings.private)
    except ValueError as problem:
        raise BadInput(f"outgoing.private: {problem}.", next="Write networks like 10.2.0.0/16 or 127.0.0.1.") from None
