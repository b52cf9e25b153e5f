"""Keys are kept where nobody else reads them, shared by processes, and once destroyed they are gone from every byte."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forgeward.edges import keys as keys_module
from forgeward.edges.keys import Keys, decrypt, encrypt
from forgeward.errors import BadInput, HomeUnusable, KeyErased, NotFound, VerificationFailed
from forgeward.ledger import checkpoint

AT = datetime(2026, 11, 23, 10, 20, tzinfo=UTC)
CHILD = """
import sys
from pathlib import Path
from forgeward.edges.keys import Keys
keys = Keys(Path(sys.argv[1]))
for n in range(40):
    print(keys.data_key(f"person:{n}").hex())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keys(folder: Path):
    with Keys(folder) as opened:
        opened.create("vendor.example/ledger")
        yield opened


def everything(folder: Path) -> bytes:
    """Every byte of every file of the key store."""
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))


def use_all(keys: Keys) -> None:
    keys.note_signer()
    keys.data_key("person:1")


def wrapped_keys(folder: Path) -> dict[str, bytes]:
    with sqlite3.connect(folder / "subjects.sqlite3") as store:
        found = dict(store.execute("SELECT subject, wrapped FROM subject_key"))
    store.close()
    return found


def test_only_the_owner_reads_the_keys(keys: Keys, folder: Path) -> None:
    """Folder 0700, every file 0600, the store's own files included."""
    keys.data_key("person:1")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {file.name: oct(stat.S_IMODE(file.stat().st_mode)) for file in folder.iterdir()} == dict.fromkeys(
        ["home.key", "ledger.key", "subjects.sqlite3", "subjects.sqlite3-shm", "subjects.sqlite3-wal"], "0o600"
    )


