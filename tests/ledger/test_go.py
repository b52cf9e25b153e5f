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
from tests.ledger.world import Ledger, rotated_ledger, small_ledger, witness

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
        "Key": str(ledger.before[0][1].key if ledger.before else ledger.signer.key),
        "Rotations": ledger.rotations,
        "Witnesses": [str(witness.key) for witness in ledger.witnesses],
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


def test_go_follows_our_rotations_and_checks_our_witnesses(program: Path) -> None:
    """From the first key by two rotations to the present one, whose checkpoint two witnesses have co-signed."""
    ledger = rotated_ledger(12)
    assert run(program, claim(ledger)).stdout == "ok test.example/ledger 14 14 14\n"


def test_go_refuses_rotations_and_witnesses_that_are_not_ours(program: Path) -> None:
    """One left out, one of the wrong order, a witness who did not sign, a co-signature over another text."""
    claimed = claim(rotated_ledger(12))
    assert run(program, claimed | {"Rotations": claimed["Rotations"][1:]}).stdout.startswith("rotation")
    assert run(program, claimed | {"Rotations": claimed["Rotations"][::-1]}).stdout.startswith("rotation")
    assert run(program, claimed | {"Rotations": []}).stdout.startswith("note")
    stranger = str(witness("stranger.example", 7).key)
    assert run(program, claimed | {"Witnesses": [stranger]}).stdout == "note: 1 of 2 signatures\n"
    again = str(witness("witness.example", 8).key)
    assert run(program, claimed | {"Witnesses": [again]}).stdout == "note: 1 of 2 signatures\n"
    lines = claimed["Note"].splitlines(keepends=True)
    swapped = "".join(lines[:-1]) + lines[-1].replace("A", "B", 1)
    assert run(program, claimed | {"Note": swapped}).stdout.startswith("note")


def test_go_refuses_what_is_not_ours(program: Path) -> None:
    """The program does check: a changed entry, root or note is refused, each by its own step."""
    for part, name in (("Records", "Entry"), ("Trees", "Root")):
        claimed = claim(small_ledger(6))
        claimed[part][2][name] = text(bytes(32))
        assert run(program, claimed).stdout.startswith(("record 2", "tree 3"))
    claimed = claim(small_ledger(6))
    claimed["Note"] = claimed["Note"].replace("\n6\n", "\n7\n")
    assert run(program, claimed).stdout.startswith("note")
