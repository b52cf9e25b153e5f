"""Letters to reporters on the command line: templates, what goes along, and a look before anything leaves."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forgeward.cli import out, shapes
from forgeward.cli.start import Json
from forgeward.cli.state import RUN
from forgeward.edges.letters import templates
from forgeward.errors import BadInput, LettersInvalid, NotFound
from forgeward.respond import letters
from forgeward.respond.enclosure import LARGEST

if TYPE_CHECKING:
    from forgeward.desk.actions.letters import Preview
    from forgeward.desk.models import CaseRow
    from forgeward.respond.commands import Letter

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

LETTERS = frozenset({"acknowledge", "reply"})
Name = Annotated[str, typer.Argument(metavar="NAME", help="The template's name, like fixed.")]
Language = Annotated[str, typer.Option(help="The language, like en or de; left out: the reporter's, else English.")]


@app.callback()
def _group() -> None:
    """Templates that letters to reporters begin with."""


@app.command("list")
def list_templates(as_json: Json = False) -> None:
    """List the templates: the built-in ones, and those of the home's letters.yaml.

    Example: forgeward mail template list
    """
    shape = shapes.Templates(templates=[_line(each) for each in templates(RUN.home.require())])
    out.emit(shape, lambda: "\n".join(f"{t.name:<22} {t.language:<4} {t.kind:<20} {t.title}" for t in shape.templates))


@app.command()
def show(
    name: Name,
    language: Language = "",
    case: Annotated[str, typer.Option(help="Fill it in for this case.")] = "",
    as_json: Json = False,
) -> None:
    """Show a template, or the letter that it begins for a case. What stands in ⟦ ⟧ is left for you to write.

    Example: forgeward mail template show fixed --case FW-7Q3KXM --language de
    """
    if not case:
        template = letters.find(templates(RUN.home.require()), name, language)
        subject, text = template.subject, template.text
    else:
        home = RUN.desk()
        from forgeward.desk.actions import letters as actions

        row, known = visible(case), templates(home)
        template = letters.find(known, name, language or actions.language_for(home, row, known))
        filled = actions.begin(home, row, RUN.person(), template, home.now())
        subject, text = filled.subject, filled.text
    shape = shapes.TemplateShown(template=_line(template), subject=subject, text=text, gaps=list(letters.gaps(text)))
    out.emit(shape, lambda: text)


@app.command()
def check(
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="The file; left out: the home's letters.yaml.")] = "",
    as_json: Json = False,
) -> None:
    """Check a file of letters: every problem with its line. Exits 1 where there is one.

    Example: forgeward mail template check letters.yaml
    """
    path = Path(file) if file else RUN.home.require().letters_file
    try:
        found = letters.parse(path.read_text("utf-8"), path.name)
        problems: list[str] = []
    except LettersInvalid as problem:
        found, problems = (), [str(each) for each in problem.problems]
    except (OSError, UnicodeDecodeError) as problem:
        raise BadInput(f"{path} cannot be read: {problem}.", next="Name a text file in UTF-8.") from None
    shape = shapes.TemplatesChecked(ok=not problems, letters=len(found), problems=problems)
    out.emit(shape, lambda: "\n".join(problems) or f"{len(found)} letters, no problem.")
    if problems:
        raise typer.Exit(1)


def _line(template: letters.Template) -> shapes.TemplateLine:
    return shapes.TemplateLine(
        name=template.name,
        kind=template.kind,
        language=template.language,
        title=template.title,
        version=template.version,
    )


# --- the options that a letter has beside its fields -----------------------------------------------------------------


def options() -> list[inspect.Parameter]:
    """``--template``, ``--attach`` and ``--preview``."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    template = Annotated[str, typer.Option("--template", help="Begin with this template; --text replaces its text.")]
    attach = Annotated[list[str] | None, typer.Option("--attach", metavar="FILE", help="Goes along; may be repeated.")]
    preview = Annotated[bool, typer.Option("--preview", help="Show the letter as it would leave, and send nothing.")]
    return [
        inspect.Parameter("begin_with", keyword, default="", annotation=template),
        inspect.Parameter("attach", keyword, default=None, annotation=attach),
        inspect.Parameter("preview", keyword, default=False, annotation=preview),
    ]


def prepare(step: str, row: CaseRow, values: dict[str, Any]) -> dict[str, Any]:
    """The step's fields with what template and files add to them. Raises ``NotFound``, ``BadInput``."""
    from forgeward.desk.actions import letters as actions

    home, fields = RUN.home, dict(values)
    if values.get("begin_with"):
        known = letters.by_hand(templates(home))
        wanted = values.get("language") or actions.language_for(home, row, known)
        template = letters.find(known, values["begin_with"], wanted)
        filled = actions.begin(home, row, RUN.person(), template, home.now())
        fields |= {
            "text": values.get("text") or filled.text,
            "subject": values.get("subject") or filled.subject,
            "language": values.get("language") or template.language,
            "template": template.mark,
        }
        if step == "reply" and not values.get("kind"):
            fields["kind"] = "" if template.kind in {"other", "acknowledge"} else template.kind
    if values.get("attach"):
        contents = [(Path(name).name, _read(name)) for name in values["attach"]]
        fields["files"] = [each.line for each in actions.enclose(home, row, contents)]
    return fields


def _read(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as problem:
        raise BadInput(f"{name} cannot be read: {problem.strerror}.", next="Name a file that can be.") from None


def visible(number: str) -> CaseRow:
    """The case as this person may see it. Raises ``NotFound``."""
    from forgeward.desk.readers import cases as reader

    row = reader.visible_to(RUN.person()).filter(number=number.upper()).first()
    if row is None:
        raise NotFound(f"There is no case {number}.", next="See `forgeward case list`.")
    return row


def show_preview(step: str, row: CaseRow, command: Letter) -> None:
    """Prints the letter as it would leave."""
    from forgeward.desk.actions import letters as actions

    seen = actions.look(RUN.home, row, command, RUN.person(), RUN.home.now())
    shape = shapes.LetterPreview(
        id=row.number,
        step=step,
        sender=seen.sender,
        reply_to=seen.reply_to or None,
        to=seen.to,
        subject=seen.subject,
        text=seen.text,
        language=seen.language or None,
        files=[shapes.LetterFile(name=name, type=kind, size=size) for name, kind, size in seen.files],
        protection=seen.protection,
        withheld=seen.withheld,
        second_person=seen.waits,
        size=seen.size,
    )
    out.emit(shape, lambda: _preview_text(seen))


def _preview_text(seen: Preview) -> str:
    head = [f"From: {seen.sender}", f"To: {seen.to}", f"Subject: {seen.subject}"]
    head += [f"Reply-To: {seen.reply_to}"] if seen.reply_to else []
    head += [f"File: {name}, {kind}, {size:,} bytes" for name, kind, size in seen.files]
    tail = [seen.protection]
    tail += ["A second person reads it before it goes."] if seen.waits else []
    return "\n".join([*head, "", seen.text, "", *tail, "Nothing was sent."])
