"""Sessions as the desk keeps them: the browser holds the key, the table a digest of it, and whose it is.

Whoever reads the database or a backup can therefore sign in as nobody, and the digest may stand in addresses and lists.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone

from forgeward.desk import programme
from forgeward.desk.models import SessionRow

NOTED = timedelta(minutes=1)  # so that looking at pages does not mean writing each time


def digest(key: str) -> str:
    """How the table calls the session of this key: 40 hex signs."""
    return hashlib.sha256(b"forgeward session\0" + key.encode()).hexdigest()[:40]


class SessionStore(DatabaseStore):
    """Django's store of sessions, on a table of our own. ``row`` is what was read, None before and for a new one."""

    row: SessionRow | None = None

    @classmethod
    def get_model_class(cls) -> type[AbstractBaseSession]:
        """``SessionRow``."""
        return SessionRow

    def _get_session_from_db(self) -> SessionRow | None:
        key = self.session_key or ""
        self.row = SessionRow.objects.filter(pk=digest(key), expire_date__gt=timezone.now()).first()
        if self.row is None:
            self._session_key = None
        return self.row

    def exists(self, session_key: str) -> bool:
        """Whether there is a session of this key."""
        return SessionRow.objects.filter(pk=digest(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> SessionRow:
        """The row as it is to be stored."""
        row = SessionRow(
            session_key=digest(str(self._get_or_create_session_key())),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            person_id=data.get("_auth_user_id"),
            began_at=programme.home().now(),
        )
        if self.row is not None and str(self.row.person_id) == data.get("_auth_user_id"):  # the key may be a new one
            row.began_at, row.seen_at = self.row.began_at, self.row.seen_at
            row.address, row.agent = self.row.address, self.row.agent
        return row

    def delete(self, session_key: str | None = None) -> None:
        """Ends the session of this key, or this one."""
        if key := session_key or self.session_key:
            SessionRow.objects.filter(pk=digest(key)).delete()

    def is_noted(self, address: str, agent: str, now: datetime) -> bool:
        """Whether the row says already that this browser was seen at this address in the last minute."""
        row = self.row
        if row is None or row.seen_at is None:
            return False
        return abs(now - row.seen_at) < NOTED and (row.address, row.agent) == (address, agent)
