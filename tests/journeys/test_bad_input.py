"""What is wrong, missing, full, taken or out of order: a sentence that says what to do, an exit code, nothing lost."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from forgeward.vocabulary import rfc3339
from tests.journeys.browser import running
from tests.journeys.programme import REPORT, Answer, Programme, found, free_port, own_database

pytestmark = [pytest.mark.journey, pytest.mark.slow]

MEGABYTE = 2**20
NOBODY = 65534
ON_POSTGRES = "FORGEWARD_TEST_DATABASE" in os.environ
VECTORS = {
    "nonsense": "Begin it with CVSS:3.1/",
    "CVSS:3.1/AV:N/AC:L": "Give every base metric",
    "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:Q": "A",
    "CVSS:2.0/AV:N/AC:L/Au:N/C:P/I:P/A:P": "Begin it with CVSS:3.1/",
}


@pytest.fixture
def programme(tmp_path: Path) -> Programme:
    return found(tmp_path / "home", team=False)


def opened(programme: Programme) -> str:
    """The number of a new case."""
    number: str = programme.do("case", "open", "--title", "Errors", "--text", "More errors than usual")["id"]
    return number


def nothing_is_lost(programme: Programme) -> None:
    """History agrees with every table, and no file lies there half written."""
    audit = programme.do("audit")
    assert audit["ok"], audit["problems"]
    assert not list(programme.folder.rglob("*.new"))


def take(programme: Programme, file: Path) -> dict[str, Any]:
    """Takes one mail in, and says what became of it."""
    (received,) = programme.do("intake", "mail", str(file))["received"]
    found: dict[str, Any] = received
    return found


# --- what people write --------------------------------------------------------------------------------------------


def test_a_wrong_policy_is_named_by_line_and_changes_nothing(programme: Programme, tmp_path: Path) -> None:
    """What is no YAML, no text, misspelt or missing is told with its line; the policy in force stays."""
    before = programme.do("policy", "show")["digest"]
    good = programme.folder.joinpath("policy.yaml").read_text()
    broken, slip, binary = tmp_path / "broken.yaml", tmp_path / "slip.yaml", tmp_path / "binary.yaml"
    broken.write_text("promises: [\n  {id: IR-4\n")
    slip.write_text(good.replace("vendor:", "vendr:", 1))
    binary.write_bytes(b"\xff\xfe\x00")
    error = programme.refusal("policy", "propose", str(broken), code="policy_invalid")
    assert f"{broken}:2: This is not YAML" in error["message"]
    assert error["problems"][0]["where"] == f"{broken}:2"
    assert error["next"] == "Mend these lines, then check again."
    checked = programme.run("policy", "check", str(slip), "--json")
    assert (checked.code, checked.json["ok"]) == (1, False), "the question was understood, and the answer is no"
    assert "Did you mean “vendor”?" in checked.json["problems"][1]["what"]
    assert programme.refusal("policy", "check", str(binary), code="bad_input")["next"] == "Save it as UTF-8."
    assert programme.refusal("policy", "check", str(tmp_path / "no.yaml"), code="bad_input")["next"]
    assert programme.do("policy", "show")["digest"] == before
    nothing_is_lost(programme)


def test_wrong_settings_stop_a_command_before_it_does_anything(programme: Programme) -> None:
    """A slip in settings.toml is named with its file; once mended, work goes on."""
    for text, named in (("[mail\n", "line 1"), ('[mail]\nhots = "x"\n', "hots"), ("mail = 3\n", "mail")):
        programme.settings(text)
        error = programme.refusal("case", "open", "--title", "a", "--text", "b", code="bad_input")
        assert named in error["message"]
        assert error["next"] == "Mend that line of settings.toml."
    programme.settings("")
    assert programme.do("case", "list")["cases"] == []


def test_a_wrong_cvss_vector_is_refused_and_the_case_stays(programme: Programme) -> None:
    """Words, a lacking metric, an unknown value, an unknown version: the sentence says how a vector looks."""
    number = opened(programme)
    fields = ("--scope", "a", "--impact", "b", "--affected", "c", "--exploitability", "d", "--vector")
    before = programme.case(number)
    for vector, advice in VECTORS.items():
        error = programme.refusal("case", "assess", number, *fields, vector, code="vector_invalid")
        assert advice in error["message"] + error["next"], error
    assert programme.case(number) == before
    nothing_is_lost(programme)


def test_an_unknown_case_is_said(programme: Programme) -> None:
    """Reading and every kind of step answer that there is no such case, and where the cases are."""
    for words in (("show",), ("note", "--text", "x"), ("close",), ("next",), ("merge", "--into", "FW-222222")):
        error = programme.refusal("case", words[0], "FW-222222", *words[1:], code="not_found")
        assert "FW-222222" in error["message"]
        assert "`forgeward case list`" in error["next"]
    nothing_is_lost(programme)


def test_a_step_out_of_order_says_what_comes_first(programme: Programme) -> None:
    """Each refused step exits 1 and lists what lacks, by name, sentence and promise; nothing is recorded."""
    number = opened(programme)
    before = programme.case(number)["timeline"]
    shipped = programme.refusal("case", "ship", number, "--version", "1", code="step_refused", exit=1)
    assert {"name": "fix", "promise": "IR-9", "what": "First record the fix."} in shipped["missing"] or [
        lack for lack in shipped["missing"] if lack["what"] == "First record the fix."
    ]
    closed = programme.refusal("case", "close", number, code="step_refused", exit=1)
    assert {lack["name"] for lack in closed["missing"]} >= {"resolution", "summary", "assess"}
    assert "The case has not been assessed." in closed["next"]
    resumed = programme.refusal("case", "resume", number, code="step_refused", exit=1)
    assert (resumed["message"], resumed["next"]) == ("No clock is paused.", "Nothing has to be done.")
    programme.do("case", "reject", number, "--as", "false_positive", "--reason", "A test")
    after = programme.refusal("case", "note", number, "--text", "", code="step_refused", exit=1)
    assert after["missing"][0]["name"] == "text"
    reopened = programme.refusal("case", "contain", number, "--how", "switch_off", code="step_refused", exit=1)
    assert f"forgeward case reopen {number}" in reopened["next"]
    assert programme.case(number)["timeline"][: len(before)] == before
    nothing_is_lost(programme)


# --- what comes in ------------------------------------------------------------------------------------------------


def test_a_mail_that_cannot_be_read_is_kept_or_named(programme: Programme, tmp_path: Path) -> None:
    """Garbage is stored, becomes a case that says so, and is known again; what is no file is named, with exit 2."""
    garbage, empty = tmp_path / "garbage.eml", tmp_path / "empty.eml"
    garbage.write_bytes(random.Random(4).randbytes(6000))
    empty.write_bytes(b"")
    received = take(programme, garbage)
    assert received["new"]
    assert received["not_parsed"] == "It has no header of a mail."
    assert programme.case(received["case"])["state"]
    assert (take(programme, garbage)["case"], len(list((programme.folder / "raw").iterdir()))) == (received["case"], 1)
    good = tmp_path / "report.eml"
    good.write_bytes(REPORT)
    missing = tmp_path / "no.eml"
    answer = programme.run("intake", "mail", str(missing), str(empty), str(good), "--json")
    assert answer.code == 2
    said = {Path(one["file"]).name: one for one in answer.json["received"]}
    assert said["no.eml"]["not_parsed"] == "It cannot be read: No such file or directory."
    assert said["empty.eml"]["not_parsed"] == "It is empty."
    assert said["report.eml"]["new"], "one bad file keeps no other out"
    assert "then take it in again" in answer.err
    assert "Traceback" not in answer.err
    nothing_is_lost(programme)


def test_a_form_that_is_no_json_is_refused(programme: Programme, tmp_path: Path) -> None:
    """A file that is no submission is named; nothing is kept of it, since whoever has it can mend it."""
    wrong = tmp_path / "form.json"
    for content in (b"{", b"[1]", b'"x"', b"\xff"):
        wrong.write_bytes(content)
        assert programme.refusal("intake", "form", str(wrong), code="bad_input")["next"]
    assert programme.refusal("intake", "ams", str(tmp_path / "no.json"), code="bad_input")["next"] == "Check the path."
    assert programme.do("case", "list")["cases"] == []


# --- where the home lies ------------------------------------------------------------------------------------------


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """A mount for a while. Skips by name where this machine permits none."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small or read-only disk needs root")
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this machine permits no mount: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_read_only_disk_is_said(programme: Programme, tmp_path: Path) -> None:
    """Mail, steps and a new home on a disk that cannot be written: what is wrong, and the home stays as it was."""
    number = opened(programme)
    programme.do("tick")
    (tmp_path / "report.eml").write_bytes(REPORT)
    with mounted(programme.folder, "--bind", str(programme.folder)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(programme.folder)], check=True)
        for words in (("case", "note", number, "--text", "x"), ("intake", "mail", str(tmp_path / "report.eml"))):
            error = programme.refusal(*words, code="home_unusable")
            assert "cannot be written" in error["message"]
            assert "Run as its owner" in error["next"]
        inner = Programme(programme.folder / "other", environment=own_database())
        made = inner.refusal("init", "--vendor", "V", code="home_unusable")
        assert ("read-only" in made["message"], "--home" in made["next"]) == (True, True)
    assert take(programme, tmp_path / "report.eml")["new"]
    nothing_is_lost(programme)


