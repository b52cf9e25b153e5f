"""The home folder: where one programme keeps its database, keys, mail and settings.

    HOME/
      policy.yaml          the document to edit; only an adopted one is in force
      letters.yaml         own templates of letters, where there are any
      settings.toml        what the operator sets: mail server, mailboxes, addresses
      forgeward.sqlite3    the database (unless settings name another)
      keys/                signing key, home key, key store (see ``edges.keys``)
      raw/                 mail as received, encrypted, one file each
      files/               attachments, encrypted
      outbox/              outgoing mail as files, while no mail server is set
      packs/               evidence packs
      up.lock              held by a running ``forgeward up``

``Home.now`` is the only clock of the shell. Demo homes may run ahead of the machine (``tick --at``).
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from forgeward.edges.chat_settings import Chat, check_rooms
from forgeward.edges.database import VARIABLE, Database, Server, server
from forgeward.edges.mail_settings import Canary, Dns, Intake, Listener, Mailbox, Notification, OpenPgp, check
from forgeward.edges.outgoing_settings import Outgoing, networks
from forgeward.edges.provider_settings import Provider, require_usable
from forgeward.errors import BadInput, HomeUnusable
from forgeward.ledger.schedule import HOURLY, parse_times

FORMAT = 1
LEAST_FREE = 64 * 1024 * 1024  # bytes; below this nothing new is begun, so that what is begun can be finished


class MailServer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[mail]`` of settings.toml. ``security`` is ``starttls``, ``tls`` or ``none``.

    ``language`` is what letters begin in where neither the reporter's mail nor its mailbox names one.
    """

    host: str = ""
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password_file: str = ""
    sender: str = ""
    ca_file: str = ""
    language: Annotated[str, msgspec.Meta(pattern="^([a-z]{2,3})?$")] = ""

    @property
    def is_set(self) -> bool:
        return bool(self.host)


class Ledger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[ledger]``: the times of day, in UTC, at which a checkpoint is signed to be given out."""

    checkpoints: tuple[str, ...] = HOURLY


class Audit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[audit]``: the time of day, in UTC, at which history is replayed and compared with every table."""

    at: Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "02:30"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """settings.toml. Unknown keys are errors, so that a typing slip is not silently ignored."""

    mail: MailServer = MailServer()
    mailbox: tuple[Mailbox, ...] = ()
    listener: Listener = Listener()
    intake: Intake = Intake()
    canary: Canary = Canary()
    notification: tuple[Notification, ...] = ()
    dns: Dns = Dns()
    openpgp: OpenPgp = OpenPgp()
    ledger: Ledger = Ledger()
    audit: Audit = Audit()
    database: Database = Database()
    outgoing: Outgoing = Outgoing()
    chat: Chat = Chat()
    sign_in: Provider = Provider()
    public_url: str = ""

    def link(self, number: str) -> str:
        """A case's page on the desk."""
        return f"{(self.public_url or 'http://localhost:8710').rstrip('/')}/cases/{number}/"


class Marker(msgspec.Struct, frozen=True):
    """``home.json``: made once by ``init``."""

    format: int
    demo: bool = False
    ahead: float = 0.0  # seconds by which a demo home runs ahead of the machine


def default_folder() -> Path:
    """``$FORGEWARD_HOME``, else ``forgeward`` in the user's data folder (XDG Base Directory)."""
    if named := os.environ.get("FORGEWARD_HOME"):
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "forgeward"


