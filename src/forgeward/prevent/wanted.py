"""Which files a scan reads at all, and what they are by their names. Imports nothing heavy: every scan begins here."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from forgeward.prevent.syntax.kinds import SUFFIXES

MANIFESTS = ("manifest.yml", "manifest.yaml")
LOCKFILES = ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb")
SKIPPED_FOLDERS = frozenset(
    {
        "node_modules", ".git", ".hg", "build", "dist", "out", "coverage", ".next", ".turbo", ".yarn", ".cache",
        "bower_components", "jspm_packages", "vendor", ".venv", "__pycache__",
    }
)  # fmt: skip
MAX_FILE = 1_500_000  # bytes; real sources of apps stay below a tenth
MAX_FILES = 20_000  # in one call
MAX_LINE = 20_000  # characters: longer lines are made by a bundler

_TEST = re.compile(
    r"(^|/)(__tests__|__mocks__|__snapshots__|tests?|e2e|cypress|playwright|fixtures|\.storybook|stories)/"
    r"|[.-](test|tests|spec|stories|e2e|mock|mocks|cy)\.[cm]?[jt]sx?$|(^|/)(jest|vitest|setupTests|setup-tests)[^/]*$"
)
_CI = re.compile(
    r"(^|/)(\.github/workflows/[^/]+\.ya?ml|\.github/actions/[^/]+/action\.ya?ml|bitbucket-pipelines\.ya?ml"
    r"|\.gitlab-ci\.ya?ml|\.circleci/config\.ya?ml|azure-pipelines\.ya?ml|Jenkinsfile)$"
)
_TEXTS = re.compile(
    r"(\.(json|ya?ml|env|sh|bash|toml|ini|cfg|conf|properties|md|txt|html?|xml|sql|graphql|pem|key|crt|npmrc|local)"
    r"|(^|/)\.env[^/]*|(^|/)(\.npmrc|\.netrc|\.yarnrc|Dockerfile|Jenkinsfile|Makefile)|(^|/)id_(rsa|ed25519|ecdsa))$"
)


@dataclass(frozen=True, slots=True)
class NotScanned:
    path: str
    reason: str


def is_code(path: str) -> bool:
    return path.endswith(SUFFIXES) and not path.endswith((".d.ts", ".d.mts", ".d.cts"))


def is_test(path: str) -> bool:
    return _TEST.search(path) is not None


def is_ci(path: str) -> bool:
    return _CI.search(path) is not None


def is_wanted(path: str) -> bool:
    """Whether a file is read at all."""
    name = posixpath.basename(path)
    return path.endswith(SUFFIXES) or name in LOCKFILES or _TEXTS.search(path) is not None