def _powerless(programme: Programme, *words: str) -> Answer:
    """Runs the command without root's power over the files of others (capabilities(7)), as any user would."""
    command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-m", "forgeward.cli"]
    done = subprocess.run(
        [*command, "--home", str(programme.folder), *words],
        capture_output=True,
        text=True,
        env={**os.environ, **programme.environment},
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def _give_away(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)


def test_somebody_elses_home_is_said(tmp_path: Path) -> None:
    """Who may not enter, or may look and not write, is told to run as the owner or to name another home."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("giving a home away and doing without root's power needs root and setpriv")
    programme = found(tmp_path / "theirs" / "home", team=False)
    _give_away(programme.folder)
    for mode, said in ((0o700, "may not"), (0o755, "cannot be written by this user")):
        programme.folder.chmod(mode)
        (programme.folder / "home.json").chmod(mode & 0o644)
        for words in (("case", "list"), ("case", "open", "--title", "a", "--text", "b"), ("audit",)):
            answer = _powerless(programme, *words, "--json")
            assert answer.code == 2, f"{words}: {answer.out}{answer.err}"
            error = answer.json["error"]
            assert (error["code"], said in error["message"]) == ("home_unusable", True), error
            assert "owner" in error["next"]
            assert "Traceback" not in answer.err
        assert _powerless(programme, "up", "--port", str(free_port())).code == 2
    _give_away(tmp_path / "theirs")
    mine = _powerless(Programme(tmp_path / "theirs" / "mine"), "init", "--vendor", "V", "--json")
    assert mine.json["error"]["code"] == "home_unusable"
    assert "may not read or write there" in mine.json["error"]["message"]
    assert not (tmp_path / "theirs" / "mine").exists()
    nothing_is_lost(programme)


def _fill(disk: Path, leave: int) -> Path:
    """Fills a disk but for ``leave`` bytes; returns the file that does."""
    ballast = disk / "ballast"
    with ballast.open("wb") as out, suppress(OSError):
        left = shutil.disk_usage(disk).free - leave
        while left > 0:
            left -= out.write(b"\0" * min(MEGABYTE if left > MEGABYTE else 4096, left))
        out.flush()
    return ballast


def _mail(number: int, size: int) -> bytes:
    head = REPORT.replace(b"first-report", f"report-{number}".encode()).replace(b"its id", f"id {number}".encode())
    return head.replace(b"--cut--", b"x" * 70 + b"\n" + (b"%d " % number * 20 + b"\n") * (size // 60) + b"--cut--")


def test_a_full_disk_loses_no_mail(tmp_path: Path) -> None:
    """Nearly full: refused before anything is begun. Full in the middle: each mail is wholly there or was not taken.

    With room again the same mails go in, each once.
    """
    disk = tmp_path / "disk"
    disk.mkdir()
    report = tmp_path / "report.eml"
    report.write_bytes(REPORT)
    with mounted(disk, "-t", "tmpfs", "-o", f"size={200 * MEGABYTE}", "tmpfs"):
        programme = found(disk / "home", team=False)
        number = opened(programme)
        ballast = _fill(disk, 30 * MEGABYTE)
        error = programme.refusal("intake", "mail", str(report), code="home_unusable")
        assert "MB left; nothing was changed" in error["message"]
        assert error["next"] == "Free some space, then do it again."
        ballast.unlink()
        _fill(disk, 0)
        if not ON_POSTGRES:  # there a step touches the server's disk alone
            error = programme.refusal("case", "note", number, "--text", "x", code="home_unusable")
            assert ("disk" in error["message"], "Free some space" in error["next"]) == (True, True)
        error = programme.refusal("intake", "mail", str(report), code="home_unusable")
        assert "Free some space" in error["next"]
        ballast.unlink()
        assert take(programme, report)["new"]
        _full_in_the_middle(programme, disk, tmp_path)
        nothing_is_lost(programme)


def _full_in_the_middle(programme: Programme, disk: Path, folder: Path) -> None:
    """Twelve mails of 8 MB on a disk with 70 MB left."""
    files = [folder / f"{i}.eml" for i in range(12)]
    for i, file in enumerate(files):
        file.write_bytes(_mail(i, 8 * MEGABYTE))
    ballast = _fill(disk, 70 * MEGABYTE)
    error = programme.refusal("intake", "mail", *map(str, files), code="home_unusable")
    assert ("disk is full" in error["message"], "Free some space" in error["next"]) == (True, True)
    assert not list(programme.folder.rglob("*.new")), "no half of a mail"
    ballast.unlink()
    received = programme.do("intake", "mail", *map(str, files))["received"]
    assert len({one["case"] or one["file"] for one in received}) == len(files)
    assert not [one for one in received if one["not_parsed"]]
    again = programme.do("intake", "mail", *map(str, files))["received"]
    assert [(one["case"], one["new"]) for one in again] == [(one["case"], False) for one in received]


# --- who else is there --------------------------------------------------------------------------------------------


def test_a_port_that_is_taken_is_said(programme: Programme) -> None:
    """``up`` names the port and the option that names another, before it starts anything; so for a new home."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        fresh = Programme(programme.folder.with_name("fresh"))
        for one in (programme, fresh):
            answer = one.run("up", "--port", port)
            assert answer.code == 2
            assert f"Port {port} on 127.0.0.1 cannot be used: Address already in use." in answer.err
            assert "Name another with --port." in answer.err
            assert "Traceback" not in answer.err
        assert not fresh.folder.exists()
    nothing_is_lost(programme)


def test_a_second_instance_on_one_home_is_sent_away(programme: Programme) -> None:
    """The second ``up`` names the first one's process and ends; the first goes on, and commands work beside it."""
    with running(programme, free_port()):
        answer = programme.run("up", "--port", str(free_port()))
        assert answer.code == 2
        holder = (programme.folder / "up.lock").read_text()
        assert f"Forgeward already runs on {programme.folder} (process {holder})." in answer.err
        assert "stop it first, or name another home with --home" in answer.err
        os.kill(int(holder), 0)
        assert programme.case(opened(programme))["state"]
    nothing_is_lost(programme)


def test_a_home_is_not_made_twice(programme: Programme) -> None:
    """``init`` on a home that is there changes nothing in it."""
    before = programme.do("policy", "show")["digest"]
    assert "There is a home" in programme.refusal("init", "--vendor", "Other", code="home_unusable")["message"]
    assert programme.do("policy", "show")["digest"] == before


# --- what time it is ----------------------------------------------------------------------------------------------


def test_a_clock_that_was_set_back_writes_no_history(programme: Programme, tmp_path: Path) -> None:
    """Before the newest entry nothing is taken in, stepped, woken or started; set right, all of it goes on in order."""
    report = tmp_path / "report.eml"
    report.write_bytes(REPORT)
    number = opened(programme)
    before = programme.case(number)
    yesterday = rfc3339(datetime.now(UTC) - timedelta(days=1))
    with programme.at(yesterday):
        for words in (
            ("case", "note", number, "--text", "x"),
            ("intake", "mail", str(report)),
            ("people", "add", "Dele", "dele@lattice-loom.example", "--role", "leadership"),
            ("tick",),
        ):
            error = programme.refusal(*words, code="clock_went_back")
            assert f"This machine's clock says {yesterday[:10]}" in error["message"]
            assert "but history reaches" in error["message"]
            assert error["next"].startswith("Set the clock right (a time service does), then do it again.")
        started = programme.run("up", "--port", str(free_port()))
        assert (started.code, "Set the clock right" in started.err) == (2, True)
    assert programme.case(number) == before
    taken = take(programme, report)
    assert taken["new"]
    for timeline in (programme.case(number)["timeline"], programme.case(taken["case"])["timeline"]):
        assert [entry["at"] for entry in timeline] == sorted(entry["at"] for entry in timeline)
    nothing_is_lost(programme)
