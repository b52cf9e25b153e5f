"""What is verified about a mail's sender. Until something verifies it, nothing may be concluded: ``none``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forgeward.desk.models import RawMail
from forgeward.edges.home import Home
from forgeward.respond.mail import Mail, Signals


def signals(home: Home, row: RawMail, mail: Mail, way: Mapping[str, Any]) -> Signals:
    """The verdicts for one mail; ``way`` says how it came (client, HELO, envelope sender)."""
    return mail.signals
