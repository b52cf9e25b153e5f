"""What runs in CI can be changed by somebody else, or goes round a check of the platform."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.project import Project, is_ci
from forgeward.prevent.rules.base import HIGH, MEDIUM, At, Hit, Rule

_USES = re.compile(r"^\s*(?:-\s*)?uses:\s*['\"]?(?P<action>[\w.-]+/[\w./-]+)@(?P<ref>[\w./-]+)")
_PIPE = re.compile(r"^\s*-?\s*pipe:\s*['\"]?(?P<pipe>(?!atlassian/)[\w./-]+):(?P<ref>[\w.-]+)")
_PINNED = re.compile(r"^[0-9a-f]{40}$|^[0-9a-f]{64}$")
_TRUSTED = ("actions/", "github/")
_NO_VERIFY = re.compile(r"forge\s+(deploy|install|build)\b[^\n#]*--no-verify")
_SECRET_ECHO = re.compile(
    r"forge\s+variables\s+set\s+(?!.*--encrypt)(?=[^\n]*(TOKEN|SECRET|PASSWORD|API_?KEY|PRIVATE))[^\n]*", re.IGNORECASE
)
_TARGET = re.compile(r"^\s*(?:-\s*)?pull_request_target\s*:", re.MULTILINE)
_SHELL = (".sh", ".bash", "Makefile", "Jenkinsfile")


def check_files(project: Project) -> Iterator[Hit]:
    """Workflow files line by line; scripts of package.json and shell files for the platform's commands."""
    for path in project.files:
        if is_ci(path) or path.endswith(_SHELL):
            text = project.text(path)
            for number, line in enumerate(text.splitlines(), 1):
                if not line.lstrip().startswith("#"):
                    yield from _line(path, number, line)
            if _TARGET.search(text) and re.search(r"ref:\s*\$\{\{\s*github\.event\.pull_request\.head", text):
                number = text.count("\n", 0, _TARGET.search(text).start()) + 1  # type: ignore[union-attr]
                message = (
                    "pull_request_target checks out the code of the pull request: strangers' code runs with the "
                    "secrets."
                )
                yield Hit(At(path, number), message, HIGH, subject=("pull_request_target",))
    for package in project.packages.values():
        for name, script in package.section("scripts").items():
            yield from _commands(package.path, package.line_of(name), script)


def _line(path: str, number: int, line: str) -> Iterator[Hit]:
    used = _USES.match(line)
    if used and not used["action"].startswith(_TRUSTED) and not _PINNED.match(used["ref"]):
        message = (
            f"{used['action']}@{used['ref']} is not pinned to a commit: its owner can change what runs with your "
            "secrets."
        )
        yield Hit(At(path, number), message, HIGH, subject=(used["action"],))
    pipe = _PIPE.match(line)
    if pipe and "@sha256" not in line:
        message = f"The pipe {pipe['pipe']} is not pinned to a digest."
        yield Hit(At(path, number), message, MEDIUM, subject=(pipe["pipe"],))
    yield from _commands(path, number, line)


def _commands(path: str, number: int, line: str) -> Iterator[Hit]:
    if _NO_VERIFY.search(line):
        message = "forge deploy --no-verify skips the linter and the approval of a new major version."
        yield Hit(At(path, number), message, HIGH, subject=("--no-verify",))
    if _SECRET_ECHO.search(line):
        message = "This variable looks like a secret, and is set without --encrypt."
        yield Hit(At(path, number), message, HIGH, subject=("variables",))


RULE = Rule(
    id="supply-ci",
    category="supply-chain",
    title="CI can be changed from outside, or goes round a check",
    severity=Grade.MEDIUM,
    cwe=("CWE-829", "CWE-1357"),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:N/UI:P/VC:L/VI:H/VA:N/SC:N/SI:N/SA:N",
    promises=("TC-9", "TC-10", "TC-12"),
    requirement="A protected supply chain.",
    why=(
        "The workflow holds the credentials that deploy to every customer. A tag can be moved to other code overnight, "
        "as happened to popular actions in 2025."
    ),
    fix=(
        "Pin actions to the 40 digits of a commit, with the version in a comment; deploy without --no-verify; set "
        "secrets with --encrypt."
    ),
    example="""\
- uses: some/action@8f4b7f84864484a7bf31766abe9204da3cbe65b3 # v3.5.0
""",
    links=(
        "https://docs.github.com/en/actions/security-for-github-actions/security-guides/security-hardening-for-github-actions",
    ),
    check_files=check_files,
)
