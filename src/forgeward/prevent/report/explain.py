"""What a rule is about: for ``scan explain`` and for its page in the reference."""

from __future__ import annotations

from collections.abc import Sequence

from forgeward.prevent.rules.base import Rule


def page(rule: Rule) -> str:
    """The Markdown page of a rule."""
    links = "\n".join(f"- <{link}>" for link in rule.links)
    return (
        f"# {rule.id}: {rule.title}\n\n"
        f"| | |\n|---|---|\n| category | {rule.category} |\n| severity | {rule.severity.value} |\n"
        f"| weakness | {', '.join(rule.cwe)} |\n| CVSS 4.0 | `{rule.vector}` |\n"
        f"| promises | {', '.join(rule.promises)} |\n\n"
        f"## What it means\n\n{rule.why}\n\n**Marketplace:** {rule.requirement}\n\n"
        f"## How to mend it\n\n{rule.fix}\n\n```\n{rule.example}```\n\n"
        f"## When it is meant to be so\n\n"
        f"Write the reason on the line, or alone above it:\n\n"
        f"```\n// forgeward-ignore {rule.id}: why this is safe here until 2027-06-30\n```\n\n"
        f"## Read more\n\n{links}\n"
    )


def text(rule: Rule) -> str:
    """The same for a terminal."""
    parts = [
        f"{rule.id}: {rule.title}",
        f"{rule.severity.value}, {rule.category}, {', '.join(rule.cwe)}, {rule.vector}",
        f"keeps {', '.join(rule.promises)}. {rule.requirement}",
        rule.why,
        f"Fix: {rule.fix}",
        rule.example.rstrip("\n"),
        "\n".join(rule.links),
    ]
    return "\n\n".join(parts)


def index(rules: Sequence[Rule]) -> str:
    """The table of all rules in Markdown."""
    rows = [f"| [{r.id}]({r.id}.md) | {r.category} | {r.severity.value} | {r.title} |" for r in rules]
    return "\n".join(["# Rules of the scanner", "", "| rule | category | severity | |", "|---|---|---|---|", *rows, ""])
