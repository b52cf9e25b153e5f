"""``forgeward mail``: one mail with what is known of its sender; our OpenPGP keys, and those of who writes to us."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forgeward.cli import out, shapes
from forgeward.cli.letters import app as templates_app
from forgeward.cli.start import Json
from forgeward.cli.state import RUN
from forgeward.errors import BadInput, NotFound
from forgeward.vocabulary import rfc3339

if TYPE_CHECKING:
    from datetime import datetime

    from forgeward.edges.openpgp import OpenPgp
    from forgeward.respond.openpgp import Certificate, Known

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
keys_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(keys_app, name="key")
app.add_typer(templates_app, name="template")

_MOST = 4 * 2**20
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="The mail address of who writes to us.")]
Fingerprint = Annotated[str, typer.Argument(help="The key's fingerprint, with or without blanks.")]


@app.callback()
def _group() -> None:
    """What came by mail, and what mail is protected with."""


@app.command("show")
def show_mail(
    number: Annotated[int, typer.Argument(metavar="ID", help="The mail's number in `forgeward intake held list`.")],
    as_json: Json = False,
) -> None:
    """Show one mail that came in: its text, decrypted where it was encrypted, and what is known of its sender.

    Example: forgeward mail show 17
    """
    home = RUN.desk()
    from forgeward.desk.readers import mail as reader

    opened = reader.opened(home, RUN.person(), number)
    line = opened.line
    shape = shapes.MailShown(
        id=line.pk,
        at=rfc3339(line.at),
        state=line.state,
        reason=line.reason,
        case=line.case or None,
        subject=line.subject,
        sender=line.sender,
        name=line.name,
        signals=line.signals,
        details=list(opened.details),
        defects=list(opened.defects),
        files=[shapes.MailFile(name=file.name, type=file.media_type, size=file.size) for file in opened.files],
        text=opened.text,
        unread=opened.unread,
    )
    out.emit(shape, lambda: _mail_text(shape))


def _mail_text(mail: shapes.MailShown) -> str:
    head = [
        f"From     {mail.name} <{mail.sender}>" if mail.name else f"From     {mail.sender}",
        f"Subject  {mail.subject}",
        f"Received {mail.at}, {mail.state}{f', {mail.case}' if mail.case else ''}",
    ]
    marked = [*([mail.reason] if mail.reason else []), *mail.details, *mail.defects]
    files = [f"Attached: {file.name}, {file.type}, {file.size:,} bytes" for file in mail.files]
    body = f"Not parsed. {mail.unread}\n{mail.text}".strip() if mail.unread else mail.text
    return "\n".join([*head, *(f"- {each}" for each in (*marked, *files)), "", body])


@keys_app.callback()
def _keys_group() -> None:
    """OpenPGP keys: ours, and those of the people who write to us."""


@keys_app.command()
def generate(
    address: Annotated[
        list[str] | None, typer.Option(help="An address that the key is for; may be repeated. Else the mail sender.")
    ] = None,
    name: Annotated[str, typer.Option(help="The name on the key.")] = "",
    years: Annotated[int, typer.Option(min=0, max=10, help="How long it lives; 0: for ever.")] = 3,
    as_json: Json = False,
) -> None:
    """Make an OpenPGP key of our own. Replies are signed with the newest; older ones still open what comes.

    Example: forgeward mail key generate --address security@example.com --name "Lattice & Loom"
    """
    chosen = tuple(each.strip().lower() for each in address or [RUN.home.require().settings.mail.sender] if each)
    if not chosen or not all(_is_address(each) for each in chosen):
        raise BadInput("It is not clear for which address the key is.", next="Name one with --address.")
    with _openpgp() as (openpgp, now):
        own = openpgp.generate(name, chosen, now, years)
    _show([_own_line(own.certificate, now)], then=f"Publish it: forgeward mail key show --armor\n{_backup()}")


@keys_app.command("import")
def import_key(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The key, armoured or binary; - reads stdin.")],
    of: Annotated[str, typer.Option("--of", metavar="ADDRESS", help="Whose public key it is; left out: our own.")] = "",
    as_json: Json = False,
) -> None:
    """Take in a key: a secret one of our own without a password, or somebody's public one as an offer.

    Example: forgeward mail key import rita.asc --of rita@example.org
    """
    data = _read(file)
    with _openpgp() as (openpgp, now):
        if not of:
            own = openpgp.import_own(data, now)
            return _show([_own_line(own.certificate, now)], then=_backup())
        return _offered(openpgp, data, of, now, origin="hand")


@keys_app.command()
def find(address: Address, as_json: Json = False) -> None:
    """Ask the address' own domain for its key (WKD), where settings.toml permits that; it comes in as an offer.

    Example: forgeward mail key find rita@example.org
    """
    if not RUN.home.require().settings.openpgp.wkd:
        raise BadInput(
            "Looking keys up is switched off: it tells the other domain whom we write to.",
            next="Set wkd = true under [openpgp] in settings.toml.",
        )
    from forgeward.edges.wkd import Wkd

    data = Wkd().find(address)
    if data is None:
        raise NotFound(f"The domain of {address} publishes no key for it.", next="Ask its owner for the key.")
    with _openpgp() as (openpgp, now):
        return _offered(openpgp, data, address, now, origin="wkd")


@keys_app.command()
def show(
    address: Annotated[str, typer.Argument(metavar="[ADDRESS]", help="Whose keys; left out: our own.")] = "",
    armor: Annotated[bool, typer.Option("--armor", help="Print the newest usable public key for publishing.")] = False,
    as_json: Json = False,
) -> None:
    """Show our keys, or somebody's, with what they are worth.

    Example: forgeward mail key show rita@example.org
    """
    with _openpgp() as (openpgp, now):
        lines: list[shapes.MailKey]
        if address:
            known = openpgp.keyring.known(address)
            lines, public = [_line(each, now) for each in known], [each.certificate for each in known]
        else:
            public = [own.certificate for own in openpgp.keyring.own()]
            lines = [_own_line(each, now) for each in public]
    if not armor:
        return _show(lines)
    usable = [each for each in public if not each.hindrance(now)]
    if not usable:
        raise NotFound("There is no key in use to show.", next="Make one with `forgeward mail key generate`.")
    from forgeward.edges.openpgp_mime import armoured

    return out.line(armoured(usable[0].public).rstrip("\n"))


@keys_app.command()
def agree(address: Address, fingerprint: Fingerprint, as_json: Json = False) -> None:
    """Agree to use an offered key: from now on it proves who writes, and answers are encrypted to it.

    Compare the fingerprint with its owner by another way than mail first.

    Example: forgeward mail key agree rita@example.org "5F0E A305 F2A3 4328 A635 A867 165A C154 10B7 68B7"
    """
    home = RUN.desk()
    from forgeward.desk.actions import agreements

    now = home.now()
    known, waiting = agreements.agree(home, address, fingerprint, RUN.person().actor(), now)
    _show([_line(known, now)], then=f"{waiting} held letters are tried again." if waiting else "")


@keys_app.command()
def withdraw(address: Address, fingerprint: Fingerprint, as_json: Json = False) -> None:
    """Take an agreement back: the key is an offer again, and proves nothing.

    Example: forgeward mail key withdraw rita@example.org 5F0EA305F2A34328A635A867165AC15410B768B7
    """
    home = RUN.desk()
    from forgeward.desk.actions import agreements

    now = home.now()
    _show([_line(agreements.withdraw(home, address, fingerprint, RUN.person().actor(), now), now)])


@contextmanager
def _openpgp() -> Iterator[tuple[OpenPgp, datetime]]:
    """The home's OpenPGP, and the home's instant."""
    from forgeward.edges.keyring import Keyring
    from forgeward.edges.keys import Keys
    from forgeward.edges.mail_parser import ParserPool
    from forgeward.edges.openpgp import OpenPgp

    home = RUN.home.require()
    with (
        Keys(home.keys) as keys,
        ParserPool(workers=1, spare=0) as parsers,
        OpenPgp(Keyring(home.keys / "openpgp", keys), parsers) as openpgp,
    ):
        yield openpgp, home.now()


def _offered(openpgp: OpenPgp, data: bytes, address: str, now: datetime, *, origin: str) -> None:
    from forgeward.respond.openpgp import Offer

    wanted = address.strip().lower()
    found = [each for each in openpgp.inspect(data, now) if wanted in each.addresses]
    if not found:
        raise BadInput(f"No key in it names {wanted}.", next="Ask the owner for the key with that address on it.")
    offers = [Offer(certificate=each, origin="wkd" if origin == "wkd" else "hand") for each in found]
    known = [openpgp.learn(wanted, offer, now) for offer in offers]
    _show([_line(each, now) for each in known], then="Compare the fingerprint, then: forgeward mail key agree …")


def _show(lines: Iterable[shapes.MailKey], then: str = "") -> None:
    shape = shapes.MailKeys(keys=list(lines))
    out.emit(shape, lambda: "\n".join(map(_text, shape.keys)) or "There is no key.")
    if then and not RUN.json:
        out.say(then)


def _text(key: shapes.MailKey) -> str:
    names = ", ".join(key.addresses) or "no address"
    ends = f", until {key.expires}" if key.expires else ""
    hindrance = f"  {key.hindrance}" if key.hindrance else ""
    return f"{key.fingerprint}  {key.state:<8} {key.algorithm:<10} {names}{ends}{hindrance}"


def _line(known: Known, now: datetime) -> shapes.MailKey:
    return _key(known.certificate, known.state(now), now, known.origin, known.agreed_by)


def _own_line(certificate: Certificate, now: datetime) -> shapes.MailKey:
    ended = "revoked" if certificate.revoked else "expired" if certificate.expired(now) else "own"
    return _key(certificate, ended, now, "", "")


def _key(certificate: Certificate, state: str, now: datetime, origin: str, by: str) -> shapes.MailKey:
    from forgeward.respond.openpgp import shown

    return shapes.MailKey(
        fingerprint=shown(certificate.fingerprint),
        state=state,
        addresses=list(certificate.addresses),
        algorithm=certificate.algorithm,
        created=rfc3339(certificate.created) if certificate.created else None,
        expires=rfc3339(certificate.expires) if certificate.expires else None,
        origin=origin or None,
        agreed_by=by or None,
        hindrance=certificate.hindrance(now) or None,
    )


def _is_address(text: str) -> bool:
    local, _, host = text.rpartition("@")
    return bool(local and host) and text.isascii() and not set(text) & set(' \t\r\n<>(),;:"[]\\')


def _backup() -> str:
    return "Back the folder keys/openpgp up with the home's keys: without it nobody can open what comes encrypted."


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read(_MOST + 1)
    try:
        return Path(file).read_bytes()
    except OSError as problem:
        raise BadInput(f"{file} cannot be read: {problem.strerror}.", next="Name the file with the key.") from None
