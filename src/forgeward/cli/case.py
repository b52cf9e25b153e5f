"""``forgeward case``: list, show, next, and every step of ``respond.commands`` with its fields as options."""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, cast
from urllib.parse import quote
from zoneinfo import ZoneInfo

import typer

from forgeward.cli import letters, out, shapes
from forgeward.cli.start import Json
from forgeward.cli.state import RUN
from forgeward.errors import BadInput, NotFound
from forgeward.respond.commands import Command
from forgeward.respond.fields import FieldSpec
from forgeward.respond.parse import STEPS, parse, specs
from forgeward.vocabulary import Role

if TYPE_CHECKING:
    from forgeward.desk.actions.cases import Performed
    from forgeward.desk.readers.cases import CasePage
    from forgeward.respond.commands import Letter

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Number = Annotated[str, typer.Argument(metavar="ID", help="The case's number, like FW-7Q3KXM.")]
EXAMPLES = {
    "acknowledge": '--text "Thank you, we are looking into it."',
    "assess": "--scope … --impact … --affected … --exploitability … --severity high --reason …",
    "reply": "--template fixed --language de --attach changes.txt --preview",
    "resend": "--letter 7",
    "contain": '--how switch_off --detail "Flag export-notes is off in production"',
    "open": '--title "Errors since the last release" --text "…"',
}


