"""Which database a home uses, and that its password shows nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from forgeward.edges.database import VARIABLE, Database, server
from forgeward.edges.home import Home
from forgeward.errors import BadInput


def test_without_a_url_the_home_keeps_its_own_file(tmp_path: Path) -> None:
    """SQLite is the default."""
    assert server(Database()) is None
    assert Home(tmp_path).database_server is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://ines@db.example/forge", ("forge", "ines", "db.example", "", {})),
        ("postgres://db.example:6543/forge", ("forge", "", "db.example", "6543", {})),
        ("postgresql://ines@[::1]/forge", ("forge", "ines", "::1", "", {})),
        ("postgresql:///forge?host=/run/postgresql", ("forge", "", "/run/postgresql", "", {})),
        ("postgresql://a%40b@h/na%20me?sslmode=verify-full", ("na me", "a@b", "h", "", {"sslmode": "verify-full"})),
    ],
)
def test_a_url_names_a_database(url: str, expected: tuple[object, ...]) -> None:
    """The form of libpq: user, host or socket folder, port, name, TLS."""
    found = server(Database(url=url))
    assert found is not None
    assert (found.name, found.user, found.host, found.port, found.options) == expected


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mysql://db.example/forge", "does not begin with postgresql"),
        ("postgresql://db.example", "names no database"),
        ("postgresql://db.example/a/b", "names no database"),
        ("postgresql://db.example:99999/forge", "host or port"),
        ("postgresql://[db/forge", "host or port"),
        ("postgresql://db.example/forge?options=-cfsync%3Doff", "parameter “options”"),
        ("postgresql://ines:hunter2@db.example/forge", "holds a password"),
    ],
)
def test_other_urls_are_refused(url: str, why: str) -> None:
    """With the reason, and never with the URL: it may hold a password."""
    with pytest.raises(BadInput, match=why) as refusal:
        server(Database(url=url))
    assert "hunter2" not in f"{refusal.value} {refusal.value.next}"
    assert "postgresql://" in refusal.value.next or refusal.value.next


def test_a_password_comes_from_its_file_and_shows_nowhere(tmp_path: Path) -> None:
    """Read when it is needed; not part of what is printed."""
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    found = server(Database(url="postgresql://ines@db/forge", password_file=str(file)))
    assert found is not None
    assert found.password() == "hunter2"
    assert "hunter2" not in repr(found)
    file.unlink()
    with pytest.raises(BadInput, match="No such file"):
        found.password()


def test_settings_are_checked_as_a_whole_and_the_environment_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slip in settings.toml is told at once; the owner's role may come by the environment."""
    home = Home(tmp_path)
    home.create()
    home.settings_file.write_text('[database]\nurl = "sqlite://x"\n')
    with pytest.raises(BadInput, match=r"settings\.toml"):
        home.settings  # noqa: B018 - reading it is the test
    home.settings_file.write_text('[database]\nurl = "postgresql://app@db/forge"\npassword_file = "/p"\n')
    monkeypatch.setenv(VARIABLE, "postgresql://owner@db/forge")
    found = home.database_server
    assert found is not None
    assert (found.user, found.password_file) == ("owner", "/p")
