"""What does not change what a program does must not change what is found."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from forgeward.prevent.rules import find_rule
from tests.prevent import apps

# Names that the manifest, or another name in the same apps, also has.
KEPT = {"handler", "hook", "close", "run", "nightly"}
App = dict[str, bytes]
CODE = (".js", ".jsx", ".ts", ".tsx")
FLOWS = (
    "authz-asapp-unchecked", "authz-check-unbound", "authz-mutation-unchecked", "auth-webtrigger-open", "injection-sql",
    "secret-to-frontend", "authz-account-from-payload", "authz-secret-client", "auth-fail-open",
    "auth-webtrigger-replay", "injection-path", "injection-request-path", "injection-mail-html",
    "injection-prototype", "tenant-storage-key",
)  # fmt: skip
PATHS = [p for rule in FLOWS for side in ("hit", "miss") for p in sorted((apps.FOLDER / rule / side).glob("*.app"))]


def each(change: Callable[[str], str]) -> Callable[[App], App]:
    """A change of every code file's text."""
    return lambda app: {p: change(d.decode()).encode() if p.endswith(CODE) else d for p, d in app.items()}


def reformatted(text: str) -> str:
    """Blank lines, other indentation, comments."""
    text = re.sub(r"^( *)(?=\S)", lambda m: m.group(1) * 2 + "\t", text, flags=re.MULTILINE)
    return "/* a licence */\n\n" + text.replace(";\n", "; // said\n\n")


def renamed(text: str) -> str:
    """Other names for the things that the file declares."""
    declared = set(re.findall(r"(?:const|let|function|class) (\w+)(?!\w|:)", text)) - KEPT
    exported = set(re.findall(r"export (?:const|function|async function|class) (\w+)", text))
    for name in sorted(declared - exported):
        text = re.sub(
            rf"(?<![\w.'\"/`-]){name}(?![\w'\"`:-])(?!\s*:)",
            f"{'Renamed' if name[0].isupper() else 'renamed'}_{name}",
            text,
        )
    return text


def typed(app: App) -> App:
    """JavaScript named as TypeScript."""
    return {re.sub(r"\.js$", ".ts", p) if p.startswith("src/") else p: d for p, d in app.items()}


def namespaced(text: str) -> str:
    """import api, { route } from '@forge/api' → a namespace and destructuring."""

    def change(match: re.Match[str]) -> str:
        default, named = match.group(1), match.group(2)
        lines = ["import * as forgeApi from '@forge/api';"]
        if default:
            lines.append(f"const {default} = forgeApi.default;")
        if named:
            lines.append(f"const {{{named.replace(' as ', ': ')}}} = forgeApi;")
        return "\n".join(lines)

    return re.sub(r"import (?:(\w+)(?:, )?)?(?:\{([^}]*)\})? from '@forge/api';", change, text)


def split(app: App) -> App:
    """The entry file only hands on what another file exports."""
    index = next((p for p in ("src/index.js", "src/index.ts") if p in app), None)
    if index is None or b"from './" in app[index] or b"exports" in app[index]:
        return app
    moved = index.replace("index", "deep/inner/app")
    return {**app, index: b"export * from './deep/inner/app';\n", moved: app[index]}


def required(text: str) -> str:
    """import … from 'module' → require('module')."""

    def change(match: re.Match[str]) -> str:
        default, named, module = match.group(1), match.group(2), match.group(3)
        lines = []
        if default:
            inner = ".default" if module.startswith(".") else ""
            lines.append(f"const {default} = require('{module}'){inner};")
        if named:
            lines.append(f"const {{{named.replace(' as ', ': ')}}} = require('{module}');")
        return "\n".join(lines)

    return re.sub(r"^import (?:(\w+)(?:, )?)?(?:\{([^}]*)\})? from '([^']+)';", change, text, flags=re.MULTILINE)


def wrapped(text: str) -> str:
    """Each handler goes through a function that only calls it."""
    found = list(re.finditer(r"^resolver\.define\('[^']+', ", text, re.MULTILINE))
    for match in reversed(found):
        depth, at = 1, match.end()
        while depth and at < len(text):
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        text = f"{text[: match.end()]}same({text[match.end() : at - 1]}){text[at - 1 :]}"
    return text + "\nfunction same(work) { return async (request) => { return work(request); }; }\n" if found else text


def reordered(text: str) -> str:
    """Functions, classes and resolvers stand in the reverse order; what runs at once keeps its own."""
    parts = [p if p.endswith("\n") else f"{p}\n" for p in re.split(r"(?m)^(?=\S)(?![}\])])", text)]
    declared = [p for p in parts if p.startswith(("function ", "async function "))]
    defined = [p for p in parts if p.startswith("resolver.define(")]
    rest = [p for p in parts if p not in declared and p not in defined]
    last = [p for p in rest if p.startswith("export const handler")]
    return "".join([*(p for p in rest if p not in last), *defined[::-1], *last, *declared[::-1]])


CHANGES: dict[str, Callable[[App], App]] = {
    "reformatted": each(reformatted),
    "renamed": each(renamed),
    "typed": typed,
    "namespaced": each(namespaced),
    "split": split,
    "required": each(required),
    "wrapped": each(wrapped),
    "reordered": each(reordered),
    "crlf": each(lambda text: text.replace("\n", "\r\n")),
}


def told(app: App, rule: str) -> int:
    return len(apps.report(app, [find_rule(rule)]).findings)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("path", PATHS, ids=lambda p: f"{p.parts[-3]}-{p.parts[-2]}-{p.stem}")
def test_findings_stay(path: Path, change: str) -> None:
    """As many findings after the change as before it."""
    app = apps.read(path)
    assert told(CHANGES[change](app), path.parts[-3]) == told(app, path.parts[-3])


@pytest.mark.parametrize("path", [p for p in PATHS if p.parts[-2] == "hit"], ids=lambda p: f"{p.parts[-3]}-{p.stem}")
def test_fingerprints_survive_moved_lines(path: Path) -> None:
    """Lines above, blank lines between and other indentation leave every fingerprint as it was."""
    app = apps.read(path)
    rule = find_rule(path.parts[-3])
    moved = each(lambda text: "// a\n// b\n\n" + re.sub(r"^ +", "      ", text, flags=re.MULTILINE))(app)
    assert {f.fingerprint for f in apps.report(moved, [rule]).findings} == {
        f.fingerprint for f in apps.report(app, [rule]).findings
    }