@app.command("list")
def list_cases(
    state: Annotated[str, typer.Option(help="Only cases in this state.")] = "",
    kind: Annotated[str, typer.Option(help="Only event, vulnerability or incident.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 50,
    after: Annotated[str, typer.Option(help="Go on after this cursor, as the last page gave it.")] = "",
    as_json: Json = False,
) -> None:
    """List cases, the nearest deadline first.

    Example: forgeward case list --state received
    """
    shape = _listed(state=state, kind=kind, limit=limit, after=after)
    out.emit(shape, lambda: _list_text(shape))


def _listed(**asked: Any) -> shapes.Cases:
    if RUN.far:
        return RUN.far.get("/cases", shapes.Cases, **asked)
    home = RUN.desk()
    from forgeward.desk import shown
    from forgeward.desk.readers import cases as reader

    return shown.cases(reader.listing(RUN.person(), home.now(), **asked))


def _list_text(shape: shapes.Cases) -> str:
    if not shape.cases:
        return "No cases. Take a mail in with `forgeward intake mail FILE`, or open one with `forgeward case open`."
    lines = [f"{'CASE':<9}  {'STATE':<12} {'LEVEL':<9} {'NEXT':<6} {'DUE':<17}  TITLE"]
    for c in shape.cases:
        when = f"{c.next_promise or '':<6} {out.minute(c.next_due):<17}"
        lines.append(f"{c.id}  {c.state:<12} {c.level or '-':<9} {when}  {c.title}")
    return "\n".join(lines) + (f"\nMore: --after {shape.after}" if shape.after else "")


@app.command()
def show(number: Number, as_json: Json = False) -> None:
    """Show a case: severity, clocks, what the next step lacks, and its history.

    Example: forgeward case show FW-7Q3KXM --json
    """
    if RUN.far:
        shape = RUN.far.get(f"/cases/{quote(number, safe='')}", shapes.Case)
    else:
        page = _page(number)
        from forgeward.desk import shown

        shape = shown.case(page)
    out.emit(shape, lambda: _show_text(shape))


def _page(number: str) -> CasePage:
    home = RUN.desk()
    from forgeward.desk.readers import cases as reader

    return reader.case_page(number.upper(), RUN.person(), home.now())


def _show_text(shape: shapes.Case) -> str:
    level = shape.severity.level or "severity open"
    lines = [
        f"{shape.id}  {shape.title}",
        f"{shape.kind}, {shape.state}, {level} {shape.severity.vector or ''}".rstrip(),
    ]
    lines += [f"Exception: {text}" for text in shape.exceptions]
    if shape.reporter_unverified:
        lines.append("Reporter not verified: nothing proves that the first mail came from where answers go.")
    lines += ["", "Clocks"]
    lines += [
        f"  {c.promise:<6} {c.regime:<12} {c.state:<14} due {out.minute(c.due)}{'  leads' if c.leads else ''}"
        for c in shape.clocks
    ]
    lines += ["", "Next"] + [f"  {n.step:<12} {_lacks(n)}" for n in shape.next]
    lines += ["", "History"] + [
        f"  {t.seq:>3}  {out.minute(t.at)}  {t.actor:<20} {t.what or t.change}" for t in shape.timeline
    ]
    return "\n".join(lines)


def _lacks(step: shapes.NextShape) -> str:
    return "lacks " + ", ".join(step.missing) if step.missing else "can be recorded"


@app.command("next")
def next_steps(number: Number, as_json: Json = False) -> None:
    """Say what the next steps of a case are and what each lacks.

    Example: forgeward case next FW-7Q3KXM
    """
    if RUN.far:
        shape = RUN.far.get(f"/cases/{quote(number, safe='')}/next", shapes.NextSteps)
    else:
        page = _page(number)
        from forgeward.desk import shown

        shape = shown.next_steps(page)
    out.emit(shape, lambda: _next_text(shape))


def _next_text(shape: shapes.NextSteps) -> str:
    lines = []
    for step in shape.next:
        lines.append(f"{step.step}:" + (" lacks" if step.missing else " can be recorded"))
        lacks = (lack for lack in shape.lacks if lack.step == step.step)
        lines += [f"  --{m.name.replace('_', '-'):<22} {m.what}  {m.promise}".rstrip() for m in lacks]
    return "\n".join(lines) or "Nothing is left to do on this case."


# --- steps, made from their commands ---------------------------------------------------------------------------------


def _option(spec: FieldSpec) -> inspect.Parameter:
    flag = "--" + spec.option
    help = spec.help + (f" ({spec.promise})" if spec.promise else "")
    if spec.choices:
        help += f": {', '.join(spec.choices)}"
    if spec.kind == "flag":
        annotation: Any = Annotated[bool, typer.Option(flag, help=help)]
        default: Any = False
    elif spec.kind == "list":
        annotation, default = Annotated[list[str] | None, typer.Option(flag, help=help + "; may be repeated")], None
    else:
        annotation, default = Annotated[str, typer.Option(flag, help=help)], ""
    return inspect.Parameter(_variable(spec), inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _command(step: str, run: Callable[[dict[str, Any]], None], *, with_number: bool) -> Callable[..., None]:
    """A Typer callback whose options are the command's fields."""
    parameters = [_option(spec) for spec in specs(step)]
    if with_number:
        parameters.insert(0, inspect.Parameter("number", inspect.Parameter.KEYWORD_ONLY, annotation=Number))
    if step in letters.LETTERS:
        parameters += letters.options()
    parameters.append(inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Json))

    def callback(**values: Any) -> None:
        run(values)

    callback.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    callback.__annotations__ = {p.name: p.annotation for p in parameters}
    return callback


def _variable(spec: FieldSpec) -> str:
    """A name that Python takes as a parameter: ``as`` is a keyword."""
    return f"{spec.name}_" if keyword.iskeyword(spec.name) else spec.name


def build_command(step: str, values: dict[str, Any]) -> Command:
    """A typed command from what options said. Raises ``BadInput`` for a value of the wrong form."""
    from forgeward.desk import programme
    from forgeward.desk.readers.people import person_id

    zone = ZoneInfo(programme.policies().at(RUN.home.now()).time.zone)
    filled = {spec.name: values.get(_variable(spec)) for spec in specs(step)}
    filled |= {name: values[name] for name in ("template", "files") if step in letters.LETTERS and name in values}
    given = {name: value for name, value in filled.items() if value not in (None, "", [], False)}
    for spec in specs(step):
        if spec.kind == "person" and spec.name in given:
            given[spec.name] = person_id(spec.option, given[spec.name])
        if spec.name == "people" and spec.name in given:
            given[spec.name] = [person_id(spec.option, one) for one in given[spec.name]]
    return parse(step, given, zone=zone)


def _step(step: str) -> Callable[..., None]:
    def run(values: dict[str, Any]) -> None:
        if RUN.far:
            path = f"/cases/{quote(values['number'], safe='')}/{step.replace('_', '-')}"
            return _emit_done(RUN.far.post(path, shapes.Done, _sent(step, values)))
        home = RUN.desk()
        from forgeward.desk.actions import cases, outbox

        number = values["number"].upper()
        _visible(number, step)
        if step in letters.LETTERS:
            row = letters.visible(number)
            command = build_command(step, letters.prepare(step, row, values))
            if values["preview"]:
                return letters.show_preview(step, row, cast("Letter", command))
        else:
            command = build_command(step, values)
        performed = cases.perform(number, command, RUN.person().actor(), home.now())
        if performed.notices:
            outbox.deliver(home, home.now, only=performed.notices)
        return _done(number, step, performed)

    callback = _command(step, run, with_number=True)
    example = f"forgeward case {step.replace('_', '-')} FW-7Q3KXM {EXAMPLES.get(step, '')}".rstrip()
    callback.__doc__ = f"{STEPS[step].help}.\n\nExample: {example}"
    return callback


def _visible(number: str, step: str) -> None:
    """Nobody learns that a case is there which is closed to them. The Lead may change unseen who sees it."""
    from forgeward.desk.readers import cases as reader

    person = RUN.person()
    unseen = step == "restrict" and Role.LEAD in person.roles
    if not unseen and not reader.visible_to(person).filter(number=number).exists():
        raise NotFound(f"There is no case {number}.", next="See `forgeward case list`.")


def _done(number: str, step: str, performed: Performed) -> None:
    from forgeward.desk import shown

    _emit_done(shown.done(_page(number), step, performed))


def _emit_done(shape: shapes.Done) -> None:
    out.emit(shape, lambda: _done_text(shape))


def _sent(step: str, values: dict[str, Any]) -> dict[str, Any]:
    """What options said, as a call's body. Raises ``BadInput`` for what works on the home's own machine only."""
    filled = {spec.name: values.get(_variable(spec)) for spec in specs(step)}
    beside = set(values) - {_variable(spec) for spec in specs(step)} - {"number", "as_json"}
    if local := sorted(name for name in beside if values[name]):
        raise BadInput(f"--{local[0].replace('_', '-')} needs the home itself.", next="Leave it away, or run it there.")
    return {name: value for name, value in filled.items() if value not in (None, "", [], False)}


def _done_text(shape: shapes.Done) -> str:
    lines = [f"{shape.id}: {shape.step} is recorded. The case is {shape.state.replace('_', ' ')}."]
    if shape.waits_for:
        more = f" --proposal {shape.change}" if shape.step in letters.LETTERS else ""
        lines.append(f"It waits for a second person: forgeward case approve {shape.id} --step {shape.step}{more}")
    lines += [f"Mail to {n['to']}: {n['answer'] or n['state']}" for n in shape.notices]
    lines += [f"Next: {n.step} ({_lacks(n)})" for n in shape.next[:3]]
    return "\n".join(lines)


def _open(values: dict[str, Any]) -> None:
    if RUN.far:
        return _emit_done(RUN.far.post("/cases", shapes.Done, _sent("receive", values)))
    home = RUN.desk()
    from forgeward.desk.actions import cases

    performed = cases.open_case(build_command("receive", values), RUN.person().actor(), home.now())
    return _done(performed.number, "open", performed)


def _register() -> None:
    opening = _command("receive", _open, with_number=False)
    opening.__doc__ = f"Open a case by hand.\n\nExample: forgeward case open {EXAMPLES['open']}"
    app.command("open")(opening)
    for step in STEPS:
        app.command(step.replace("_", "-"))(_step(step))


_register()
