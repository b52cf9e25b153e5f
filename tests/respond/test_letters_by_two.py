"""Letters that a second person reads, letters that go again, and what goes along."""

from __future__ import annotations

import pytest
from msgspec.structs import replace as changed

from forgeward.errors import BadInput, NotFound, StepRefused
from forgeward.policy.book import PolicyBook
from forgeward.respond import enclosure
from forgeward.respond.case import Exemption, TextRef
from forgeward.respond.commands import Acknowledge
from forgeward.respond.context import Member
from forgeward.respond.enclosure import Enclosure
from forgeward.respond.notice import Recipient
from forgeward.respond.signals import Bounced
from forgeward.vocabulary import Fact
from tests.respond import kit
from tests.respond.kit import AUDITOR, ENGINEER, FIVE_PARTS, LEAD, MONDAY, SUPPORT, Story

NO = {"kind": "not_a_vulnerability", "text": "It is meant to be so."}
CUSTOMERS = ["a@x.example", "b@x.example", "c@x.example"]
FILE = Enclosure("a.txt", "text/plain", 3, "ab" * 32)


def lacking(story: Story, step_: str, by: Member, **fields: object) -> list[str]:
    return story.missing(step_, by, **fields)


def test_only_the_kinds_that_the_policy_names_wait() -> None:
    """A refusal waits, anything else goes at once."""
    story = kit.acknowledged()
    assert len(story.do("reply", SUPPORT, text="A question.", kind="ask").notices) == 1
    decision = story.do("reply", SUPPORT, **NO)
    assert decision.notices == ()
    assert [lack.name for lack in decision.waits_for] == ["second_person"]
    assert story.next()["reply"] == ["second_person"]


def test_it_goes_with_the_words_that_the_second_person_read() -> None:
    """The notice points at the proposal's words; the fold knows one more letter; replaying agrees."""
    story = kit.acknowledged()
    story.do("reply", SUPPORT, **NO, language="de")
    seq = story.case.seq
    story.later(hours=1)
    (notice,) = story.do("approve", ENGINEER, step="reply", proposal=str(seq)).notices
    assert (notice.body, notice.subject, notice.language) == (TextRef(seq, "text"), TextRef(seq, "subject"), "de")
    assert (notice.seq, notice.by_person) == (seq + 1, True)
    assert story.case.proposals == ()
    assert story.case.notices[-1].texts_at == seq
    assert story.replayed() == story.case


def test_the_writer_does_not_agree_and_an_auditor_may_not() -> None:
    """Persons count, not roles."""
    story = kit.acknowledged()
    story.do("reply", LEAD, **NO)
    agree = {"step": "reply", "proposal": str(story.case.seq)}
    assert lacking(story, "approve", LEAD, **agree) == ["second_person"]
    with pytest.raises(Exception, match="auditor may not"):
        story.do("approve", AUDITOR, **agree)
    story.do("approve", SUPPORT, **agree)


def test_changed_words_are_agreed_to_anew() -> None:
    """Who agrees names the change that they read; an older one, or none, is refused."""
    story = kit.acknowledged()
    story.do("reply", SUPPORT, **NO)
    read = str(story.case.seq)
    story.do("reply", SUPPORT, kind="not_a_vulnerability", text="Other words.")
    with pytest.raises(StepRefused, match="changed since"):
        story.do("approve", ENGINEER, step="reply", proposal=read)
    assert lacking(story, "approve", ENGINEER, step="reply") == ["proposal"]
    (notice,) = story.do("approve", ENGINEER, step="reply", proposal=str(story.case.seq)).notices
    assert notice.body == TextRef(int(read) + 1, "text")


def test_another_letter_leaves_the_waiting_one_alone() -> None:
    """A question that goes at once is no answer to what waits."""
    story = kit.acknowledged()
    story.do("reply", SUPPORT, **NO)
    waiting = story.case.proposals
    story.do("reply", SUPPORT, text="By the way, which browser?")
    assert story.case.proposals == waiting


def test_breaking_the_glass_sends_and_ends_the_wait() -> None:
    """It is reviewed afterwards, like any other."""
    story = kit.acknowledged()
    story.do("reply", SUPPORT, **NO)
    assert len(story.do("reply", SUPPORT, **NO, break_glass="They publish in an hour").notices) == 1
    assert story.case.proposals == ()
    assert [glass.step for glass in story.case.glass] == ["reply"]
    with pytest.raises(BadInput):
        story.do("reply", SUPPORT, text="A question", break_glass="no need")


def test_a_team_of_one_is_let_through_and_shown() -> None:
    """There is nobody else."""
    story = Story(by=LEAD, team=(LEAD,))
    story.do("acknowledge", LEAD, text="Thank you")
    story.accept()
    story.do("reply", LEAD, **NO)
    assert story.case.exemptions == (Exemption(story.case.seq, "reply", "team_of_one"),)


def test_the_first_answer_waits_where_the_policy_wants_it() -> None:
    """IR-4 is met by what a mail server accepted, not by what waits; nor does a closed case keep it."""
    wants = kit.policy(changes=(("[not_a_vulnerability, out_of_scope]", "[acknowledge, other]"),))
    story = Story(policies=PolicyBook(((MONDAY.replace(month=1), wants),)))
    story.do("acknowledge", SUPPORT, text="Thank you.")
    assert not story.case.notices
    assert story.next()["acknowledge"] == ["second_person"]
    story.do("approve", LEAD, step="acknowledge", proposal=str(story.case.seq))
    story.later(minutes=1).accept()
    assert story.case.has(Fact.ACKNOWLEDGED)
    assert story.do("reply", SUPPORT, text="Anything").waits_for


