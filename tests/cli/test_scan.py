"""``forgeward scan`` and ``forgeward manifest explain``: formats, exit codes, baseline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from forgeward.cli import scan_run
from forgeward.cli.app import run
from forgeward.prevent.rules import all_rules
from forgeward.prevent.settings import rule_ids
from tests.prevent import apps

OPEN = """\
-- src/index.js --
import Resolver from '@forge/resolver';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
resolver.define('token', () => kvs.getSecret('token'));
export const handler = resolver.getDefinitions();
"""
CLEAN = OPEN.replace("kvs.getSecret('token')", "kvs.get('config')")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the cache that is no person's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FORGEWARD_HOME", str(tmp_path / "no-home"))
    return write(tmp_path / "app", OPEN)


def write(folder: Path, text: str) -> Path:
    for name, data in apps.files(text).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 1),
        (["--fail-on", "critical"], 0),
        (["--fail-on", "never"], 0),
        (["--fail-on", "nonsense"], 2),
        (["--format", "nonsense"], 2),
        (["--rule", "nonsense"], 2),
        (["--rule", "injection-sql"], 0),
        (["--format", "sarif"], 1),
        (["--format", "github"], 1),
        (["--format", "markdown"], 1),
        (["--format", "html"], 1),
        (["--json"], 1),
    ],
)
def test_exit_code_says_whether_the_limit_is_reached(app: Path, options: list[str], code: int) -> None:
    """1 at or above --fail-on (default high), 0 below, 2 for what cannot be done; whatever the format."""
    assert run(["scan", str(app), *options]) == code


def test_clean_app_exits_0(tmp_path: Path) -> None:
    """Nothing found, everything scanned."""
    assert run(["scan", str(write(tmp_path / "clean", CLEAN))]) == 0


def test_incomplete_scan_without_findings_exits_2(tmp_path: Path) -> None:
    """A broken file and nothing else is not a yes; with a finding the finding decides."""
    folder = write(tmp_path / "broken", CLEAN + "-- src/b.js --\nconst = 1;\n")
    assert run(["scan", str(folder)]) == 2
    assert run(["scan", str(write(tmp_path / "both", OPEN + "-- src/b.js --\nconst = 1;\n"))]) == 1


def test_folder_without_a_manifest_exits_2(tmp_path: Path) -> None:
    """No app is no clean app; a path that does not exist is bad input."""
    assert run(["scan", str(tmp_path)]) == 2
    assert run(["scan", str(tmp_path / "gone")]) == 2


def test_json_is_one_object(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--format json and --json print the same shape; an error is an object too."""
    run(["scan", str(app), "--format", "json"])
    first = capsys.readouterr().out
    run(["scan", str(app), "--json"])
    assert capsys.readouterr().out == first
    assert json.loads(first)["findings"][0]["rule"] == "secret-to-frontend"
    run(["scan", str(app / "gone"), "--format", "json"])
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "bad_input"