@pytest.mark.parametrize("name", ["ledger.key", "home.key", "subjects.sqlite3"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_can_reach_is_refused(folder: Path, name: str, mode: int) -> None:
    """Group or world, reading or writing: the sentence names the file and says what to do."""
    Keys(folder).create()
    (folder / name).chmod(mode)
    with Keys(folder) as opened, pytest.raises(HomeUnusable, match=name) as refused:
        use_all(opened)
    assert "chmod 600" in refused.value.next


@pytest.mark.parametrize("name", ["ledger.key", "home.key"])
@pytest.mark.parametrize("content", [None, b"", b"x", b"PRIVATE+KEY+a+00000000+AAAA"])
def test_a_missing_or_damaged_key_is_refused(folder: Path, name: str, content: bytes | None) -> None:
    """Nothing is made anew in silence: a new key would orphan all that the old one sealed."""
    Keys(folder).create()
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with Keys(folder) as opened, pytest.raises(HomeUnusable, match=name):
        use_all(opened)


def test_a_slip_in_the_ledger_key_is_noticed(keys: Keys, folder: Path) -> None:
    """The hash in its text must be the key's."""
    file = folder / "ledger.key"
    text = file.read_text()
    file.write_text(text.replace("+A", "+B", 1) if "+A" in text else text.replace("vendor", "vendir"))
    with pytest.raises(HomeUnusable, match="damaged"):
        keys.note_signer()


def test_creating_again_changes_nothing(keys: Keys, folder: Path) -> None:
    """Keys are made once; a second `create` leaves them alone."""
    before = (str(keys.verifier_key), keys.data_key("person:1"))
    keys.create("another.example/ledger")
    with Keys(folder) as again:
        assert (str(again.verifier_key), again.data_key("person:1")) == before


def test_a_ledger_without_a_name_gets_one(folder: Path) -> None:
    """Random, so that two homes do not share it."""
    with Keys(folder) as opened:
        opened.create()
        assert opened.verifier_key.name.startswith("forgeward/")


def test_a_name_that_no_note_can_have_makes_no_key(folder: Path) -> None:
    """Refused before anything is written."""
    with pytest.raises(BadInput):
        Keys(folder).create("my ledger")
    assert not (folder / "ledger.key").exists()


def test_checkpoints_are_signed_with_the_ledger_key(keys: Keys) -> None:
    """The verifier key's text opens what the signer signs."""
    point = checkpoint.Checkpoint("vendor.example/ledger", 3, bytes(32))
    note = checkpoint.sign(point, keys.note_signer())
    assert checkpoint.verify(note, checkpoint.VerifierKey.parse(str(keys.verifier_key))) == point


@settings(max_examples=30)
@given(st.binary(max_size=300), st.binary(max_size=30))
def test_what_is_sealed_opens_only_in_its_place(plaintext: bytes, place: bytes) -> None:
    """Another key, another place or another byte does not open it; equal texts do not look alike."""
    key = bytes(32)
    blob = encrypt(key, plaintext, place)
    assert decrypt(key, blob, place) == plaintext
    assert encrypt(key, plaintext, place) != blob
    for wrong in (
        (bytes([1]) * 32, blob, place),
        (key, blob, place + b"x"),
        (key, blob[:-1], place),
        (key, b"", place),
    ):
        with pytest.raises(VerificationFailed):
            decrypt(*wrong)
    for position in range(len(blob)):
        spoilt = bytearray(blob)
        spoilt[position] ^= 1
        with pytest.raises(VerificationFailed):
            decrypt(key, bytes(spoilt), place)


def test_each_subject_has_its_own_key(keys: Keys, folder: Path) -> None:
    """Keys last, differ, and stand in no file as they are."""
    made = keys.data_keys([f"case:FW-{n}" for n in range(1_200)])
    assert len(set(made.values())) == 1_200
    assert not any(key in everything(folder) for key in made.values())
    with Keys(folder) as again:
        assert again.data_keys(made) == made
    blob = keys.seal("case:FW-1", b"text", b"place")
    assert keys.open("case:FW-1", blob, b"place") == b"text"
    with pytest.raises(VerificationFailed):
        keys.open("case:FW-2", blob, b"place")


def test_more_keys_than_the_cache_holds(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache is bounded; keys that fell out are read again."""
    monkeypatch.setattr(keys_module, "CACHED_KEYS", 10)
    made = keys.data_keys([f"person:{n}" for n in range(50)])
    assert all(keys.data_key(subject) == key for subject, key in made.items())
    assert keys.data_keys(made) == made


@pytest.mark.parametrize("subject", ["", "person", "person:", "robot:1", "person:\n", "case:" + "x" * 200])
def test_what_is_no_subject_gets_no_key(keys: Keys, subject: str) -> None:
    """Case, reporter or person, with an id."""
    with pytest.raises(BadInput):
        keys.data_key(subject)


def test_opening_makes_no_key(keys: Keys) -> None:
    """What was sealed has a key; if that is not here, the key store is not the right one."""
    with pytest.raises(NotFound):
        keys.open("person:1", keys.seal("person:2", b"x", b""), b"")
    assert "person:1" not in wrapped_keys(keys.folder)


def test_an_erased_subject_stays_erased(keys: Keys, folder: Path) -> None:
    """Nothing opens, seals or makes a key for it again, in this process or another, also not in bulk."""
    blob = keys.seal("person:1", b"name", b"")
    assert keys.destroy("person:1", AT)
    assert not keys.destroy("person:1", AT)
    with Keys(folder) as again:
        for opened in (keys, again):
            with pytest.raises(KeyErased, match="2026-11-23T10:20:00Z"):
                opened.open("person:1", blob, b"")
            with pytest.raises(KeyErased):
                opened.data_keys(["person:9", "person:1"])
            assert opened.erased() == {"person:1": "2026-11-23T10:20:00Z"}


def test_another_process_cache_forgets_what_was_erased(keys: Keys, folder: Path) -> None:
    """A second process that has the key cached refuses at its next use."""
    with Keys(folder) as other:
        blob = other.seal("person:1", b"name", b"")
        other.data_key("person:2")
        keys.destroy("person:1", AT)
        with pytest.raises(KeyErased):
            other.open("person:1", blob, b"")
        with pytest.raises(KeyErased):
            other.data_key("person:1")
        assert other.data_key("person:2") == keys.data_key("person:2")


def test_erasing_is_replayed_on_a_restored_store(keys: Keys, folder: Path, tmp_path: Path) -> None:
    """A backup from before the erasure has the key again, until the list of erasures is replayed."""
    keys.data_key("person:1")
    keys.close()
    backup = {file.name: file.read_bytes() for file in folder.iterdir()}
    keys.destroy("person:1", AT)
    erased = keys.erased()
    keys.close()
    for file in folder.iterdir():
        file.unlink()
    for name, content in backup.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    with Keys(folder) as restored:
        assert restored.data_key("person:1")
        for subject, at in erased.items():
            assert restored.destroy(subject, datetime.fromisoformat(at))
        with pytest.raises(KeyErased):
            restored.data_key("person:1")


@pytest.mark.parametrize("count", [1, 40, 3_000])
def test_a_destroyed_key_is_in_no_byte_of_the_store(keys: Keys, folder: Path, count: int) -> None:
    """Not in the database's free space nor in its write-ahead log, however the pages were split before."""
    subjects = [f"reporter:{(n * 7919) % count:06d}" for n in range(count)]
    for at in range(0, count, 97):
        keys.data_keys(subjects[at : at + 97])
    wrapped = wrapped_keys(folder)
    gone = subjects[:: max(1, count // 60)]
    for subject in gone:
        keys.destroy(subject, AT)
    left = everything(folder)
    assert [subject for subject in gone if wrapped[subject][:24] in left or wrapped[subject][24:] in left] == []
    assert all(wrapped[subject] in left for subject in subjects if subject not in gone)
    keys.close()
    assert not any(wrapped[subject][13:37] in everything(folder) for subject in gone)


def test_processes_agree_on_keys(folder: Path) -> None:
    """Four processes that want the same forty keys at once get the same forty keys."""
    Keys(folder).create()
    children = [
        subprocess.Popen([sys.executable, "-c", CHILD, str(folder)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    outputs = [child.communicate(timeout=60)[0] for child in children]
    assert [child.returncode for child in children] == [0] * 4
    assert len(set(outputs)) == 1
    assert len(set(outputs[0].split())) == 40


def test_threads_agree_on_keys(keys: Keys) -> None:
    """One `Keys` serves many threads."""
    found: list[dict[str, bytes]] = []
    threads = [
        threading.Thread(target=lambda: found.append(keys.data_keys([f"person:{n}" for n in range(50)])))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(one == found[0] for one in found)


def test_a_child_after_fork_has_its_own_connection(keys: Keys) -> None:
    """Parent and child go on with the same keys."""
    before = keys.data_key("person:1")
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        os._exit(0 if keys.data_key("person:1") == before and keys.data_key("person:2") else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert keys.data_key("person:1") == before
    assert keys.data_key("person:2")


def test_a_mails_key_moves_from_the_home_to_its_person(keys: Keys) -> None:
    """Once re-wrapped, the mail opens by the person's key alone, and not at all once that is destroyed."""
    key, wrapped = keys.new_data_key()
    assert keys.unwrap(wrapped) == key
    assert key not in wrapped
    moved = keys.rewrap(wrapped, "reporter:1")
    assert keys.unwrap(moved, "reporter:1") == key
    with pytest.raises(VerificationFailed):
        keys.unwrap(moved)
    with pytest.raises(VerificationFailed):
        keys.unwrap(wrapped, "reporter:1")
    keys.destroy("reporter:1", AT)
    with pytest.raises(KeyErased):
        keys.unwrap(moved, "reporter:1")


def test_a_keyed_digest_is_this_homes_alone(keys: Keys, tmp_path: Path) -> None:
    """The same thing under the same label gives the same digest, in this home only."""
    made = keys.keyed("address", b"a@b.example")
    with Keys(keys.folder) as again, Keys(tmp_path / "other") as other:
        other.create()
        assert again.keyed("address", b"a@b.example") == made
        assert len({made, keys.keyed("message", b"a@b.example"), other.keyed("address", b"a@b.example")}) == 3


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """A sentence, with the folder's name."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(HomeUnusable, match="file/keys"):
        Keys(tmp_path / "file" / "keys").create()


def test_a_store_that_is_no_store_is_refused(folder: Path) -> None:
    """A damaged file is a sentence, not a traceback."""
    with Keys(folder) as made:
        made.create()
    (folder / "subjects.sqlite3").write_bytes(b"not a database" * 100)
    with Keys(folder) as opened, pytest.raises(HomeUnusable, match="key store"):
        opened.data_key("person:1")


# --- one place of a case ----------------------------------------------------------------------------------------------


def test_one_place_of_a_case_can_go_alone(keys: Keys) -> None:
    """Its text is gone for ever, the other texts, files and later ones of the case stay."""
    place = b"FW-7Q3KXM:3"
    texts = {n: keys.seal("case:FW-7Q3KXM", b"text %d" % n, b"FW-7Q3KXM:%d" % n) for n in range(1, 6)}
    own = keys.data_key("case:FW-7Q3KXM")
    assert keys.destroy(keys_module.part("case:FW-7Q3KXM", place), AT)
    assert not keys.destroy(keys_module.part("case:FW-7Q3KXM", place), AT)
    with pytest.raises(KeyErased, match="named a person"):
        keys.open("case:FW-7Q3KXM", texts[3], place)
    with pytest.raises(KeyErased):
        keys.seal("case:FW-7Q3KXM", b"again", place)
    for n in (1, 2, 4, 5):
        assert keys.open("case:FW-7Q3KXM", texts[n], b"FW-7Q3KXM:%d" % n) == b"text %d" % n
    assert keys.data_key("case:FW-7Q3KXM") == own
    later = keys.seal("case:FW-7Q3KXM", b"later", b"FW-7Q3KXM:6")
    assert keys.open("case:FW-7Q3KXM", later, b"FW-7Q3KXM:6") == b"later"


def test_other_processes_notice_that_a_place_is_gone(keys: Keys, folder: Path) -> None:
    """Nobody goes on with a key that was read before."""
    place = b"FW-7Q3KXM:3"
    with Keys(folder) as other:
        sealed = other.seal("case:FW-7Q3KXM", b"text", place)
        assert other.open("case:FW-7Q3KXM", sealed, place) == b"text"
        keys.destroy(keys_module.part("case:FW-7Q3KXM", place), AT)
        with pytest.raises(KeyErased):
            other.open("case:FW-7Q3KXM", sealed, place)


def test_a_place_erased_on_an_older_copy_is_gone_there_too(keys: Keys, folder: Path, tmp_path: Path) -> None:
    """The list of what was erased, replayed, gives the same store as the first time; what came later stays readable."""
    place = b"FW-7Q3KXM:3"
    sealed = keys.seal("case:FW-7Q3KXM", b"text", place)
    keys.close()
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    with Keys(folder) as now, Keys(copy) as older:
        now.destroy(keys_module.part("case:FW-7Q3KXM", place), AT)
        later = now.seal("case:FW-7Q3KXM", b"later", b"FW-7Q3KXM:4")
        assert older.open("case:FW-7Q3KXM", sealed, place) == b"text"
        assert older.destroy_all(now.erased()) == 1
        with pytest.raises(KeyErased):
            older.open("case:FW-7Q3KXM", sealed, place)
        assert older.open("case:FW-7Q3KXM", later, b"FW-7Q3KXM:4") == b"later"
        assert older.erased() == now.erased()


@pytest.mark.parametrize(
    "odd", ["case:A#", "case:A#123", "case:A#zzzzzzzz", "person:1#00000000", "reporter:x#12345678"]
)
def test_only_places_of_cases_are_parts(keys: Keys, odd: str) -> None:
    """Anything else is refused, and nothing is destroyed."""
    with pytest.raises(BadInput):
        keys.destroy(odd, AT)
    assert keys.erased() == {}
