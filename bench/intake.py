"""How many mails a second become cases: out of a Maildir, stored durably, read by the guarded children, filed.

The mix is stated: most mails bear their domain's DKIM signature (RSA, 2,048 bits), some are encrypted to us and signed.
DKIM, SPF and DMARC are computed; the DNS answers from memory, since other people's servers are not what is measured.
Every mail has a text and a sender of its own, so that each opens a case; letters are made and not sent.

The floor: the same mails through the same warm children, with nothing stored and nobody's sender checked.
"""

from __future__ import annotations

import base64
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from bench.mail import WORDS
from bench.report import Figure
from forgeward.edges.guarded import Guard
from forgeward.edges.home import Home
from forgeward.edges.keyring import Keyring, Own
from forgeward.edges.keys import Keys
from forgeward.edges.mail_out import Outgoing
from forgeward.edges.mail_parser import ParserPool
from forgeward.edges.openpgp import OpenPgp
from forgeward.respond.dns import NOTHING, Answer, Question
from forgeward.respond.openpgp import Offer

if TYPE_CHECKING:
    from forgeward.desk.actions.filing import Taken

MAILS, FRESH = 1_200, 100
BACKLOG, KILLS = 2_000, 3
DKIM_EVERY, PGP_EVERY = 5, 20  # three of five mails are signed by their domain, one in twenty uses OpenPGP
SIGNED = 3
ROOT = Path(__file__).parent.parent
SELECTOR, DOMAIN, OURS = "s", "example.org", "security@bench.example"
SETTINGS = """
[[mailbox]]
name = "security"
address = "security@bench.example"
maildir = "{drop}"

[intake]
cases_of_sender = 100000
"""


def run() -> list[Figure]:
    """SQLite in this process, a backlog by IMAP where Dovecot is, PostgreSQL where Debian's server is installed."""
    figures = [*measured("SQLite", "≥ 100/s"), *_backlog()]
    ask = "import bench.intake as i; print('\\n' + i.as_json('PostgreSQL', '≥ 50/s'))"
    done = subprocess.run(
        [str(ROOT / "script" / "postgres"), sys.executable, "-c", ask],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "FORGEWARD_POSTGRES_FSYNC": "on"},
    )
    if done.returncode == 3:
        print("PostgreSQL was not measured: there is no server here.", file=sys.stderr)
        return figures
    done.check_returncode()
    return figures + [Figure(**row) for row in json.loads(done.stdout.strip().splitlines()[-1])]


def _backlog() -> list[Figure]:
    """A mailbox of 2,000 mails, emptied by processes that are killed three times on the way."""
    from tests.edges import dovecot
    from tests.journeys.backlog import empty

    if not dovecot.PROGRAM:
        print("The backlog was not measured: Dovecot is not installed.", file=sys.stderr)
        return []
    with dovecot.running() as server, tempfile.TemporaryDirectory(prefix="forgeward-bench-") as folder:
        _, done = empty(server, Path(folder) / "home", BACKLOG, KILLS)
    slowest, start = max(done.filed), max(done.start)
    return [
        Figure(
            "intake",
            f"from `kill -9` of fetcher and worker to the next filed mail, {BACKLOG:,} mails by IMAP, {KILLS} kills",
            f"at most {slowest:.1f} s; all in {done.seconds:.0f} s",
            f"two processes that only load the programs: {start:.1f} s",
            slowest / start,
            "no second beyond the start",
        )
    ]


def as_json(database: str, goal: str) -> str:
    """The figures of one database, for the process that asked."""
    return json.dumps([asdict(figure) for figure in measured(database, goal)])


