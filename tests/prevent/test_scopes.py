"""The table of operations and scopes, and how routes meet it."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from forgeward.prevent.flow.constants import HOLE
from forgeward.prevent.scopes import Known, needed, product_of, table, vocabulary

SCRIPT = Path(__file__).parents[2] / "script" / "derive-scopes"


@pytest.mark.parametrize(
    ("method", "route", "known", "scope"),
    [
        ("GET", f"/rest/api/3/issue/{HOLE}", Known.YES, "read:jira-work"),
        ("GET", f"/rest/api/2/issue/{HOLE}?fields={HOLE}", Known.YES, "read:issue:jira"),
        ("GET", f"rest/api/latest/issue/A-{HOLE}", Known.YES, "read:jira-work"),
        ("PUT", f"/wiki/api/v2/pages/{HOLE}", Known.YES, "write:page:confluence"),
        ("GET", f"/rest/api/3/search/jql{HOLE}", Known.YES, "read:jira-work"),
        ("GET", f"/rest/agile/1.0/board/{HOLE}/epic/none/issue", Known.YES, "read:epic:jira-software"),
        ("GET", HOLE, Known.ROUTE, ""),
        ("GET", f"/rest/api/3/{HOLE}", Known.ROUTE, ""),
        ("GET", f"/{HOLE}/3/issue", Known.ROUTE, ""),
        ("GET", "/rest/other/1.0/things", Known.TABLE, ""),
        ("PATCH", "/rest/api/3/issue/A-1", Known.TABLE, ""),
    ],
)
def test_routes_meet_the_table(method: str, route: str, known: Known, scope: str) -> None:
    """Parameters match holes and texts, versions of the API are one, queries are left out; the rest is unknown."""
    found = needed(method, route)
    assert found.known == known
    assert (scope in found.scopes) == bool(scope)


def test_table_says_where_it_comes_from() -> None:
    """Each source has a repository, a commit and a day; the operations hold only methods, paths and scopes."""
    assert len(table().operations) > 900
    for source in table().sources:
        assert len(source.commit) == 40
        assert source.repository.count("/") == 1
        assert source.date > "2021"
    assert {method for method, _, _ in table().operations} <= {"GET", "PUT", "POST", "DELETE", "PATCH"}


def test_products_of_scopes() -> None:
    """Every scope of the table belongs to Jira or Confluence, whatever its style."""
    assert {s for s in vocabulary() if not product_of(s)} == set()


def test_derivation_keeps_methods_paths_and_scopes(tmp_path: Path) -> None:
    """States become alternatives, security is taken where there are none, and the server's path is put in front."""
    document = {
        "info": {"title": "An API", "license": {"name": "Apache 2.0"}},
        "servers": [{"url": "https://{domain}/wiki/api/v2"}],
        "paths": {
            "/pages/{id}": {
                "parameters": [],
                "get": {"x-atlassian-oauth2-scopes": [{"state": "Current", "scopes": ["b", "a"]}, {"scopes": ["c"]}]},
                "delete": {"security": [{"basicAuth": []}, {"oAuthDefinitions": ["d"]}]},
                "post": {"description": "no scope"},
            }
        },
    }
    facts = {"repository": "a/b", "path": "x.json", "commit": "0" * 40, "date": "2026-01-01"}
    (tmp_path / "x.json").write_text(json.dumps(document))
    (tmp_path / "sources.json").write_text(json.dumps({"x.json": facts}))
    script = runpy.run_path(str(SCRIPT))
    target = tmp_path / "scopes.json"
    script["main"].__globals__["TABLE"] = target
    script["main"](tmp_path)
    made = json.loads(target.read_text())
    assert made["operations"] == [
        ["DELETE", "/wiki/api/v2/pages/{}", [["d"]]],
        ["GET", "/wiki/api/v2/pages/{}", [["a", "b"], ["c"]]],
        ["POST", "/wiki/api/v2/pages/{}", []],
    ]
    assert made["sources"][0]["licence"] == "Apache 2.0"