def test_baseline_hides_what_was_known(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Findings of an earlier report are not told again, also after their line moved; new ones are."""
    report = app.parent / "before.json"
    assert run(["scan", str(app), "--format", "json", "--out", str(report)]) == 1
    source = app / "src" / "index.js"
    source.write_text("// a new first line\n" + source.read_text())
    assert run(["scan", str(app), "--baseline", str(report)]) == 0
    source.write_text(source.read_text().replace("export", "resolver.define('b', () => kvs.getSecret('b'));\nexport"))
    assert run(["scan", str(app), "--baseline", str(report)]) == 1
    assert run(["scan", str(app), "--baseline", str(source)]) == 2
    capsys.readouterr()


def test_settings_of_the_folder_count(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``forgeward.toml`` sets the limit and switches rules off, and says so; an option beats it; a mistake exits 2."""
    (app / "forgeward.toml").write_text('[scan]\nfail-on = "critical"\n')
    assert run(["scan", str(app)]) == 0
    assert run(["scan", str(app), "--fail-on", "high"]) == 1
    reason = "the token is a public one"
    (app / "forgeward.toml").write_text(f"[rules.secret-to-frontend]\nenabled = false\nreason = '{reason}'\n")
    assert run(["scan", str(app)]) == 0
    assert reason in capsys.readouterr().err
    (app / "forgeward.toml").write_text("[scan]\nfail_on = 'low'\n")
    assert run(["scan", str(app)]) == 2
    assert "forgeward.toml:2: " in capsys.readouterr().err


def test_diff_with_an_earlier_folder_says_what_changes(
    app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Known findings do not count, and the manifest's change stands on top, in words; in JSON too."""
    earlier = write(tmp_path / "earlier", OPEN)
    with (app / "manifest.yml").open("a") as file:
        file.write("permissions:\n  scopes: ['read:jira-work']\n")
    assert run(["scan", str(app), "--diff", str(earlier)]) == 0
    words = "adds read:jira-work; admins must consent again"
    assert capsys.readouterr().out.startswith(f"manifest.yml {words}\n")
    assert run(["scan", str(app), "--diff", str(earlier), "--format", "json"]) == 0
    (change,) = json.loads(capsys.readouterr().out)["changes"]
    assert change == {"path": "manifest.yml", "words": "adds read:jira-work", "consent": True}
    assert run(["scan", str(app), "--diff", "no-such-revision"]) == 2


def test_no_cache_keeps_nothing(app: Path, cache: Path) -> None:
    """``--no-cache`` writes no file; without it there are entries."""
    assert run(["scan", str(app), "--no-cache"]) == 1
    assert not cache.exists()
    assert run(["scan", str(app)]) == 1
    assert list(cache.rglob("*"))


def test_several_folders_are_one_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Paths begin with the folder that was named; each app is scanned in a process where there are cores."""
    one, two = write(tmp_path / "one", OPEN), write(tmp_path / "two", OPEN)
    assert run(["scan", str(one), str(two), "--json"]) == 1
    shape = json.loads(capsys.readouterr().out)
    assert [a["path"].rpartition("/")[2] for a in shape["apps"]] == ["one", "two"]
    assert len({f["fingerprint"] for f in shape["findings"]}) == len(shape["findings"]) == 2


def test_explain_says_what_a_rule_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    """One rule in full, all rules as a list, an unknown one as an error."""
    assert run(["scan", "explain", "auth-webtrigger-open"]) == 0
    assert "CWE-306" in capsys.readouterr().out
    assert run(["scan", "explain"]) == 0
    assert "injection-sql" in capsys.readouterr().out
    assert run(["scan", "explain", "auth-webtrigger-open", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rules"][0]["category"] == "authentication"
    assert run(["scan", "explain", "gone"]) == 2


def test_manifest_explain_names_the_code_that_needs_a_scope(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """CU-2: each scope and address with the lines that use it."""
    manifest = apps.MANIFEST + (
        "permissions:\n  scopes: ['storage:app', 'read:jira-work']\n"
        "  external:\n    fetch:\n      backend: [api.example.org]\n"
    )
    code = CLEAN.replace(
        "export",
        "resolver.define('i', () => api.asUser().requestJira(route`/rest/api/3/issue/X-1`));\n"
        "resolver.define('o', () => fetch('https://api.example.org/v1'));\nexport",
    ).replace("const res", "import api, { fetch, route } from '@forge/api';\nconst res", 1)
    folder = write(tmp_path / "app", f"-- manifest.yml --\n{manifest}{code}")
    assert run(["manifest", "explain", str(folder), "--json"]) == 0
    needs = {n["name"]: n["used"] for n in json.loads(capsys.readouterr().out)["apps"][0]["needs"]}
    assert needs["storage:app"] == ["src/index.js:5 get"]
    assert needs["read:jira-work"] == ["src/index.js:6 GET /rest/api/3/issue/X-1 as the user"]
    assert needs["api.example.org"] == ["src/index.js:7 api.example.org"]
    assert run(["manifest", "explain", str(tmp_path / "app" / "src")]) == 2


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("app", True),
        ("app other --format json --rule a --rule b --no-cache", True),
        ("app --fail-on=low --out x --baseline y --config z --diff main --json", True),
        ("explain", False),
        ("app --help", False),
        ("app --nonsense", False),
        ("app --format", False),
        ("app --diff --json", False),
        ("", False),
    ],
)
def test_simple_lines_need_no_option_parser(line: str, plain: bool) -> None:
    """Options of ``scan`` are read at once, to the same values; anything else is the option parser's to answer."""
    asked = scan_run.plain(line.split())
    assert (asked is not None) == plain
    if asked is None or not line.startswith("app"):
        return
    told: list[scan_run.Asked] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forgeward.cli.scan.run", lambda given, _desk: told.append(given) or 0)
        assert run(["scan", *line.split()]) == 0
    assert told == [asked]


def test_unchanged_folder_is_answered_from_the_cache(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second report is the first one, word for word; a changed file, date of a remark or rule makes a new one."""
    assert run(["scan", str(app), "--json"]) == 1
    first = capsys.readouterr().out
    assert run(["scan", str(app), "--json"]) == 1
    assert capsys.readouterr().out == first
    (app / "src" / "index.js").write_text("export const handler = () => 1;\n")
    assert run(["scan", str(app)]) == 0


def test_rule_ids_are_those_of_the_rules() -> None:
    """The ids by file names are the ids that the rules have."""
    assert rule_ids() == {rule.id for rule in all_rules()}