class Home:
    """One home folder. Opening reads nothing but the marker; ``create`` makes an empty one.

    Raises ``HomeUnusable`` with a sentence that says what to do.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    @property
    def database_file(self) -> Path:
        return self.folder / "forgeward.sqlite3"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @property
    def outbox(self) -> Path:
        return self.folder / "outbox"

    @property
    def policy_file(self) -> Path:
        return self.folder / "policy.yaml"

    @property
    def settings_file(self) -> Path:
        return self.folder / "settings.toml"

    @property
    def letters_file(self) -> Path:
        """The home's own templates of letters, where it has any."""
        return self.folder / "letters.yaml"

    @property
    def _marker_file(self) -> Path:
        return self.folder / "home.json"

    @property
    def exists(self) -> bool:
        return self._marker_file.is_file()

    def prepare(self) -> None:
        """Makes the folders. It is no home before ``create``. Raises ``HomeUnusable`` where it cannot."""
        with translated(self.folder):
            for folder in (self.folder, self.keys, self.raw, self.files, self.outbox):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)

    def create(self, *, demo: bool = False) -> None:
        """Makes the folders and the marker. Raises ``HomeUnusable`` where it cannot."""
        self.prepare()
        with translated(self.folder):
            self._write_marker(Marker(format=FORMAT, demo=demo))

    def require(self) -> Home:
        """Returns itself if it can be worked in; else raises ``HomeUnusable``."""
        if not self.exists:
            raise HomeUnusable(
                f"There is no Forgeward home at {self.folder}.",
                next="Make one with `forgeward init`, or name another with --home.",
            )
        if self.marker.format != FORMAT:
            raise HomeUnusable(
                f"The home at {self.folder} has format {self.marker.format}; this Forgeward reads format {FORMAT}.",
                next="Install the Forgeward version that made it, or restore a backup.",
            )
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise HomeUnusable(
                f"The home at {self.folder} cannot be written by this user.", next="Run as its owner, or chown it."
            )
        return self

    def require_space(self) -> None:
        """Raises ``HomeUnusable`` when the disk is nearly full, before anything is begun that might not end."""
        free = shutil.disk_usage(self.folder).free
        if free < LEAST_FREE:
            raise HomeUnusable(
                f"The disk of {self.folder} has {free // 2**20} MB left; nothing was changed.",
                next="Free some space, then do it again.",
            )

    @property
    def marker(self) -> Marker:
        try:
            return msgspec.json.decode(self._marker_file.read_bytes(), type=Marker)
        except msgspec.DecodeError as problem:
            raise HomeUnusable(
                f"{self._marker_file} does not read as a marker: {problem}.", next="Restore it from a backup."
            ) from None

    @property
    def is_demo(self) -> bool:
        return self.marker.demo

    def _write_marker(self, marker: Marker) -> None:
        fresh = self._marker_file.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(marker))
        fresh.replace(self._marker_file)

    def mark_demo(self) -> None:
        """Turns an empty home into a demo home: its mail goes to files only, its clock may be moved ahead."""
        self._write_marker(msgspec.structs.replace(self.marker, demo=True))

    def now(self) -> datetime:
        """The instant, in UTC; ahead of the machine in a demo home that was ticked ahead."""
        real = datetime.now(UTC)
        return real + timedelta(seconds=self.marker.ahead) if self.exists and self.marker.demo else real

    def move_clock(self, to: datetime) -> None:
        """Lets a demo home's clock go on from ``to``. Raises ``BadInput`` elsewhere, or for going back."""
        if not self.is_demo:
            raise BadInput(
                "Only a demo home's clock can be moved.",
                next="Leave --at away, or try it in a home made by `up --demo`.",
            )
        if to < self.now():
            raise BadInput(
                f"The demo's clock stands at {self.now():%Y-%m-%dT%H:%M:%SZ} and only goes forward.",
                next="Name a later instant.",
            )
        ahead = (to - datetime.now(UTC)).total_seconds()
        self._write_marker(msgspec.structs.replace(self.marker, ahead=ahead))

    @property
    def settings(self) -> Settings:
        """settings.toml, or the defaults where there is none. Raises ``BadInput`` with the file's name."""
        if not self.settings_file.exists():
            return Settings()
        try:
            found = msgspec.convert(tomllib.loads(self.settings_file.read_text()), Settings)
            check(found.mailbox, found.listener, found.notification)
            server(found.database)
            networks(found.outgoing)
            check_rooms(found.chat)
            require_usable(found.sign_in)
            parse_times(found.ledger.checkpoints)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as problem:
            raise BadInput(f"{self.settings_file}: {problem}.", next="Mend that line of settings.toml.") from None
        except BadInput as problem:
            raise BadInput(f"{self.settings_file}: {problem}", next=problem.next) from None
        return found

    @property
    def database_server(self) -> Server | None:
        """The PostgreSQL database that the environment or settings.toml names; ``None``: ``database_file``.

        Raises ``BadInput``.
        """
        configured = self.settings.database
        if named := os.environ.get(VARIABLE):
            configured = Database(url=named, password_file=configured.password_file)
        return server(configured)

    @contextmanager
    def only_instance(self) -> Iterator[None]:
        """Holds the home for one ``forgeward up``. Raises ``HomeUnusable`` where another holds it."""
        with translated(self.folder), (self.folder / "up.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise HomeUnusable(
                    f"Forgeward already runs on {self.folder} (process {lock.read().strip() or 'unknown'}).",
                    next="Use that one, stop it first, or name another home with --home.",
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Turns the operating system's refusals into ``HomeUnusable`` sentences about the file concerned, or ``folder``."""
    try:
        yield
    except BrokenPipeError:
        raise  # the reader of our output went away: no matter of the home
    except OSError as problem:
        what, then = _OS_SENTENCES.get(
            problem.errno or 0, (f"{problem.strerror or problem}", "Look at the folder and its disk, then do it again.")
        )
        where = problem.filename if isinstance(problem.filename, str) else folder
        raise HomeUnusable(f"{where}: {what}.", next=then) from problem


_OS_SENTENCES = {
    errno.ENOSPC: ("the disk is full; nothing was lost", "Free some space, then do it again."),
    errno.EDQUOT: ("the disk quota is used up; nothing was lost", "Free some space, then do it again."),
    errno.EACCES: ("this user may not read or write there", "Run as the folder's owner, or name another with --home."),
    errno.EPERM: ("this user may not read or write there", "Run as the folder's owner, or name another with --home."),
    errno.EROFS: ("the file system is read-only", "Name a home on a disk that can be written, with --home."),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "Name another home with --home."),
    errno.EEXIST: ("there is a file where the folder should be", "Move it away, or name another home with --home."),
}
