"""What the repository promises about itself: its size, its links, its lock, its contract."""

from __future__ import annotations

import ast
import configparser
import os
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BINARY = {".png", ".ico", ".gz", ".woff2", ".eml", ".mbox"}
# In the order of the design: what stands lower never imports what stands higher.
HOUSE = (
    {"cli"},
    {"desk"},
    {"portal", "edges"},
    {"trust"},
    {"learn"},
    {"prevent", "detect", "respond"},
    {"policy"},
    {"ledger"},
    {"vocabulary"},
    {"errors"},
)
PURE = set().union(*HOUSE[3:])
PACKAGE_INDEXES = re.compile(r"pypi[.]|pythonhosted|registry[.]npm|npmjs[.]|crates[.]io|proxy[.]golang|deb[.]debian")
LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")


@cache
def files() -> tuple[Path, ...]:
    """Everything that is, or is about to be, under version control."""
    asked = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(asked, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip(f"this is not a git checkout: {listed.stderr.decode().strip()}")
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


def texts() -> list[tuple[str, str]]:
    return [(str(p.relative_to(ROOT)), p.read_text(encoding="utf-8")) for p in files() if p.suffix not in BINARY]


def ours() -> list[Path]:
    """The Python that people write: no migrations, which a program writes."""
    return [p for p in files() if p.suffix == ".py" and p.is_relative_to(ROOT / "src") and "migrations" not in p.parts]


def contract(name: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    return parser[name]


def names(value: str) -> set[str]:
    return {name.strip(" ()") for name in re.split(r"[|\n]", value) if name.strip(" ()")}


def test_readme_fits_on_one_screen() -> None:
    """The README has at most 60 lines, and names the two commands."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    assert "script/up" in text
    assert "script/test" in text


def test_changelog_has_a_place_for_what_comes_next() -> None:
    """CHANGELOG.md keeps an Unreleased section (Keep a Changelog 1.1.0)."""
    assert re.search(r"^## \[Unreleased\]$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_no_file_names_a_package_index() -> None:
    """Which index to ask is the machine's setting, so no file names one's host."""
    named = [(name, found.group()) for name, text in texts() for found in PACKAGE_INDEXES.finditer(text)]
    assert [n for n in named if n[0] != "tests/test_repository.py"] == []


def test_no_file_names_a_folder_of_this_machine() -> None:
    """No file holds the path of the checkout in which it was written."""
    assert [name for name, text in texts() if f"{ROOT}/" in text] == []


def test_lock_names_files_and_hashes_but_no_host() -> None:
    """Each file of uv.lock has a SHA-256, no address, and one registry that never resolves."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    packages = [p for p in lock["package"] if p["name"] != "forgeward"]
    assert {p["source"]["registry"] for p in packages} == {"https://index.invalid/simple"}
    entries = [entry for p in packages for entry in [*p.get("wheels", ()), *([p["sdist"]] if "sdist" in p else ())]]
    assert len(entries) > len(packages)
    assert [e for e in entries if "url" in e or not e["hash"].startswith("sha256:")] == []


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower()).replace(" ", "-")


def test_relative_links_lead_somewhere() -> None:
    """Each relative link of a Markdown file leads to a file or folder here, and to a heading where it names one."""
    dead = []
    known = set(files())
    folders = {parent for path in known for parent in path.parents}
    for name, text in texts():
        if not name.endswith(".md"):
            continue
        for target in LINK.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            aim = Path(os.path.normpath((ROOT / name).parent / path)) if path else ROOT / name
            if aim not in known and aim not in folders:
                dead.append(f"{name}: {target}")
            elif anchor and anchor not in map(slug, re.findall(r"^#+ (.*)$", aim.read_text(), re.MULTILINE)):
                dead.append(f"{name}: {target} (no such heading)")
    assert dead == []


def test_every_page_of_the_docs_is_listed() -> None:
    """Whoever starts at docs/README.md can reach every page from it or from a page it links to."""
    reached, waiting = set(), [ROOT / "docs" / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            aim = Path(os.path.normpath(page.parent / target.partition("#")[0]))
            aim = aim / "README.md" if aim.is_dir() else aim
            if aim.suffix == ".md" and aim.is_file() and aim not in reached:
                waiting.append(aim)
    pages = {p for p in files() if p.suffix == ".md" and p.is_relative_to(ROOT / "docs")}
    assert sorted(str(p.relative_to(ROOT)) for p in pages - reached) == []


def test_decisions_are_numbered_and_short() -> None:
    """Decision records count up without a gap, and each fits on half a page (40 lines)."""
    records = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    assert [int(r.name[:4]) for r in records] == list(range(1, len(records) + 1))
    assert [r.name for r in records if len(r.read_text(encoding="utf-8").splitlines()) > 40] == []


def test_modules_are_short() -> None:
    """No module has 500 lines or more: split by what changes together."""
    lengths = {str(p.relative_to(ROOT)): len(p.read_text(encoding="utf-8").splitlines()) for p in ours()}
    assert {name: n for name, n in lengths.items() if n >= 500} == {}


def test_functions_are_short() -> None:
    """No function has more than 60 lines."""
    long = []
    for path in ours():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > 60:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} ({lines} lines)")
    assert long == []


def test_import_contract_has_the_floors_of_the_house_in_order() -> None:
    """The layers of .importlinter are those of the design, and nothing may be left out of them."""
    house = contract("importlinter:contract:house")
    assert tuple(names(line) for line in house["layers"].strip().splitlines()) == HOUSE
    assert house.getboolean("exhaustive")


def test_import_contract_keeps_the_whole_core_pure() -> None:
    """Each room from trust down that is under version control is forbidden to touch database, network and processes."""
    pure = contract("importlinter:contract:pure")
    files()  # skips where there is no version control
    asked = ["git", "-C", str(ROOT), "ls-files", "src/forgeward/*.py"]
    tracked = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
    rooms = {Path(name).parts[2].removesuffix(".py") for name in tracked} & PURE
    assert rooms
    assert names(pure["source_modules"]) == {f"forgeward.{room}" for room in rooms}
    assert names(pure["forbidden_modules"]) == {"django", "duckdb", "httpx2", "sqlite3", "socket", "subprocess"}


def test_scripts_can_be_run() -> None:
    """Each script is executable and says what runs it."""
    scripts = [p for p in files() if p.parent in {ROOT / "script", ROOT / ".ci"}]
    assert {p.name for p in scripts} >= {"setup", "up", "test", "lock", "fresh", "run"}
    for script in scripts:
        assert os.access(script, os.X_OK), script
        assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env "), script
