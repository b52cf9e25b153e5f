"""What outsiders hold binds the ledger: a checkpoint of theirs, and the witnesses whom they trust."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forgeward.edges.keys import Keys
from forgeward.ledger import checkpoint
from tests.journeys.programme import Programme, found
from tests.ledger.world import signer, witness

pytestmark = [pytest.mark.journey, pytest.mark.slow]

NOW = int(datetime.now(UTC).timestamp())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Programme:
    """A home with one case, and room beside it for what goes out."""
    programme = found(tmp_path_factory.mktemp("outsiders") / "home")
    programme.do("case", "open", "--title", "Errors", "--text", "More than usual", who="hannah")
    (programme.folder.parent / "verifier.key").write_text(programme.do("ledger", "key")["key"])
    return programme


def more(home: Programme) -> None:
    """History goes on."""
    number = home.do("case", "list")["cases"][0]["id"]
    home.do("case", "note", number, "--text", "Seen again", who="hannah")


def signed(home: Programme, name: str) -> Path:
    """A checkpoint of the ledger as it stands, as a file that somebody keeps."""
    file = home.folder.parent / name
    file.write_text(home.do("ledger", "checkpoint")["note"])
    return file


def packed(home: Programme, name: str, *words: str) -> Path:
    file = home.folder.parent / name
    home.do("ledger", "pack", "--out", str(file), *words)
    return file


def verified(home: Programme, pack: Path, *words: str) -> list[str]:
    """What is wrong with a pack, as an outsider finds it with the vendor's key; nothing where the exit code is 0."""
    answer = home.run("ledger", "verify", str(pack), "--key", str(pack.parent / "verifier.key"), *words, "--json")
    problems = [each["what"] for each in answer.json["problems"]]
    assert answer.json["ok"] is (answer.code == 0) is (not problems)
    return problems


def test_a_later_pack_extends_the_checkpoint_that_somebody_keeps(home: Programme) -> None:
    """A pack made for it proves that nothing below it changed, also after further history and another key."""
    held = signed(home, "held.txt")
    more(home)
    signed(home, "newer.txt")
    assert verified(home, packed(home, "extends.pack", "--extends", str(held)), "--since", str(held)) == []
    home.do("ledger", "rotate")
    more(home)
    signed(home, "newest.txt")
    assert verified(home, packed(home, "rotated.pack", "--extends", str(held)), "--since", str(held)) == []


def test_a_pack_that_does_not_extend_it_is_refused(home: Programme) -> None:
    """An older pack; one of a history that the vendor's own key signed otherwise; one of another ledger."""
    old = packed(home, "old.pack")
    more(home)
    held = signed(home, "kept.txt")
    assert "the pack is older" in verified(home, old, "--since", str(held))[0]

    head = checkpoint.Checkpoint.parse_unverified(checkpoint.Note.parse(held.read_text()).text)
    other = held.with_name("other.txt")
    other.write_text(checkpoint.sign(replace(head, root=bytes(32)), Keys(home.folder / "keys").note_signer()))
    more(home)
    pack = packed(home, "new.pack", "--extends", str(held))
    assert verified(home, pack, "--since", str(held)) == []
    assert "history was rewritten" in verified(home, pack, "--since", str(other))[0]

    stranger = held.with_name("stranger.txt")
    stranger.write_text(checkpoint.sign(replace(head, origin="else.example/ledger"), signer("else.example/ledger")))
    assert any("another ledger" in problem for problem in verified(home, pack, "--since", str(stranger)))


def test_what_a_witness_signed_is_checked_kept_and_packed(home: Programme) -> None:
    """Known witnesses only, over checkpoints of this ledger only; a pack at such a checkpoint shows them."""
    trusted, unknown = witness("witness.example", 7), witness("unknown.example", 8)
    assert home.do("ledger", "witness", "add", str(trusted.key))["witnesses"][0]["size"] is None
    assert home.refused("ledger", "witness", "add", str(trusted.key))["message"].startswith("There is a witness")
    ours = signed(home, "checkpoint.txt")
    text = checkpoint.Note.parse(ours.read_text()).text

    def given(name: str, *lines: str) -> str:
        file = ours.with_name(name)
        file.write_text(ours.read_text() + "".join(lines))
        return str(file)

    seen, strange = (str(checkpoint.cosign(text, each, NOW)) for each in (trusted, unknown))
    forged = strange.replace("unknown.example", "witness.example")
    for name, lines in (("strange.txt", [strange]), ("none.txt", []), ("forged.txt", [forged])):
        refused = home.refusal("ledger", "cosign", given(name, *lines), code="bad_input")
        assert refused["message"] == "No known witness signed this checkpoint."
    wrong = str(checkpoint.cosign(f"{text}more\n", trusted, NOW))
    assert home.refused("ledger", "cosign", given("wrong.txt", wrong))["code"] == "verification_failed"
    early = str(checkpoint.cosign(text, trusted, NOW + 3600))
    assert "yet to come" in home.refused("ledger", "cosign", given("early.txt", early))["message"]

    done = home.do("ledger", "cosign", given("cosigned.txt", seen, strange))
    assert (done["new"], done["known"]) == (["witness.example"], [])
    assert home.do("ledger", "cosign", given("cosigned.txt", seen))["known"] == ["witness.example"]
    assert home.do("ledger", "witness", "list")["witnesses"][0]["size"] == done["size"]

    more(home)
    signed(home, "unseen.txt")
    pack = packed(home, "seen.pack", "--witnessed")
    assert verified(home, pack, "--witness", str(trusted.key), "--since", str(ours)) == []
    assert "not co-signed" in verified(home, pack, "--witness", str(unknown.key))[0]
    assert "not co-signed" in verified(home, packed(home, "unseen.pack"), "--witness", str(trusted.key))[0]
    assert home.do("audit")["ok"]
