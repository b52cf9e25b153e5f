"""``forgeward scan``: what endangers an app's users, before a release."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forgeward.cli import out, shapes
from forgeward.cli.start import Json
from forgeward.cli.state import RUN
from forgeward.errors import BadInput

if TYPE_CHECKING:
    from forgeward.prevent.findings import Grade, Report
    from forgeward.prevent.rules.base import Rule
    from forgeward.prevent.settings import Settings

FORMATS = ("text", "json", "sarif", "github", "markdown", "html")


def scan(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH…", help="Folders to scan; or “explain” and the id of a rule.")
    ],
    format: Annotated[str, typer.Option(help="text, json, sarif, github, markdown or html.")] = "text",
    fail_on: Annotated[
        str | None,
        typer.Option(help="Exit 1 from this severity on: critical, high (if nothing says otherwise), …, never."),
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="An earlier report in JSON: its findings are not told again.")
    ] = None,
    diff: Annotated[
        str | None,
        typer.Option(metavar="BASE", help="Tell only what came since this git revision, or this earlier folder."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Settings; else forgeward.toml of the folder that is scanned.")
    ] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Neither read nor keep anything between scans.")] = False,
    rule: Annotated[list[str] | None, typer.Option(help="Run only this rule; may be given several times.")] = None,
    output: Annotated[Path | None, typer.Option("--out", help="Write the report to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Find what endangers the users of a Forge app: manifest, code, lock files, CI. Needs no home.

    `forgeward scan explain RULE` says what a rule is about; without a rule it lists them.

    `--diff main` tells only what a change adds, and what it changes in the manifest, in words. `forgeward.toml` in the
    folder says which paths count and which rules are off, with a reason.

    Example: forgeward scan . --diff origin/main --fail-on medium
    """
    if paths[0] == "explain":
        _explain(paths[1:])
        return
    chosen = "json" if as_json else format
    if chosen not in FORMATS:
        raise BadInput(f"There is no format “{chosen}”.", next=f"Choose one of {', '.join(FORMATS)}.")
    settings = _settings(paths, config)
    limit = _limit(fail_on or settings.fail_on or "high")
    rules = _rules(rule or [])
    if baseline is None and settings.baseline:
        baseline = (config or Path(paths[0]) / "forgeward.toml").parent / settings.baseline
    report = _without(_scan(paths, rules, settings, diff or "", cached=not no_cache), baseline)
    for note in report.notes:
        out.say(note)
    _write(_rendered(report, rules, chosen), output)
    if limit is not None and report.at_least(limit):
        raise typer.Exit(1)
    if not report.complete and not report.findings:
        raise typer.Exit(2)


def _limit(word: str) -> Grade | None:
    from forgeward.prevent.findings import Grade

    if word == "never":
        return None
    try:
        return Grade(word)
    except ValueError:
        choices = ", ".join(grade.value for grade in Grade)
        raise BadInput(f"There is no severity “{word}”.", next=f"Choose {choices} or never.") from None


def _rules(wanted: list[str]) -> tuple[Rule, ...]:
    from forgeward.prevent.rules import all_rules, find_rule

    return tuple(find_rule(name) for name in wanted) or all_rules()


def _settings(paths: list[str], config: Path | None) -> Settings:
    """The settings that were named, or those of the one folder."""
    from forgeward.prevent import settings
    from forgeward.prevent.rules import all_rules

    place = config or Path(paths[0]) / settings.NAME
    if config is None and (len(paths) > 1 or not place.is_file()):
        return settings.Settings()
    try:
        text = place.read_text(encoding="utf-8")
    except OSError as problem:
        raise BadInput(f"{place}: {problem.strerror}.", next="Name a file that exists.") from None
    except UnicodeDecodeError:
        raise BadInput(f"{place} is not UTF-8.", next="Save it as UTF-8.") from None
    return settings.read(text, [rule.id for rule in all_rules()], str(place))


def _scan(paths: list[str], rules: tuple[Rule, ...], settings: Settings, base: str, *, cached: bool) -> Report:
    from forgeward.edges.scan_cache import ScanCache, default_folder
    from forgeward.edges.scanning import scan_folders

    return scan_folders(
        [Path(p) for p in paths],
        rules,
        RUN.home.now().date(),
        out.progress("apps"),
        settings=settings,
        cache=ScanCache(default_folder()) if cached else None,
        base=base,
    )


def _without(report: Report, baseline: Path | None) -> Report:
    """The report without what an earlier one already told."""
    if baseline is None:
        return report
    import msgspec

    from forgeward.prevent.findings import Report as Known

    try:
        known = {f.fingerprint for f in msgspec.json.decode(baseline.read_bytes(), type=Known).findings}
    except OSError as problem:
        raise BadInput(
            f"{baseline}: {problem.strerror}.", next="Name a report that `scan --format json` wrote."
        ) from None
    except msgspec.MsgspecError as problem:
        message = f"{baseline} is no report of a scan: {problem}"
        raise BadInput(message, next="Name a report that `scan --format json` wrote.") from None
    kept = tuple(f for f in report.findings if f.fingerprint not in known)
    return msgspec.structs.replace(report, findings=kept)


def _rendered(report: Report, rules: tuple[Rule, ...], chosen: str) -> str:
    import msgspec

    from forgeward.prevent.report import annotations, markdown, page, sarif, text

    if chosen == "json":
        return msgspec.json.encode(shapes.Scan.of(report)).decode()
    if chosen == "sarif":
        return msgspec.json.format(msgspec.json.encode(sarif.render(report, rules)), indent=1).decode()
    makers = {"github": annotations.render, "markdown": markdown.render, "html": page.render}
    return makers.get(chosen, text.render)(report).rstrip("\n")


def _write(rendered: str, output: Path | None) -> None:
    if output is None:
        if rendered:
            out.line(rendered)
        return
    try:
        output.write_text(rendered + "\n", encoding="utf-8")
    except OSError as problem:
        raise BadInput(f"{output}: {problem.strerror}.", next="Name a file that can be written.") from None


def _explain(names: list[str]) -> None:
    from forgeward.prevent.report.explain import text
    from forgeward.prevent.rules import all_rules, find_rule

    if names:
        rules = [find_rule(name) for name in names]
        out.emit(shapes.ScanRules.of(rules), lambda: "\n\n".join(text(r) for r in rules))
        return
    listed = all_rules()
    out.emit(
        shapes.ScanRules.of(listed),
        lambda: "\n".join(f"{r.id:<30} {r.severity.value:<9} {r.title}" for r in listed),
    )
