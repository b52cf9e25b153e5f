"""The default policy and the ready instances."""

import re
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from forgeward.errors import BadInput, NotFound
from forgeward.policy import document
from forgeward.policy.defaults import EXAMPLES, Details, default_policy_text, example_policy_text, policy_text
from forgeward.policy.parse_yaml import unprintable
from forgeward.policy.render import sentence

ROOT = Path(__file__).parents[2]
DAY = date(2026, 11, 23)

NAMES = [
    'Say "hi"',
    "Two\nlines",
    "%ZONE% %VENDOR%",
    "{{ targets.review }}",
    "a: b # c",
    "O'Neill & Söhne",
    "'",
    "\\",
    "日本 🛡️",
    "- x",
    "\u0646\u0645\u200c\u0647",  # with the joiner that Persian names need
]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_gives_a_whole_policy(name: str):
    """Quotes, line breaks, placeholders and templates in a name are a name and nothing else."""
    loaded = document.load(default_policy_text(name, DAY, "Asia/Kolkata"))
    assert loaded.vendor.name == " ".join(name.split())
    assert loaded.effective == DAY
    assert loaded.time.zone == "Asia/Kolkata"
    assert loaded.vendor.name in sentence(loaded, loaded.promise("S-1"))


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_a_name_is_kept_or_refused(name: str):
    """A name comes back as it was, blanks folded, or `BadInput` says why not."""
    folded = " ".join(name.split())
    if not folded or unprintable(folded):
        with pytest.raises(BadInput):
            default_policy_text(name, DAY, "UTC")
    else:
        assert document.load(default_policy_text(name, DAY, "UTC")).vendor.name == folded


@pytest.mark.parametrize("name", ["", " \n ", "x" * 201, "bell\x07", "half\ud800", "turn\u202e"])
def test_a_name_that_cannot_be_is_refused(name: str):
    """Empty, endless and unprintable names get a sentence."""
    with pytest.raises(BadInput):
        default_policy_text(name, DAY, "UTC")


def test_an_unknown_zone_is_refused():
    """The zone is checked before the text is made."""
    with pytest.raises(BadInput, match="Lundon"):
        default_policy_text("A", DAY, "Europe/Lundon")


def test_addresses_that_are_not_named_are_said_to_be_so():
    """A fresh policy invents no address."""
    loaded = document.load(default_policy_text("A", DAY, "UTC"))
    assert loaded.vendor.contacts.security is None
    assert "an address that is not named yet" in sentence(loaded, loaded.promise("CT-1"))


def test_details_are_checked():
    """An address or a link that could not be loaded again is refused."""
    with pytest.raises(BadInput):
        policy_text(Details("A", DAY, security="nobody"))
    with pytest.raises(BadInput):
        policy_text(Details("A", DAY, profile="http://example.com"))


def test_almbase_is_the_source_policys_instance():
    """Its date, app and contacts are those of mission.md; its figures are the default's."""
    loaded = document.load(example_policy_text("almbase"))
    assert (loaded.vendor.name, loaded.effective, loaded.vendor.apps) == ("Almbase", date(2026, 5, 5), ("Field Radar",))
    assert (loaded.vendor.contacts.security, loaded.vendor.contacts.privacy) == (
        "security@almbase.com",
        "apps@almbase.com",
    )
    assert [r.url for r in loaded.references] == [
        "https://developer.atlassian.com/platform/forge/data-residency/",
        "https://www.atlassian.com/trust",
    ]
    assert loaded.targets == document.load(default_policy_text("A", DAY, "UTC")).targets


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_folder_shows_what_init_writes(example: str):
    """`examples/NAME/policy.yaml` is the text that `init --from NAME` begins with, byte by byte."""
    shown = (ROOT / "examples" / example / "policy.yaml").read_bytes()
    assert shown == example_policy_text(example).encode(), "write example_policy_text(…) into the file again"


def test_an_unknown_example_is_named():
    """The error lists the examples that there are."""
    with pytest.raises(NotFound) as raised:
        example_policy_text("almbse")
    assert "almbase" in raised.value.next


def test_sentences_are_short_and_calm():
    """A reviewer reads them: no stretch of over 45 words, no shouting, no “please”."""
    loaded = document.load(default_policy_text("A", DAY, "UTC"))
    for promise in loaded.promises:
        text = sentence(loaded, promise)
        assert text.endswith("."), promise.id
        assert 2 <= len(promise.title.split()) <= 6, promise.id
        assert not re.search(r"!|\bplease\b|\bworld-class\b|\brobust\b|\bcutting", text, re.IGNORECASE), promise.id
        assert max(len(part.split()) for part in re.split(r"[.:;] ", text)) <= 45, promise.id


def test_other_yaml_readers_read_the_same():
    """The document is plain YAML: a general reader finds the same figures."""
    data = yaml.safe_load(default_policy_text("A: b", DAY, "UTC"))
    assert data["vendor"]["name"] == "A: b"
    assert data["effective"] == DAY
    assert data["targets"]["fix"]["critical"] == "7 days"
    assert len(data["promises"]) == 63
