"""What is installed today is not what was tested yesterday."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.project import LOCKFILES, Package, Project, is_ci
from forgeward.prevent.rules.base import HIGH, MEDIUM, At, Hit, Rule

_ELSEWHERE = re.compile(r"^(git\+|git:|github:|gitlab:|bitbucket:|https?:|[\w-]+/[\w.-]+(#|$))")
_INSTALL = re.compile(r"(^|[\s;&|])npm\s+(install|i)(\s+--(?!global\b)[\w-]+)*\s*($|[;&|])")


def check_files(project: Project) -> Iterator[Hit]:
    """Packages without a lock file, dependencies from elsewhere than a registry, CI that ignores the lock."""
    for package in project.packages.values():
        if _needs_lock(project, package):
            yield Hit(
                At(package.path, 1),
                "There is no lock file: every installation may bring other code.",
                HIGH,
                subject=("lock",),
            )
        for section in ("dependencies", "optionalDependencies"):
            for name, version in package.section(section).items():
                if _ELSEWHERE.match(version) and not version.startswith(("workspace:", "file:", "link:")):
                    pinned = re.search(r"#[0-9a-f]{40}$", version)
                    if not pinned:
                        message = f"{name} comes from {version}, which can change without a new version."
                        yield Hit(At(package.path, package.line_of(name)), message, HIGH, subject=(name,))
    for path in filter(is_ci, project.files):
        for number, line in enumerate(project.text(path).splitlines(), 1):
            if not line.lstrip().startswith("#") and _INSTALL.search(_command(line)):
                yield Hit(
                    At(path, number),
                    "npm install may change the lock file in CI; npm ci installs what was reviewed.",
                    MEDIUM,
                )


def _command(line: str) -> str:
    """The command of a line of a workflow, without the key before it and the comment behind."""
    return re.sub(r"^\s*(-\s*)?(run:|script:)?\s*", "", line).split(" #")[0]


def _needs_lock(project: Project, package: Package) -> bool:
    if not package.section("dependencies") or "/test" in f"/{package.folder}":
        return False
    folder = package.folder
    while True:
        if any(posixpath.join(folder, name) in project.files for name in LOCKFILES):
            return False
        if not folder:
            break
        folder = posixpath.dirname(folder)
    roots = [a.root for a in project.apps]
    return any(package.folder == r or package.folder.startswith(f"{r}/" if r else "") for r in roots)


RULE = Rule(
    id="supply-lockfile",
    category="supply-chain",
    title="Dependencies are not fixed",
    severity=Grade.LOW,
    cwe=("CWE-1357", "CWE-494"),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:N/UI:A/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N",
    promises=("TC-10",),
    requirement="A protected supply chain.",
    why=(
        "Without fixed versions, a release that was stolen this morning is in this noon's build, and nothing tells "
        "which build has it."
    ),
    fix="Commit the lock file, install with npm ci, and take dependencies from the registry.",
    example="""\
- run: npm ci
""",
    links=("https://github.com/npm/cli/blob/latest/docs/lib/content/commands/npm-ci.md",),
    check_files=check_files,
)
