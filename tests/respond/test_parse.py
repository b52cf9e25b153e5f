"""From raw values to typed commands."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from forgeward.errors import BadInput
from forgeward.respond.commands import Act, Assess, Reject, Restrict
from forgeward.respond.fields import MAX_ITEMS, MAX_LINE, MAX_TEXT
from forgeward.respond.parse import check, name_of, parse


@pytest.mark.parametrize(
    ("step", "values", "error"),
    [
        ("teleport", {}, "no step “teleport”"),
        ("assess", {"scoop": "x"}, "no field “scoop”"),
        ("assess", {"severity": "grave"}, "“grave” is no value of “severity”"),
        ("assess", {"scope": 3}, "“scope” is a text"),
        ("assess", {"scope": "x" * (MAX_TEXT + 1)}, "characters long"),
        ("assess", {"scope": "a\0b"}, "NUL"),
        ("assess", {"context": ["A:B=c"] * (MAX_ITEMS + 1)}, "items"),
        ("assess", {"context": 3}, "is a list"),
        ("assess", {"apps": ["Field Radar"]}, "“Field Radar” is no value of “apps”"),
        ("confirm", {"versions": "x" * (MAX_LINE + 1)}, "characters long"),
        ("confirm", {"versions": "1\n2"}, "one line"),
        ("fix", {"weakness": "862"}, "no value of “weakness”"),
        ("fix", {"author": "Ada"}, "no value of “author”"),
        ("merge", {"into": "../x"}, "no value of “into”"),
        ("verify", {"action": "1"}, "no value of “action”"),
        ("restrict", {"people": ["ada"]}, "no value of “people”"),
        ("restrict", {"lift": "perhaps"}, "yes or no"),
        ("act", {"due": "soon"}, "is not an instant"),
        ("act", {"due": "2026-12-01T10:00"}, "no zone"),
        ("act", {"due": datetime(2026, 12, 1)}, "no zone"),  # noqa: DTZ001
    ],
)
def test_what_does_not_fit_is_named(step, values, error):
    """A sentence with the field and what would fit."""
    with pytest.raises(BadInput, match=error) as caught:
        parse(step, values)
    assert caught.value.next


def test_empty_values_are_missing_not_wrong():
    """A form sends empty fields; ``decide`` says what is needed."""
    assert parse("assess", {"scope": "", "severity": "", "context": "", "break_glass": None}) == Assess()
    assert parse("act", {"due": ""}) == Act()


def test_dashes_and_underscores_are_one():
    """Options have dashes, fields underscores."""
    assert parse("assess", {"break-glass": "x"}) == parse("assess", {"break_glass": "x"})


def test_as_is_the_outside_name():
    """Python keeps the word for itself."""
    assert parse("reject", {"as": "spam"}) == Reject(as_="spam")
    assert name_of(Reject()) == "reject"


def test_lists_come_as_lines_or_items():
    """A text area and repeated options give the same."""
    assert parse("assess", {"context": "MAV:L=a\n\n MAC:H=b "}) == parse("assess", {"context": ["MAV:L=a", "MAC:H=b"]})


@pytest.mark.parametrize(("value", "lift"), [(True, True), ("yes", True), ("on", True), ("", False), ("no", False)])
def test_flags(value, lift):
    """What forms and options send."""
    assert parse("restrict", {"lift": value}) == Restrict(lift=lift)


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2026-12-01", datetime(2026, 12, 1, 22, 59, 59, tzinfo=UTC)),
        (date(2026, 12, 1), datetime(2026, 12, 1, 22, 59, 59, tzinfo=UTC)),
        ("2026-12-01T10:00:00Z", datetime(2026, 12, 1, 10, tzinfo=UTC)),
        ("2026-12-01T10:00:00+02:00", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        (datetime(2026, 12, 1, 10, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 12, 1, 8, tzinfo=UTC)),
    ],
)
def test_a_bare_date_is_the_end_of_that_day(value, instant):
    """In the policy's zone; an instant is kept as it is."""
    assert parse("act", {"due": value}, zone=ZoneInfo("Europe/Berlin")).due == instant


def test_line_ends_of_forms_are_folded():
    """Browsers send CRLF."""
    assert parse("note", {"text": "\r\na\r\nb\r\n"}).text == "a\nb"


def test_a_command_made_by_hand_is_checked_as_well():
    """``decide`` calls the same checks."""
    with pytest.raises(BadInput):
        check(Assess(severity="grave"))
    with pytest.raises(BadInput):
        check(Act(due=datetime(2026, 12, 1)))  # noqa: DTZ001
