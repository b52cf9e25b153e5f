"""Which apps and files there are, and what is left out."""

from __future__ import annotations

import pytest

from forgeward.prevent.project import MAX_LINE, assemble, is_ci, is_test, relaxed_json
from forgeward.prevent.scan import code_paths
from tests.prevent import apps

SMALL = b"app: {id: a}\nmodules: {}\n"


def test_each_manifest_is_an_app_with_the_files_below_it() -> None:
    """Several apps in one repository share nothing; a file belongs to the nearest manifest above."""
    project = assemble(
        {
            "apps/one/manifest.yml": SMALL,
            "apps/one/src/index.js": b"1",
            "apps/two/manifest.yaml": SMALL,
            "apps/two/src/index.ts": b"1",
            "apps/two/inner/manifest.yml": SMALL,
            "apps/two/inner/src/a.js": b"1",
            "tools/x.js": b"1",
        }
    )
    found = {app.path: code_paths(project, app) for app in project.apps}
    assert found == {
        "apps/one": ["apps/one/src/index.js"],
        "apps/two": ["apps/two/src/index.ts"],
        "apps/two/inner": ["apps/two/inner/src/a.js"],
    }
    assert project.base == ["tools/x.js"]


def test_code_beside_the_only_app_is_its() -> None:
    """A front end that lies beside the app's folder belongs to the only app there is."""
    project = assemble({"app/manifest.yml": SMALL, "custom-ui/src/main.tsx": b"1"})
    assert code_paths(project, project.apps[0]) == ["custom-ui/src/main.tsx"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\0\1\2", "binary"),
        (b"const a = '\xff';", "UTF-8"),
        (b"var a;" + b"x" * (MAX_LINE + 1), "bundler"),
    ],
)
def test_file_that_cannot_be_read_is_named(data: bytes, reason: str) -> None:
    """Binary, wrongly encoded and bundled files are not scanned, with the reason; the rest is."""
    report = apps.report({"manifest.yml": SMALL, "src/a.js": data, "src/b.js": b"const a = 1;"})
    assert [u.path for u in report.not_scanned] == ["src/a.js"]
    assert reason in report.not_scanned[0].reason
    assert not report.complete


@pytest.mark.parametrize(
    "text",
    ["a: [1", "a: &x [*x]\n: : :", "\t- x", "- just\n- a list\n", "a: b\n" * 3 + "{", "a: " + "[" * 200 + "]" * 200],
)
def test_manifest_that_is_no_yaml_is_named(text: str) -> None:
    """A broken, too deep or wrong document is not scanned, with line and reason."""
    report = apps.report({"manifest.yml": text.encode()})
    assert {u.path for u in report.not_scanned} == {"manifest.yml", "."}


def test_aliases_do_not_expand() -> None:
    """Nine anchors that each hold the last nine times are read at once."""
    lines = ["app: {id: x}", "a0: &a0 [x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    assert apps.report({"manifest.yml": "\n".join(lines).encode()}).complete


def test_another_programs_manifest_is_no_app() -> None:
    """A manifest.yml without app and modules is not Forge's."""
    report = apps.report({"manifest.yml": b"name: a\nicons: []\n"})
    assert [(u.path, "manifest.yml" in u.reason) for u in report.not_scanned] == [(".", True)]


def test_tests_and_ci_files_are_known_by_their_paths() -> None:
    """Tests are not code that reaches users."""
    assert all(map(is_test, ["src/a.test.ts", "src/__tests__/a.js", "test/a.js", "src/a-spec.jsx", "jest.config.js"]))
    assert not any(map(is_test, ["src/attest.js", "src/contest/a.js", "src/latest.ts", "src/testing.ts"]))
    assert all(map(is_ci, [".github/workflows/a.yml", "bitbucket-pipelines.yml", "x/.gitlab-ci.yml"]))
    assert not is_ci("docs/workflows/a.yml")


def test_tsconfig_may_have_comments() -> None:
    """Comments and trailing commas of tsconfig.json are read; a // inside a text stays."""
    assert relaxed_json('{// x\n"a": "http://b", /* y */ "c": [1,],}') == {"a": "http://b", "c": [1]}
    assert relaxed_json("{nonsense") is None
