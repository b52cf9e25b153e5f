"""Which database a home uses: its own SQLite file, or PostgreSQL by a URL.

    [database]
    url = "postgresql://forgeward@db.example:5432/forgeward?sslmode=verify-full"
    password_file = "/etc/forgeward/database-password"

The URL has the form of libpq (PostgreSQL manual, 34.1.1.2) with `host`, `sslmode`, `sslrootcert` and `connect_timeout`
as its only parameters. A password never stands in it, so that it reaches no log, no process list and no backup of the
settings.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from forgeward.errors import BadInput

VARIABLE = "FORGEWARD_DATABASE_URL"  # goes before settings.toml: for the owner's role, and for tests
_SCHEMES = frozenset({"postgresql", "postgres"})
_PARAMETERS = frozenset({"host", "sslmode", "sslrootcert", "connect_timeout"})


class Database(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[database]`` of settings.toml. Without a ``url`` the home keeps its data in its own SQLite file."""

    url: str = ""
    password_file: str = ""

    @property
    def is_set(self) -> bool:
        return bool(self.url)


class Server(msgspec.Struct, frozen=True):
    """A PostgreSQL database as Django is told. ``options`` go to libpq; ``repr`` shows no password."""

    name: str
    user: str
    host: str  # a name, an address, or the folder of a socket
    port: str
    options: dict[str, str]
    password_file: str = ""

    def password(self) -> str:
        """What the password file holds; empty without one. Raises ``BadInput`` where it cannot be read."""
        if not self.password_file:
            return ""
        try:
            return Path(self.password_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as problem:
            why = getattr(problem, "strerror", None) or "it is not text"
            raise BadInput(
                f"The database's password file {self.password_file} cannot be read: {why}.",
                next="Mend `password_file` of [database], or let this user read that file.",
            ) from None


def server(settings: Database) -> Server | None:
    """The PostgreSQL database that settings name; ``None`` for the home's own file. Raises ``BadInput``."""
    if not settings.is_set:
        return None
    try:
        parts = urlsplit(settings.url)
        port = parts.port
    except ValueError:
        raise _bad("its host or port does not read") from None
    if parts.scheme not in _SCHEMES:
        raise _bad("it does not begin with postgresql://")
    if parts.password is not None:
        raise _bad("it holds a password", "Write that to a file of mode 600, and name it in password_file.")
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(given.keys() - _PARAMETERS):
        raise _bad(f"it has the parameter “{unknown[0][:40]}”", f"Use only: {', '.join(sorted(_PARAMETERS))}.")
    name = unquote(parts.path.removeprefix("/"))
    if not name or "/" in name:
        raise _bad("it names no database")
    host = given.pop("host", "") or unquote(parts.hostname or "")
    return Server(name, unquote(parts.username or ""), host, str(port or ""), given, settings.password_file)


def _bad(why: str, then: str = "Write it like postgresql://user@host/name.") -> BadInput:
    """The URL itself is left out of the sentence: it may hold a password."""
    return BadInput(f"The database's URL is refused: {why}.", next=then)
