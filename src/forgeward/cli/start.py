"""``init``, ``demo``, ``tick``, ``doctor``, ``audit``: a home's beginning and its health."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from forgeward.cli import out, shapes
from forgeward.cli.state import RUN
from forgeward.desk.founding import Founding
from forgeward.errors import AnswerIsNo, BadInput, HomeUnusable
from forgeward.vocabulary import parse_instant, rfc3339

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def init(
    vendor: Annotated[str, typer.Option(help="The vendor's name, as customers know it.")] = "Example Vendor",
    example: Annotated[
        str, typer.Option("--from", metavar="EXAMPLE", help="Begin with an example's policy: almbase.")
    ] = "",
    lead: Annotated[str, typer.Option(help="The Security Lead's name.")] = "",
    email: Annotated[str, typer.Option(help="The Security Lead's e-mail address.")] = "",
    zone: Annotated[str, typer.Option(help="The zone in which business hours are counted.")] = "Europe/London",
    as_json: Json = False,
) -> None:
    """Make a home: keys, an empty ledger, and the default policy adopted as version 1.

    Example: forgeward init --vendor "Lattice & Loom" --lead "Ines Okafor" --email ines@example.com
    """
    home = RUN.home
    if home.exists:
        raise HomeUnusable(f"There is a home at {home.folder} already.", next="Use it, or name another with --home.")
    founding = _founding(vendor, example, lead, email, zone)
    create(founding, demo=False)
    with_policy = shapes.Init(home=str(home.folder), policy=_policy_in_force(), lead=founding.lead_email)
    out.emit(with_policy, lambda: f"{home.folder} is ready. Policy version {with_policy.policy.version} is in force.")
    if not home.settings.mail.is_set:
        out.say("Outgoing mail is written to files until settings.toml has a [mail] section.")


def _founding(vendor: str, example: str, lead: str, email: str, zone: str) -> Founding:
    from forgeward.policy.defaults import default_policy_text, example_policy_text

    today = RUN.home.now().date()
    text = example_policy_text(example) if example else default_policy_text(vendor, today, zone)
    user = getpass.getuser()
    return Founding(lead_name=lead or user, lead_email=email or f"{user}@localhost", policy_text=text)


def create(founding: Founding, *, demo: bool) -> None:
    """Makes the folder, keys, tables, the first person and the first policy; what was cut short can be done again.

    The marker comes last: until then it is no home.
    """
    from forgeward.policy.document import load

    load(founding.policy_text)  # a bad document is refused before a folder exists
    home = RUN.home
    home.prepare()
    from forgeward.edges.keys import Keys

    Keys(home.keys).create()
    from forgeward.desk.setup import open_home

    open_home(home)
    from forgeward.desk.actions import homes

    if not homes.is_founded():
        homes.found(home, founding, home.now())
        home.policy_file.write_text(founding.policy_text, encoding="utf-8")
    home.create(demo=demo)


def _policy_in_force() -> shapes.PolicyInForce:
    from forgeward.desk import programme

    policy = programme.policies().latest
    return shapes.PolicyInForce(version=policy.version, effective=policy.effective.isoformat(), digest=policy.digest)


def demo(as_json: Json = False) -> None:
    """Fill a home that has no cases with a small vendor's year: people, cases in all states, some promises missed.

    Example: forgeward --home /tmp/try demo
    """
    if not RUN.home.exists:
        create(_founding("Lattice & Loom", "", "Ines Okafor", "ines@lattice-loom.example", "Europe/London"), demo=True)
    home = RUN.desk()
    from forgeward.desk.actions import demo as filler
    from forgeward.desk.models import CaseRow

    if CaseRow.objects.exists():
        raise AnswerIsNo(
            "This home has cases; demo data is only for a home without any.", next="Name a new home with --home."
        )
    home.mark_demo()
    cases = filler.fill(home.now(), out.progress("Demo cases"))
    out.emit(shapes.Demo(home=str(home.folder), cases=cases), lambda: f"{cases} cases are in {home.folder}.")


def tick(
    at: Annotated[str, typer.Option("--at", metavar="INSTANT", help="Demo homes only: go on from this instant.")] = "",
    as_json: Json = False,
) -> None:
    """Do once what the worker does all the time: wake clocks, send what waits, number entries.

    Example: forgeward tick
    """
    home = RUN.desk()
    if at:
        home.move_clock(parse_instant(at))
    from forgeward.desk.worker.rounds import one_round, told

    done = one_round(home, home.now, audits=True)
    problems = [told(what, problem) for what, problem in done.problems.items()]
    shape = shapes.Tick(at=rfc3339(home.now()), problems=problems, **done.counts())  # type: ignore[arg-type]  # all are numbers
    out.emit(shape, done.sentence)
    if problems:
        raise typer.Exit(2)


def doctor(as_json: Json = False) -> None:
    """Say what is set up and what is not: disk, keys, mail, worker, parser confinement.

    Example: forgeward doctor
    """
    shape = RUN.far.get("/doctor", shapes.Doctor) if RUN.far else _examined()
    findings = shape.checks
    out.emit(
        shape,
        lambda: "\n".join(f"{'ok  ' if f.ok else 'LOOK'}  {f.what}" + ("" if f.ok else f" {f.next}") for f in findings),
    )
    if not all(f.ok for f in findings):
        raise typer.Exit(1)


def _examined() -> shapes.Doctor:
    home = RUN.desk()
    from forgeward.desk import shown
    from forgeward.desk.readers.doctor import examine

    return shown.doctor(examine(home, home.now()))


def audit(as_json: Json = False) -> None:
    """Replay the history of every case and compare it with the tables and the tree.

    Example: forgeward audit --json
    """
    shape = RUN.far.get("/audit", shapes.Audit) if RUN.far else _audited()
    out.emit(shape, lambda: _audit_text(shape))
    if shape.problems:
        raise typer.Exit(1)


def _audited() -> shapes.Audit:
    home = RUN.desk()
    from forgeward.desk import shown
    from forgeward.desk.readers.audit import examine

    return shown.audit(examine(home.now(), out.progress("Entries")))


def _audit_text(shape: shapes.Audit) -> str:
    if shape.ok:
        return f"{shape.entries} entries and {shape.cases} cases agree with their history."
    return "\n".join(f"{p.where}: {p.what}" for p in shape.problems)


def read_text(file: Path) -> str:
    """A UTF-8 text file. Raises ``BadInput``."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{file} is not UTF-8 text.", next="Save it as UTF-8.") from None
    except OSError as problem:
        raise BadInput(f"{file}: {problem.strerror}.", next="Check the path.") from None
