"""Tools of another house read the ledger: Go's sumdb/note and sumdb/tlog, as Debian ships them."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from forgeward.ledger import tree
from tests.ledger.world import Ledger, small_ledger

GOPATH = Path("/usr/share/gocode")
PROGRAM = Path(__file__).parent / "go" / "verify.go"

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, built offline from Debian's sources."""
    go = shutil.which("go")
    if not go:
        pytest.skip("no go command: install Debian's golang-go")
    if not (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("no golang.org/x/mod: install Debian's golang-golang-x-mod-dev")
    folder = tmp_path_factory.mktemp("go")
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": str(GOPATH),
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    }
    built = folder / "verify"
    subprocess.run([go, "build", "-o", str(built), str(PROGRAM)], env=environment, check=True, cwd=folder)
    return built


def claim(ledger: Ledger) -> dict[str, Any]:
    """Everything that can be proven of a ledger: each record, each older tree."""
    size = len(ledger.entries)
    return {
        "Key": str(ledger.signer.key),
        "Note": ledger.checkpoint(),
        "Records": [
            {
                "Index": index,
                "Entry": text(item.encoded),
                "Proof": list(map(text, tree.inclusion_proof(ledger.nodes, index, size))),
            }
            for index, item in enumerate(ledger.entries)
        ],
        "Trees": [
            {
                "Size": old,
                "Root": text(tree.root(ledger.nodes, old)),
                "Proof": list(map(text, tree.consistency_proof(ledger.nodes, old, size))),
            }
            for old in range(1, size + 1)
        ],
    }


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def run(program: Path, claimed: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program], input=json.dumps(claimed), capture_output=True, text=True, check=False)


@pytest.mark.parametrize("size", [1, 2, 7, 8, 21])
def test_go_opens_our_checkpoints_and_checks_our_proofs(program: Path, size: int) -> None:
    """Every record and every older tree, for sizes that are and are not powers of two."""
    outcome = run(program, claim(small_ledger(size)))
    assert outcome.stdout == f"ok test.example/ledger {size} {size} {size}\n"


def test_go_refuses_what_is_not_ours(program: Path) -> None:
    """The program does check: a changed entry, root or note is refused, each by its own step."""
    for part, name in (("Records", "Entry"), ("Trees", "Root")):
        claimed = claim(small_ledger(6))
        claimed[part][2][name] = text(bytes(32))
        assert run(program, claimed).stdout.startswith(("record 2", "tree 3"))
    claimed = claim(small_ledger(6))
    claimed["Note"] = claimed["Note"].replace("\n6\n", "\n7\n")
    assert run(program, claimed).stdout.startswith("note")