def measured(database: str, goal: str) -> list[Figure]:
    """Mails a second from the Maildir to the case with warm children, and with a fresh process for each mail."""
    from bench.house import founded

    if server := os.environ.get("FORGEWARD_TEST_DATABASE"):
        os.environ["FORGEWARD_DATABASE_URL"] = server
    with tempfile.TemporaryDirectory(prefix="forgeward-bench-") as folder:
        home, drop = founded(Path(folder) / "home"), Path(folder) / "drop"
        home.settings_file.write_text(SETTINGS.format(drop=drop))
        mails = _corpus(home, MAILS + FRESH + 32)
        with ParserPool() as pool:
            _through(home, drop, mails[:32], pool)  # warms the children, those of OpenPGP too
            work = mails[32 : 32 + MAILS]
            stored, read = _through(home, drop, work, pool)
            floor = len(work) / _seconds(lambda: list(pool.parse_many(work)))
        with ParserPool(workers=2, spare=0, guard=Guard(mails=1)) as pool:
            fresh = len(mails[32 + MAILS :]) / sum(_through(home, drop, mails[32 + MAILS :], pool))
        rate = MAILS / (stored + read)
    share = f"{SIGNED / DKIM_EVERY:.0%} with DKIM, {1 / PGP_EVERY:.0%} with OpenPGP"
    alone = f"the children alone: {floor:,.0f}/s"
    return [
        Figure(
            "intake",
            f"mails from Maildir to case, {database}, warm children ({share})",
            f"{rate:,.0f}/s; storing alone {MAILS / stored:,.0f}/s, reading and filing alone {MAILS / read:,.0f}/s",
            alone,
            rate / floor,
            goal,
        ),
        Figure("intake", f"the same, one process for each mail, {database}", f"{fresh:,.0f}/s", alone, fresh / floor),
    ]


def _through(home: Home, drop: Path, mails: list[bytes], pool: ParserPool) -> tuple[float, float]:
    """Seconds for storing what lies in the Maildir, and for reading and filing it."""
    from forgeward.desk.actions import intake
    from forgeward.desk.actions.mailboxes import DropFolder

    for name in ("new", "cur", "tmp"):
        (drop / name).mkdir(parents=True, exist_ok=True)
    for number, raw in enumerate(mails):
        (drop / "new" / f"{number:08}").write_bytes(raw)
    (box,) = home.settings.mailbox
    stored = _seconds(lambda: DropFolder(home, box, home.now).look())
    for each in (drop / "cur").iterdir():
        each.unlink()
    taken: list[Taken] = []

    def read() -> None:
        while some := intake.read_stored(home, home.now, "bench", pool):
            taken.extend(some)

    seconds = _seconds(read)
    _require(taken, len(mails))
    return stored, seconds


def _seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _require(taken: Sequence[Taken], mails: int) -> None:
    """Each mail a case, each signature found good, each encrypted mail opened: else the figure says nothing."""
    cases = {each.case for each in taken if each.new}
    found = Counter(name for each in taken for name, verdict in each.signals.items() if verdict == "pass")
    wanted = {"dkim": SIGNED / DKIM_EVERY, "openpgp": 1 / PGP_EVERY}
    if len(cases) != mails or any(abs(found[name] - mails * share) > 1 for name, share in wanted.items()):
        raise AssertionError(f"{mails} mails made {len(cases)} cases; proven were {dict(found)}")


# --- the mails --------------------------------------------------------------------------------------------------------


def _corpus(home: Home, count: int) -> list[bytes]:
    """Reports as they come, 2 to 60 KB: plain, with HTML, with a screenshot; signed and encrypted as the mix says."""
    chance, sign, protect = random.Random(11), _dkim(home), _openpgp(home)
    mails = []
    for number in range(count):
        raw = _mail(chance, number)
        raw = protect(f"rita{number}@example.org", raw) if number % PGP_EVERY == 1 else raw
        mails.append(sign(raw) if number % DKIM_EVERY < SIGNED else raw)
    return mails


