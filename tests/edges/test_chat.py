"""Chat by apprise: its addresses are checked before, its process is bounded, and no word of it holds a secret."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from forgeward.edges.chat import send
from forgeward.edges.chat_settings import Chat, ChatRoom, Target, check_rooms, target
from forgeward.errors import BadInput, ForgewardError, HomeUnusable
from forgeward.respond.chat import Post
from forgeward.vocabulary import Role
from tests.edges.receiver import garbage, receiving, says

POST = Post("FW-7Q3KXM", "FW-7Q3KXM: IR-4 is over. https://desk.example.com/cases/FW-7Q3KXM/\n(msg_1)")
HERE = ("127.0.0.1",)
SECRET = "T0PSECRET"


def room(folder: Path, url: str, mode: int = 0o600) -> ChatRoom:
    file = folder / "address"
    file.write_text(url)
    file.chmod(mode)
    return ChatRoom("security", (Role.LEAD,), str(file))


REFUSED = [
    "", "x", "http://127.0.0.1/", "https://hooks.slack.com/services/A/B/C", "file:///etc/passwd", "syslog://", "dbus://",
    "mailto://user:pass@example.com", "jsons://10.0.0.1/", "jsons://evil.example/", "json://chat.example.com/",
    "jsons://chat.example.com/?verify=no", "slack://A/B/C?Verify=False", "slack://A/B/C\nslack://D/E/F", "exec://ls",
    "jsons://chat.example.com@evil.example/", "jsons://[::1", "ntfy://ntfy.sh/topic", "windows://", "slack://A/B/C x",
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
def test_addresses_that_are_not_permitted(tmp_path: Path, url: str) -> None:
    """Other schemes, other hosts, no TLS, switched-off checks, two at once: refused without saying the address."""
    with pytest.raises(BadInput) as refused:
        target(room(tmp_path, url.replace("A/B", f"{SECRET}/B")), ("chat.example.com",))
    said = f"{refused.value} {refused.value.next}"
    assert "security" in said
    assert SECRET not in said
    assert "evil" not in said


def test_addresses_that_are(tmp_path: Path) -> None:
    """Known services with their own hosts; hosts of ours that settings name. A target's text holds no secret."""
    slack = target(room(tmp_path, f"slack://{SECRET}/B/C/#security\n"), ())
    assert slack.hosts == ("hooks.slack.com", "slack.com")
    assert SECRET not in repr(slack)
    ours = ("chat.example.com",)
    assert target(room(tmp_path, "mmosts://bot@chat.example.com/key"), ours).hosts == ours


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """An address of a chat is a password."""
    with pytest.raises(HomeUnusable, match="can be read"):
        target(room(tmp_path, "slack://A/B/C", 0o644), ())
    with pytest.raises(ForgewardError, match="missing"):
        target(ChatRoom("security", (Role.LEAD,), str(tmp_path / "none")), ())


def test_settings_are_checked() -> None:
    """Names that are no names, no roles, unknown roles and hours, two of a name."""
    one = {"name": "a", "url_file": "/x", "roles": ["security_lead"]}
    wrongs = (
        {"name": "A b"},
        {"roles": []},
        {"roles": ["boss"]},
        {"levels": ["grave"]},
        {"digest": "often"},
        {"x": 1},
    )
    for wrong in wrongs:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"room": [{**one, **wrong}]}, Chat)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"quiet_from": "24:00"}, Chat)
    for lost in ({**one, "url_file": ""}, {**one, "mail": "team@example.com"}):
        with pytest.raises(BadInput, match="url_file or mail"):
            check_rooms(msgspec.convert({"room": [lost]}, Chat))
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"room": [{**one, "mail": "team@example.com\r\nBcc: x@y"}]}, Chat)
    with pytest.raises(BadInput, match="twice"):
        check_rooms(msgspec.convert({"room": [one, one]}, Chat))


def to(port: int, path: str = "") -> Target:
    return Target(f"json://127.0.0.1:{port}/{SECRET}{path}", HERE)


@pytest.mark.slow
def test_a_message_arrives_whole() -> None:
    """Title and body, once."""
    with receiving(says(200)) as there:
        assert send(to(there.port), POST, HERE, 5).good
    (call,) = there.got
    said = msgspec.json.decode(call.body)
    assert (said["title"], said["message"]) == (POST.title, POST.body)


@pytest.mark.slow
def test_faults_are_replies_without_secrets() -> None:
    """429 with its Retry-After, 500, no HTTP, nobody there: told in our words."""
    with receiving(says(429, Retry_After="77")) as there:
        reply = send(to(there.port), POST, HERE, 5)
        assert (reply.status, reply.retry_after and reply.retry_after.total_seconds()) == (429, 77)
    with receiving(says(500, SECRET.encode())) as there:
        reply = send(to(there.port), POST, HERE, 5)
        assert (reply.status, reply.words) == (500, "Answered 500.")
        port = there.port
    with receiving(garbage) as there:
        assert send(to(there.port), POST, HERE, 5).words == "Not reached."
    assert send(to(port), POST, HERE, 5).words == "Not reached."


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["hangs", "drips"])
def test_a_receiver_that_hangs_is_left(fault: str) -> None:
    """The process ends with its time, whatever apprise waits for."""
    with receiving(fault) as there:
        reply = send(to(there.port), POST, HERE, 1)
    assert reply.words == "No answer within 1 seconds."


@pytest.mark.slow
def test_redirects_lead_nowhere() -> None:
    """Neither to another host nor to another door of this machine."""
    with receiving() as inside, receiving(says(302, Location=f"http://127.0.0.1:{inside.port}/x")) as there:
        reply = send(to(there.port), POST, HERE, 5)
    assert inside.connections == 0
    assert "not followed" in reply.words


@pytest.mark.slow
def test_no_place_inside_the_network_is_reached() -> None:
    """An address that settings do not permit, and a host that the scheme has no business with."""
    with receiving() as there:
        unpermitted = send(to(there.port), POST, (), 5)
        other = send(Target(f"json://localhost:{there.port}/", ("hooks.slack.com",)), POST, HERE, 5)
    assert there.connections == 0
    assert "not permitted" in unpermitted.words
    assert "not permitted" in other.words


@pytest.mark.slow
def test_what_apprise_does_not_know_is_a_reply() -> None:
    """No scheme of its own, no error of ours."""
    assert send(Target("nothing://x", HERE), POST, HERE, 5).words == "Not reached."
