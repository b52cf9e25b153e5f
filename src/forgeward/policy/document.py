"""Reads a policy document.

    text ─▶ parse_yaml (bounded, lines kept) ─▶ parse_policy (types) ─▶ parse_lint (across entries) ─▶ Policy

``load`` gives the policy or every problem at once; ``check`` gives the problems alone. No file is opened here:
whoever reads one keeps its line ends (``newline=""``), so that the digest is that of the file's bytes.
"""

from __future__ import annotations

from hashlib import sha256

from forgeward.errors import PolicyInvalid, Problem
from forgeward.policy.model import (
    OWN_DATE,
    POLICY,
    UNSET,
    Check,
    ClockRule,
    Contacts,
    Duty,
    Gate,
    Inherited,
    Mechanism,
    MechanismKind,
    Obligation,
    Policy,
    Promise,
    Record,
    Reference,
    Regime,
    RuleAt,
    Thresholds,
    Vendor,
)
from forgeward.policy.parse_lint import lint
from forgeward.policy.parse_policy import read_draft
from forgeward.policy.parse_yaml import Report, read_tree

__all__ = [
    "OWN_DATE",
    "POLICY",
    "UNSET",
    "Check",
    "ClockRule",
    "Contacts",
    "Duty",
    "Gate",
    "Inherited",
    "Mechanism",
    "MechanismKind",
    "Obligation",
    "Policy",
    "Promise",
    "Record",
    "Reference",
    "Regime",
    "RuleAt",
    "Thresholds",
    "Vendor",
    "check",
    "digest_of",
    "load",
]


def load(text: str, name: str = "policy.yaml") -> Policy:
    """The policy that ``text`` says. Raises ``PolicyInvalid`` with every problem as ``name:line``."""
    policy, problems = _read(text, name)
    if policy is None or problems:
        raise PolicyInvalid(problems)
    return policy


def check(text: str, name: str = "policy.yaml") -> list[Problem]:
    """What is wrong with the document, in the order of its lines; empty when it may be adopted."""
    return _read(text, name)[1]


def _read(text: str, name: str) -> tuple[Policy | None, list[Problem]]:
    report = Report(name)
    tree = read_tree(text, report)
    if tree is None:
        return None, report.problems()
    draft = read_draft(tree, report)
    lint(draft, report)
    if report:
        return None, report.problems()
    return draft.policy(digest_of(text)), []


def digest_of(text: str) -> str:
    """SHA-256 (hex) of the text's UTF-8 bytes: what an adoption records and the ledger keeps."""
    return sha256(text.encode()).hexdigest()
