"""CI runs a tool in whatever version is newest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from forgeward.prevent.findings import Grade
from forgeward.prevent.project import Project, is_ci
from forgeward.prevent.rules.base import HIGH, MEDIUM, At, Hit, Rule

_SHELL = (".sh", ".bash", "Makefile", "Jenkinsfile")
_GLOBAL = re.compile(r"\b(?:npm\s+(?:install|i|add)|pnpm\s+add|yarn\s+global\s+add|bun\s+add)\b(?P<rest>[^\n;&|#]*)")
_RUNS = re.compile(r"\b(?P<how>npx|npm\s+exec|pnpm\s+dlx|yarn\s+dlx|bunx)\b(?P<rest>[^\n;&|#]*)")
_EXACT = re.compile(r"@\d+\.\d+\.\d+[\w.+-]*$|@\$\{?\w|@[0-9a-f]{40}$")
_NAME = re.compile(r"^(@[\w.-]+/)?\w[\w.-]*(@[\w.^~><=*${}-]+)?$")


def check_files(project: Project) -> Iterator[Hit]:
    """Global installations and npx of packages that are neither pinned nor among the project's own."""
    own = {
        name
        for p in project.packages.values()
        for part in ("dependencies", "devDependencies")
        for name in p.section(part)
    }
    for path in project.files:
        if not (is_ci(path) or path.endswith(_SHELL)):
            continue
        for number, line in enumerate(project.text(path).splitlines(), 1):
            if line.lstrip().startswith("#"):
                continue
            for name in _unpinned(line, own):
                sure = HIGH if is_ci(path) else MEDIUM
                message = f"{name} is run here in whatever version is newest, with the credentials of CI."
                yield Hit(At(path, number), message, sure, subject=(name,))


def _unpinned(line: str, own: set[str]) -> Iterator[str]:
    for found in _GLOBAL.finditer(line):
        words = found["rest"].split()
        if "global" in found.group(0) or {"-g", "--global"} & set(words):
            yield from (w for w in words if _is_open(w))
    for found in _RUNS.finditer(line):
        words = found["rest"].split()
        if "--no-install" in words or "--no" in words:
            continue
        packages = [w for before, w in pairwise(words) if before in {"-p", "--package"}]
        packages += [w.split("=", 1)[1] for w in words if w.startswith("--package=")]
        if not packages:
            packages = [w for w in words if not w.startswith("-")][:1]
        yield from (p for p in packages if _is_open(p) and _bare(p) not in own)


def _is_open(word: str) -> bool:
    word = word.strip("'\"")
    return bool(_NAME.match(word)) and not _EXACT.search(word) and word != "."


def _bare(word: str) -> str:
    return re.sub(r"(?<=.)@.*$", "", word.strip("'\""))


RULE = Rule(
    id="supply-tool-unpinned",
    category="supply-chain",
    title="Tool of CI in any version",
    severity=Grade.LOW,
    cwe=("CWE-1357", "CWE-829"),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:N/UI:A/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N",
    promises=("TC-10", "TC-9"),
    requirement="A protected supply chain.",
    why=(
        "The lock file does not know what npx and global installations fetch. A release of the tool that was stolen"
        " this"
        " morning deploys this noon, with the token that may deploy to all customers."
    ),
    fix="Make the tool a development dependency and run it with `npx --no-install`, or name the exact version.",
    example="""\
- run: npm install --global @forge/cli@13.3.0
""",
    links=("https://github.com/ossf/scorecard/blob/main/docs/checks.md#pinned-dependencies",),
    check_files=check_files,
)