def test_a_closed_case_may_still_be_written_about() -> None:
    """Agreement too; other approvals stay closed."""
    story = kit.closed()
    story.do("reply", SUPPORT, **NO)
    story.do("approve", LEAD, step="reply", proposal=str(story.case.seq))
    with pytest.raises(StepRefused, match="closed"):
        story.do("approve", LEAD, step="extend")


def test_a_gap_does_not_go() -> None:
    """Neither in the text nor in the subject."""
    story = kit.received()
    assert lacking(story, "acknowledge", SUPPORT, text="We found ⟦what⟧.") == ["text"]
    assert lacking(story, "acknowledge", SUPPORT, text="x", subject="⟦what⟧") == ["text"]


# --- again -----------------------------------------------------------------------------------------------------------


def test_a_letter_that_came_back_goes_again() -> None:
    """IR-4 runs again after the bounce and is met by the second sending; a late bounce changes nothing."""
    story = kit.acknowledged()
    first = story.case.notices[-1].seq
    story.bounce()
    assert not story.case.has(Fact.ACKNOWLEDGED)
    assert "resend" in story.next()
    (notice,) = story.do("resend", SUPPORT, letter=str(first)).notices
    assert notice.body == TextRef(first, "text")
    assert notice.kind == "acknowledgement"
    story.later(minutes=5).accept()
    assert story.case.facts[Fact.ACKNOWLEDGED] == story.now
    assert story.hear(Bounced(notice=first, recipients=(0,), word="late")).changes == ()
    assert "resend" not in story.next()
    assert story.replayed() == story.case


def test_customers_who_failed_get_it_again_and_nobody_else() -> None:
    """IR-11 is met when all have it, whichever sending reached them; twice over, the lines stay right."""
    story = kit.material()
    story.do("notify", SUPPORT, audience="customers", stage="first", recipients=CUSTOMERS, **FIVE_PARTS)
    first = story.case.seq
    story.accept(0)
    story.give_up(1, 2)
    (notice,) = story.do("resend", SUPPORT, letter=str(first)).notices
    assert notice.recipients == tuple(Recipient(TextRef(first, "recipients"), line) for line in (1, 2))
    again = story.case.seq
    story.accept(0)
    assert not story.case.has(Fact.CUSTOMERS_TOLD)
    story.give_up(1)
    (third,) = story.do("resend", SUPPORT, letter=str(again)).notices
    assert third.recipients == (Recipient(TextRef(first, "recipients"), 2),)
    story.accept(0)
    assert story.case.has(Fact.CUSTOMERS_TOLD)
    assert story.replayed() == story.case


def test_what_arrived_or_is_under_way_does_not_go_again() -> None:
    """Nor what is no letter at all."""
    story = kit.acknowledged()
    with pytest.raises(StepRefused, match="reached everybody"):
        story.do("resend", SUPPORT, letter=str(story.case.notices[-1].seq))
    with pytest.raises(NotFound):
        story.do("resend", SUPPORT, letter="1")
    assert lacking(story, "resend", SUPPORT) == ["letter"]


# --- what goes along -------------------------------------------------------------------------------------------------


def test_files_are_sealed_under_the_reporters_key_and_go_with_the_words() -> None:
    """At once, after agreement, and again after a bounce; the plain data know none of it."""
    story = kit.received()
    decision = story.run(Acknowledge(text="Look", files=(FILE.line,)), SUPPORT)
    (change,), (notice,) = decision.changes, decision.notices
    assert change.sealed["files"].subject == "reporter"
    assert FILE.sha256 not in str(change.data)
    assert notice.files == TextRef(story.case.seq, "files")
    first = story.case.seq
    story.bounce()
    (again,) = story.do("resend", SUPPORT, letter=str(first)).notices
    assert again.files == TextRef(first, "files")


def test_a_files_line_reads_back() -> None:
    """Whatever its name; what is no line is refused."""
    for name in ("a.txt", "a b  c.txt", "ü — x"):
        file = changed(FILE, name=name)
        assert enclosure.read_line(file.line) == file
    for bad in ("", "x", "00 1 text/plain a", f"{'g' * 64} 1 text/plain a", f"{'a' * 64} 1 text/plain "):
        with pytest.raises(BadInput):
            enclosure.read_line(bad)


@pytest.mark.parametrize(
    ("written", "name"),
    [("/etc/passwd", "passwd"), ("C:\\x\\y.txt", "y.txt"), ("a\u202etxt.exe", "atxt.exe"), ("...", "file"),
     ("a\r\nX: y", "a X: y"), ("", "file"), ("x" * 400, "x" * 149 + "…")],
)  # fmt: skip
def test_names_of_files_are_made_plain(written: str, name: str) -> None:
    """No folder, no line break, nothing that turns the direction."""
    assert enclosure.plain_name(written) == name


def test_too_much_is_refused() -> None:
    """Number, size, emptiness."""
    enclosure.check([1] * enclosure.MOST)
    for sizes in ([1] * (enclosure.MOST + 1), [enclosure.LARGEST, 1], [0]):
        with pytest.raises(BadInput):
            enclosure.check(sizes)
