"""``forgeward mail key``: our keys and other people's, by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from forgeward.edges.home import Home
from forgeward.edges.keys import Keys
from tests.cli.test_app import run
from tests.edges.gnupg import GPG, NO_GPG, gnupg

Call = Callable[..., tuple[int, dict[str, object]]]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    Keys(home.keys).create("example.com/ledger")
    return home


@pytest.fixture
def call(home: Home) -> Call:
    """Calls the program on a fresh home; answers exit code and JSON."""

    def ask(*words: str) -> tuple[int, dict[str, object]]:
        done = run("mail", "key", *words, "--json", home=home.folder)
        return done.returncode, msgspec.json.decode(done.stdout)

    return ask


def keys(answer: tuple[int, dict[str, object]]) -> list[dict[str, str]]:
    assert answer[0] == 0, answer
    return answer[1]["keys"]  # type: ignore[return-value]


def test_generate_and_show(call: Call, home: Home) -> None:
    """A key is made, shown, and printed for publishing; nothing of its secret part is."""
    assert keys(call("show")) == []
    made = keys(call("generate", "--address", "Security@Example.com", "--name", "Loom"))
    assert (made[0]["state"], made[0]["addresses"], made[0]["hindrance"]) == ("own", ["security@example.com"], None)
    assert keys(call("show")) == made
    printed = run("mail", "key", "show", "--armor", home=home.folder).stdout
    assert printed.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----")
    assert "PRIVATE" not in printed


@pytest.mark.parametrize("words", [(), ("--address", "security"), ("--address", "a b@example.com")])
def test_generate_needs_an_address(call: Call, words: tuple[str, ...]) -> None:
    """Without an address, or with what is none, no key is made."""
    code, answer = call("generate", *words)
    assert (code, answer["error"]["code"]) == (2, "bad_input")  # type: ignore[index]
    assert keys(call("show")) == []


@pytest.mark.skipif(GPG is None, reason=NO_GPG)
def test_keys_of_others(call: Call, tmp_path: Path) -> None:
    """A key comes in as an offer of the address that it names; looking elsewhere is off."""
    with gnupg() as peer:
        peer.key("Rita", "future-default", "default")
        (tmp_path / "rita.asc").write_bytes(peer.public("rita"))
        (tmp_path / "secret.asc").write_bytes(peer.run("--armor", "--export-secret-keys", "rita"))
    file = str(tmp_path / "rita.asc")
    offered = keys(call("import", file, "--of", "rita@example.org"))
    assert (offered[0]["state"], offered[0]["origin"]) == ("offered", "hand")
    assert keys(call("show", "Rita@example.org")) == offered
    assert keys(call("show", "eve@example.org")) == []
    code, answer = call("import", file, "--of", "eve@example.org")
    assert (code, "names eve@example.org" in answer["error"]["message"]) == (2, True)  # type: ignore[index]
    code, answer = call("import", file)
    assert (code, answer["error"]["code"]) == (2, "key_unusable")  # type: ignore[index]
    assert keys(call("import", str(tmp_path / "secret.asc")))[0]["state"] == "own"
    code, answer = call("find", "rita@example.org")
    assert (code, "switched off" in answer["error"]["message"]) == (2, True)  # type: ignore[index]
