"""The home folder: made once, opened with sentences, its clock moved only in a demo."""

from __future__ import annotations

import errno
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forgeward.edges.home import Home, translated
from forgeward.errors import BadInput, HomeUnusable


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


def test_a_new_home_is_its_owners_alone(home: Home) -> None:
    """Folders are made with mode 0700, whatever the umask says."""
    for folder in (home.folder, home.keys, home.raw, home.files, home.outbox):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_a_missing_home_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(HomeUnusable, match="no Forgeward home") as refusal:
        Home(tmp_path / "none").require()
    assert "forgeward init" in refusal.value.next


def test_a_home_of_another_format_is_left_alone(home: Home) -> None:
    """A newer Forgeward's home is not touched by an older one."""
    (home.folder / "home.json").write_text('{"format": 99}')
    with pytest.raises(HomeUnusable, match="format 99"):
        home.require()


def test_a_damaged_marker_is_a_sentence(home: Home) -> None:
    (home.folder / "home.json").write_text("{")
    with pytest.raises(HomeUnusable, match="does not read as a marker"):
        home.require()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[mail]\nhots = 'x'", "hots"),
        ("[mail]\nport = 'x'", "port"),
        ("[mail", "settings.toml"),
        ("[nonsense]", "nonsense"),
    ],
)
def test_a_slip_in_settings_names_file_and_key(home: Home, text: str, named: str) -> None:
    """An unknown key or a wrong value is an error, never ignored."""
    home.settings_file.write_text(text)
    with pytest.raises(BadInput, match=named):
        _ = home.settings


def test_settings_have_defaults(home: Home) -> None:
    assert not home.settings.mail.is_set


def test_the_clock_of_a_real_home_cannot_be_moved(home: Home) -> None:
    with pytest.raises(BadInput, match="Only a demo home"):
        home.move_clock(datetime(2099, 1, 1, tzinfo=UTC))


def test_a_demos_clock_goes_on_from_where_it_was_moved(home: Home) -> None:
    """After `tick --at`, the home's now is that instant and runs on; it never goes back."""
    home.mark_demo()
    later = datetime.now(UTC) + timedelta(days=3)
    home.move_clock(later)
    assert later <= home.now() < later + timedelta(minutes=1)
    assert Home(home.folder).now() >= later, "another process sees it too"
    with pytest.raises(BadInput, match="only goes forward"):
        home.move_clock(later - timedelta(hours=1))


def test_a_second_instance_is_told_who_holds_the_home(home: Home) -> None:
    with home.only_instance(), pytest.raises(HomeUnusable, match="already runs"), Home(home.folder).only_instance():
        pass
    with home.only_instance():
        assert (home.folder / "up.lock").read_text().isdigit()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "may not read or write"),
        (errno.ENOTDIR, "not a folder"),
        (errno.EIO, "Input/output"),
    ],
)
def test_what_the_system_refuses_becomes_a_sentence(tmp_path: Path, number: int, said: str) -> None:
    """Every refusal of the operating system says what is wrong and what to do."""
    with pytest.raises(HomeUnusable, match=said) as refusal, translated(tmp_path):
        raise OSError(number, "Input/output error")
    assert refusal.value.next


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(HomeUnusable):
        Home(tmp_path / "home").create()
