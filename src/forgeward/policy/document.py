"""Reads a policy document.

    text ─▶ parse_yaml (bounded, lines kept) ─▶ parse_policy (types) ─▶ parse_lint (across entries) ─▶ Policy

``load`` gives the policy or every problem at once; ``check`` gives the problems alone. No file is opened here.
"""

from __future__ import annotations

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
    from forgeward.policy.parse_lint import lint
    from forgeward.policy.parse_policy import read_policy
    from forgeward.policy.parse_yaml import Report, read_tree

    report = Report(name)
    tree = read_tree(text, report)
    policy = read_policy(tree, text, report) if tree is not None else None
    if policy is not None and tree is not None:
        lint(policy, tree, report)
    return policy, report.problems()
