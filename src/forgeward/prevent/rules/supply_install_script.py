"""The package runs a command on every machine that installs it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.project import Project
from forgeward.prevent.rules.base import HIGH, At, Hit, Rule

_HOOKS = ("preinstall", "install", "postinstall", "preprepare", "postprepare")
_FETCHES = re.compile(
    r"curl|wget|https?://|npx\s+(?!-y\s+patch|patch-package|husky|only-allow|simple-git-hooks)|node\s+-e|base64|eval|\|\s*(ba)?sh"
)


def check_files(project: Project) -> Iterator[Hit]:
    """Install hooks of package.json that fetch or evaluate something."""
    for package in project.packages.values():
        scripts = package.section("scripts")
        for hook in _HOOKS:
            if _FETCHES.search(scripts.get(hook, "")):
                message = f"“{hook}” fetches and runs code when the package is installed: {scripts[hook][:80]}"
                yield Hit(At(package.path, package.line_of(hook)), message, HIGH, subject=(hook,))


RULE = Rule(
    id="supply-install-script",
    category="supply-chain",
    title="Install hook fetches code",
    severity=Grade.MEDIUM,
    cwe=("CWE-506", "CWE-829"),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:N/UI:P/VC:L/VI:H/VA:N/SC:N/SI:N/SA:N",
    promises=("TC-10", "TC-9"),
    requirement="A protected supply chain.",
    why="It runs unseen on developers' machines and in CI, with their credentials, and what it fetches can change.",
    fix="Build what is needed in a step of its own, from fixed versions; install with --ignore-scripts in CI.",
    example="""\
npm ci --ignore-scripts
""",
    links=("https://cheatsheetseries.owasp.org/cheatsheets/NPM_Security_Cheat_Sheet.html",),
    check_files=check_files,
)