def _mail(chance: random.Random, number: int) -> bytes:
    text = " ".join(chance.choices(WORDS, k=chance.randint(80, 600))).encode() + b" %d" % number
    html = b"<html><body><p>" + text.replace(b" the ", b"</p><p>the ") + b"</p></body></html>"
    shot = base64.encodebytes(b"\x89PNG\r\n\x1a\n" + chance.randbytes(chance.randint(4_000, 40_000)))
    parts = [(b"text/plain", text), (b"text/html", html), (b"image/png", shot)][: 1 + number % 3]
    body = b"".join(
        b"--b\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n%s\r\n"
        % (kind, b"8bit" if kind.startswith(b"text/") else b"base64", content.replace(b"\n", b"\r\n"))
        for kind, content in parts
    )
    return (
        b"Received: from mx.example.org by mx.bench.example; Mon, 23 Nov 2026 10:20:00 +0000\r\n"
        b"From: =?utf-8?q?Rit=%%C3=%%A4?= <rita%d@example.org>\r\nTo: %s\r\nSubject: =?utf-8?q?L=%%C3=%%BCcke?= %d\r\n"
        b"Date: Mon, 23 Nov 2026 10:20:00 +0000\r\nMessage-ID: <b%d@example.org>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/%s; boundary=b\r\n\r\n%s--b--\r\n"
    ) % (number, OURS.encode(), number, number, b"alternative" if len(parts) == 2 else b"mixed", body)


class _Zone:
    """A DNS of three records in memory."""

    def __init__(self, records: dict[str, str]) -> None:
        self._records = records

    def resolve(self, question: Question) -> Answer:
        found = self._records.get(question.name) if question.kind == "TXT" else None
        return Answer("found", (found,)) if found else NOTHING


def _dkim(home: Home) -> Callable[[bytes], bytes]:
    """Signs as example.org does; its key is what the DNS of this home answers from now on."""
    import dkim
    from cryptography.hazmat.primitives import serialization as how
    from cryptography.hazmat.primitives.asymmetric import rsa

    from forgeward.desk import proofs
    from forgeward.edges.mail_auth import Cache

    key = rsa.generate_private_key(65_537, 2_048)
    public = key.public_key().public_bytes(how.Encoding.DER, how.PublicFormat.SubjectPublicKeyInfo)
    zone = {
        f"{SELECTOR}._domainkey.{DOMAIN}": f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}",
        DOMAIN: "v=spf1 -all",
        f"_dmarc.{DOMAIN}": "v=DMARC1; p=reject",
    }
    proofs._answers[home.settings.dns] = Cache(_Zone(zone))
    pem = key.private_bytes(how.Encoding.PEM, how.PrivateFormat.TraditionalOpenSSL, how.NoEncryption())
    return lambda raw: bytes(dkim.sign(raw, SELECTOR.encode(), DOMAIN.encode(), pem)) + raw


def _openpgp(home: Home) -> Callable[[str, bytes], bytes]:
    """Signs with a key that was agreed on with the sender, and encrypts to this home's key."""
    from forgeward.desk import proofs

    now, folder = datetime.now(UTC), home.folder.parent / "rita"
    keys = Keys(folder)
    keys.create("rita.example/ledger")
    parsers = ParserPool(workers=1, spare=0)
    desk = proofs.openpgp(home, parsers)
    ours = desk.generate("Bench", (OURS,), now)
    rita = OpenPgp(Keyring(folder / "openpgp", keys), parsers)
    hers = rita.generate("Rita", ("rita@example.org",), now)
    _agree(rita, OURS, ours, now)

    def protect(sender: str, raw: bytes) -> bytes:
        _agree(desk, sender, hers, now)
        return rita.protect(Outgoing("", "", OURS, raw), now, "required").mail.raw

    return protect


def _agree(openpgp: OpenPgp, address: str, own: Own, now: datetime) -> None:
    openpgp.learn(address, Offer(certificate=own.certificate, origin="attached"), now)
    openpgp.keyring.agree(address, own.certificate.fingerprint, "person:1", now)
