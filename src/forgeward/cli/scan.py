"""``forgeward scan``: what endangers an app's users, before a release."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from forgeward.cli import findings, out, shapes
from forgeward.cli.findings import Branch, Deployed, Revision
from forgeward.cli.scan_run import Asked, run
from forgeward.cli.start import Json
from forgeward.cli.state import RUN
from forgeward.errors import BadInput

AppKey = Annotated[
    str, typer.Option("--app", metavar="KEY", help="Hand the report to the desk, as this app's (see --server).")
]


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
    app_key: AppKey = "",
    branch: Branch = "",
    revision: Revision = "",
    deployed: Deployed = "",
    as_json: Json = False,
) -> None:
    """Find what endangers the users of a Forge app: manifest, code, lock files, CI. Needs no home.

    `forgeward scan explain RULE` says what a rule is about; without a rule it lists them.

    `--diff main` tells only what a change adds, and what it changes in the manifest, in words. `forgeward.toml` in the
    folder says which paths count and which rules are off, with a reason.

    With `--app KEY` the desk takes the report too: this home's, or with `forgeward --server URL scan …` and
    FORGEWARD_TOKEN that of another machine. `--fail-on` decides the exit code all the same.

    Example: forgeward scan . --diff origin/main --fail-on medium
    """
    if paths[0] == "explain":
        _explain(paths[1:])
        return
    asked = Asked(
        paths=paths,
        format="json" if as_json else format,
        fail_on=fail_on,
        baseline=baseline,
        diff=diff,
        config=config,
        no_cache=no_cache,
        rule=rule or [],
        out=output,
    )
    hand_in = _hand_in(app_key, branch, revision, deployed)
    if code := run(asked, hand_in):
        raise typer.Exit(code)


def _hand_in(app_key: str, branch: str, revision: str, deployed: str) -> Callable[[bytes], str] | None:
    """What brings the report to the desk, where one was named."""
    if not app_key:
        if RUN.server or deployed:
            raise BadInput("The desk must know whose report it is.", next="Name the app: --app KEY.")
        return None

    def work(raw: bytes) -> str:
        return findings.told(findings.hand_in(raw, app_key=app_key, branch=branch, revision=revision, version=deployed))

    return work


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
