"""What continuous integration says of the run: the branch and the commit.

Sources: GitHub Actions, "Store information in variables" (default environment variables); Bitbucket Pipelines,
"Variables and secrets" (default variables).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple


class Ci(NamedTuple):
    """Empty where nothing says so."""

    branch: str
    revision: str


def of_ci(said: Mapping[str, str] = os.environ) -> Ci:
    """By the variables that the runner sets. Of a pull request it is the branch that would be merged."""
    branch = said.get("GITHUB_HEAD_REF") or said.get("GITHUB_REF_NAME") or said.get("BITBUCKET_BRANCH") or ""
    return Ci(branch[:120], (said.get("GITHUB_SHA") or said.get("BITBUCKET_COMMIT") or "")[:64])
