"""What a change adds."""

from __future__ import annotations

import pytest

from forgeward.prevent.change import added, manifest_changes
from forgeward.prevent.project import assemble
from tests.prevent import apps

BEFORE = """\
app: { id: a, runtime: { name: nodejs20.x } }
modules:
  webtrigger: [{ key: old, function: f, response: { type: static } }]
  jira:issuePanel: [{ key: panel, resource: main }]
permissions:
  scopes: ['read:jira-work']
  content: { styles: [unsafe-inline] }
  external:
    fetch:
      backend: [{ address: a.example.com, category: analytics, inScopeEUD: false }, b.example.com]
remotes: [{ key: backend, baseUrl: 'https://one.example.com' }]
providers: { auth: [{ key: p, clientId: one }] }
"""


def changes(before: str, after: str) -> list[tuple[str, bool]]:
    """Words and whether administrators must consent."""
    old, new = (assemble({"manifest.yml": text.encode()}) for text in (before, after))
    return [(c.words, c.consent) for c in manifest_changes(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "words", "consent"),
    [
        ("['read:jira-work']", "['read:jira-work', 'write:jira-work']", "adds write:jira-work", True),
        ("['read:jira-work']", "{ 'read:jira-work': { allowImpersonation: true } }",
         "may act as any user with read:jira-work", True),
        (", b.example.com]", ", b.example.com, c.example.com]", "may reach c.example.com (fetch.backend)", True),
        (", b.example.com]", "]", "no longer reaches b.example.com (fetch.backend)", False),
        ("inScopeEUD: false", "inScopeEUD: true", "says that end-user data now goes to a.example.com", True),
        ("category: analytics, ", "", "gives a.example.com the category none instead of analytics", True),
        ("one.example.com", "two.example.com",
         "moves the remote backend from https://one.example.com to https://two.example.com", True),
        ("clientId: one", "clientId: two", "changes the client of the provider p", True),
        ("response: { type: static } ", "", "adds the web trigger old, which answers dynamically", True),
        ("[unsafe-inline]", "[unsafe-inline, unsafe-hashes]", "admits unsafe-hashes for styles", True),
        ("nodejs20.x", "nodejs22.x", "runs on nodejs22.x instead of nodejs20.x", False),
        ("jira:issuePanel", "jira:issueAction", "adds the module panel (jira:issueAction)", False),
        ("app: { id: a,", "app: { id: a, licensing: { enabled: true },", "switches licensing on", True),
        ("    fetch:", "    configurable: { enabled: true }\n    fetch:", "lets administrators add addresses", True),
    ],
)  # fmt: skip
def test_manifest_changes_in_words(old: str, new: str, words: str, consent: bool) -> None:
    """Each thing that makes administrators consent again is said so; the rest is said without."""
    assert old in BEFORE
    assert (words, consent) in changes(BEFORE, BEFORE.replace(old, new))


def test_what_stays_is_not_told() -> None:
    """Reordering, comments and spelling change nothing; a scope that goes asks for consent too."""
    assert changes(BEFORE, "# a remark\n" + BEFORE.replace("nodejs20.x", '"nodejs20.x"')) == []
    assert changes(BEFORE, BEFORE.replace("['read:jira-work']", "[]")) == [("removes read:jira-work", True)]


def test_apps_come_and_go() -> None:
    """A manifest that is new or gone is one change."""
    empty, full = assemble({}), assemble({"a/manifest.yml": BEFORE.encode()})
    assert [c.words for c in manifest_changes(empty, full)] == ["is a new app"]
    assert [c.words for c in manifest_changes(full, empty)] == ["is gone"]


def test_only_new_findings_are_told() -> None:
    """A finding that moved by some lines is not new; the same mistake a second time is."""
    code = "-- src/index.js --\nimport Resolver from '@forge/resolver';\nconst r = new Resolver();\n"
    one = "r.define('a', ({ payload }) => eval(payload.x));\n"
    two = "r.define('b', ({ payload }) => eval(payload.y));\n"
    end = "export const handler = r.getDefinitions();\n"
    before = apps.report(apps.files(code + one + end))
    after = apps.report(apps.files(code + "// moved\n\n" + one + two + end))
    assert [f.location.line for f in added(before, after).findings if f.rule == "injection-code"] == [6]
