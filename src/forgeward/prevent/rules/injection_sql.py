"""SQL text is put together from what a caller sent."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.storage import is_sql
from forgeward.prevent.rules._input import reached
from forgeward.prevent.rules.base import HIGH, Hit, Rule

_OTHER = ("pg:Pool", "new pg:", "new mysql", "mysql2:", "new better-sqlite3:")


def check(analysis: Analysis) -> Iterator[Hit]:
    """The statement of @forge/sql (or of a database driver) contains input."""
    wanted = analysis.calls_of(lambda s: is_sql(s) or (s.startswith(_OTHER) and s.endswith((".query", ".execute"))))
    sinks = {site: [analysis.argument(site, 0)] for site, _ in wanted if analysis.argument(site, 0) >= 0}
    for found in reached(analysis, sinks, "becomes part of an SQL statement"):
        yield Hit(
            found.visit.node,
            f"{found.entry.what} puts “{'.'.join(found.origin.path)}” into SQL text.",
            HIGH,
            found.trace,
        )


RULE = Rule(
    id="injection-sql",
    category="injection",
    title="SQL built from input",
    severity=Grade.HIGH,
    cwe=("CWE-89",),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:L/SC:N/SI:N/SA:N",
    promises=("TC-12",),
    requirement="Validate input; bind parameters of SQL.",
    why=(
        "The caller ends the literal and writes the rest of the statement: reads, changes or drops every row of the "
        "site's data."
    ),
    fix="Write the statement with ? and bind the values. Choose table and column names from a list in the source.",
    example="""\
await sql.prepare('SELECT * FROM notes WHERE issue = ?').bindParams(payload.issueId).execute();
""",
    links=("https://developer.atlassian.com/platform/forge/storage-reference/sql/",),
    check=check,
)
