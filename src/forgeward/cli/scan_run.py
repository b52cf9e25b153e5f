"""What ``forgeward scan`` does, without the option parser: that costs more than a scan whose result is known.

``plain`` reads a command line that holds only options of ``scan``; for anything else (help, a slip, ``explain``) it
answers None, and the option parser speaks.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from forgeward.cli import out
from forgeward.cli.state import RUN
from forgeward.edges.files import read_trees
from forgeward.edges.scan_store import Store, default_folder
from forgeward.errors import BadInput, ForgewardError, NotFound
from forgeward.prevent.findings import Grade, Report
from forgeward.prevent.settings import NAME, Settings, read, rule_ids

FORMATS = ("text", "json", "sarif", "github", "markdown", "html")


class Asked(msgspec.Struct, kw_only=True):
    """The options of one call."""

    paths: list[str] = []
    format: str = "text"
    fail_on: str | None = None
    baseline: Path | None = None
    diff: str | None = None
    config: Path | None = None
    no_cache: bool = False
    rule: list[str] = []
    out: Path | None = None


_PATHS = {"--baseline", "--config", "--out"}
_TEXTS = {"--format", "--fail-on", "--diff"}


def plain(argv: Sequence[str]) -> Asked | None:
    """The options of a simple command line; None where the option parser must look at it."""
    asked, words = Asked(), iter(argv)
    for word in words:
        name, sign, given = word.partition("=")
        field = name.removeprefix("--").replace("-", "_")
        if word == "--no-cache":
            asked.no_cache = True
        elif word == "--json":
            asked.format = "json"
        elif name in _PATHS | _TEXTS | {"--rule"}:
            value = given if sign else next(words, None)
            if value is None or value.startswith("-"):
                return None
            if name == "--rule":
                asked.rule.append(value)
            else:
                setattr(asked, field, Path(value) if name in _PATHS else value)
        elif word.startswith("-"):
            return None
        else:
            asked.paths.append(word)
    if not asked.paths or asked.paths[0] == "explain":
        return None
    if "--json" in argv:
        asked.format = "json"
    RUN.json = asked.format == "json"
    return asked


def main(asked: Asked) -> int:
    """``run`` as a whole program: errors become sentences and exit codes."""
    os.umask(0o077)  # a report tells where an app is weak: it is its owner's alone
    gc.disable()  # a short life with millions of small tuples and no cycles worth looking for
    try:
        return run(asked)
    except ForgewardError as problem:
        return out.failure(problem)
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away; Python would complain once more at exit
        return 2
    except OSError as problem:
        where = f"{problem.filename}: " if problem.filename else ""
        return out.failure(BadInput(f"{where}{problem.strerror}.", next="Look at the file or disk, then do it again."))


def run(asked: Asked, hand_in: Callable[[bytes], str] | None = None) -> int:
    """Scans, prints, and answers with the exit code: 1 at or above the limit, 2 when nothing could be said.

    ``hand_in`` takes the report as JSON to the desk, after it was printed, and says what came of it.
    """
    if asked.format not in FORMATS:
        raise BadInput(f"There is no format “{asked.format}”.", next=f"Choose one of {', '.join(FORMATS)}.")
    settings = _settings(asked)
    limit = _limit(asked.fail_on or settings.fail_on or "high")
    baseline = asked.baseline
    if baseline is None and settings.baseline:
        baseline = _config_place(asked).parent / settings.baseline
    report = _without(_scan(asked, settings), baseline)
    report = msgspec.structs.replace(report, partial=_partial(asked, baseline))
    for note in report.notes:
        out.say(note)
    _write(_rendered(report, asked), asked.out)
    if hand_in is not None:
        out.say(hand_in(msgspec.json.encode(report)))
    if limit is not None and report.at_least(limit):
        return 1
    return 2 if not report.complete and not report.findings else 0


def _partial(asked: Asked, baseline: Path | None) -> str:
    """Why the report does not tell all there is; empty where it does."""
    if asked.diff is not None:
        return f"only what came since {asked.diff}"
    if asked.rule:
        return f"only {', '.join(asked.rule)}"
    return f"without what {baseline} tells" if baseline is not None else ""


def _limit(word: str) -> Grade | None:
    if word == "never":
        return None
    try:
        return Grade(word)
    except ValueError:
        choices = ", ".join(grade.value for grade in Grade)
        raise BadInput(f"There is no severity “{word}”.", next=f"Choose {choices} or never.") from None


def _config_place(asked: Asked) -> Path:
    return asked.config or Path(asked.paths[0]) / NAME


def _settings(asked: Asked) -> Settings:
    """The settings that were named, or those of the one folder."""
    place = _config_place(asked)
    if asked.config is None and (len(asked.paths) > 1 or not place.is_file()):
        return Settings()
    try:
        text = place.read_text(encoding="utf-8")
    except OSError as problem:
        raise BadInput(f"{place}: {problem.strerror}.", next="Name a file that exists.") from None
    except UnicodeDecodeError:
        raise BadInput(f"{place} is not UTF-8.", next="Save it as UTF-8.") from None
    return read(text, rule_ids(), str(place))


def _scan(asked: Asked, settings: Settings) -> Report:
    """From the cache where nothing changed; else by the scanner, which is only imported then."""
    known = rule_ids()
    for name in asked.rule:
        if name not in known:
            raise NotFound(f"There is no rule “{name}”.", next="See `forgeward scan explain` for all of them.")
    today = RUN.home.now().date()
    roots = [Path(p) for p in asked.paths]
    files = read_trees(roots)
    store = None if asked.no_cache else Store(default_folder())
    key = ""
    if store is not None and asked.diff is None:
        key = store.report_key(*files, (today.isoformat(), repr(settings), *asked.rule))
        if (report := store.report(key)) is not None:
            return report
    from forgeward.edges.scan_cache import ScanCache
    from forgeward.edges.scanning import scan_folders
    from forgeward.prevent.rules import all_rules, find_rule

    rules = tuple(find_rule(name) for name in asked.rule) or all_rules()
    cache = ScanCache(store) if store is not None else None
    base = asked.diff or ""
    done = out.progress("apps")
    report = scan_folders(roots, rules, today, done, settings=settings, cache=cache, base=base, files=files)
    if store is not None and key:
        store.keep_report(key, report)
    return report


def _without(report: Report, baseline: Path | None) -> Report:
    """The report without what an earlier one already told."""
    if baseline is None:
        return report
    try:
        known = {f.fingerprint for f in msgspec.json.decode(baseline.read_bytes(), type=Report).findings}
    except OSError as problem:
        raise BadInput(
            f"{baseline}: {problem.strerror}.", next="Name a report that `scan --format json` wrote."
        ) from None
    except msgspec.MsgspecError as problem:
        message = f"{baseline} is no report of a scan: {problem}"
        raise BadInput(message, next="Name a report that `scan --format json` wrote.") from None
    kept = tuple(f for f in report.findings if f.fingerprint not in known)
    return msgspec.structs.replace(report, findings=kept)


def _rendered(report: Report, asked: Asked) -> str:
    """The text that was asked for; each form is imported only when it is."""
    if asked.format == "text":
        from forgeward.prevent.report import text

        return text.render(report).rstrip("\n")
    if asked.format == "json":
        from forgeward.cli import shapes

        return msgspec.json.encode(shapes.Scan.of(report)).decode()
    if asked.format == "sarif":
        from forgeward.prevent.report import sarif
        from forgeward.prevent.rules import all_rules

        return msgspec.json.format(msgspec.json.encode(sarif.render(report, all_rules())), indent=1).decode()
    from forgeward.prevent.report import annotations, markdown, page

    makers = {"github": annotations.render, "markdown": markdown.render, "html": page.render}
    return makers[asked.format](report).rstrip("\n")


def _write(rendered: str, output: Path | None) -> None:
    if output is None:
        if rendered:
            out.line(rendered)
        return
    try:
        output.write_text(rendered + "\n", encoding="utf-8")
    except OSError as problem:
        raise BadInput(f"{output}: {problem.strerror}.", next="Name a file that can be written.") from None
