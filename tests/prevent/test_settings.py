"""``forgeward.toml``."""

from __future__ import annotations

import pytest

from forgeward.errors import BadInput
from forgeward.prevent.findings import Grade
from forgeward.prevent.settings import read

RULES = ("injection-ssrf", "csp-styles")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("[scan]\nexclude = []\nfail_on = 'high'\n", 3, "“fail_on” is not known"),
        ("[scna]\n", 1, "“scna” is not known"),
        ("\n[rules.injection-srf]\nenabled = false\nreason = 'x'\n", 2, "there is no rule “injection-srf”"),
        ("[rules.injection-ssrf]\nreason = 'x'\nenable = false\n", 3, "“enable” is not known"),
        ("[rules.injection-ssrf]\nenabled = 'no'\nreason = 'x'\n", 2, "“enabled” is true or false"),
        ("[scan]\n\n[rules.csp-styles]\nenabled = false\n", 3, "why csp-styles is changed is missing"),
        ("[rules.csp-styles]\nseverity = 'grave'\nreason = 'x'\n", 2, "there is no severity “grave”"),
        ("[scan]\nexclude = 'a'\n", 2, "“exclude” is a list"),
        ("[scan]\nbaseline = 3\n", 2, "“baseline” is a text"),
        ("[scan\n", 1, ""),
        ("a = 1\nb = = 2\n", 2, ""),
    ],
)
def test_mistakes_are_told_with_file_and_line(text: str, line: int, says: str) -> None:
    """Whatever is wrong, the message begins with the file and the line, and says what to write instead."""
    with pytest.raises(BadInput) as caught:
        read(text, RULES, "app/forgeward.toml")
    assert str(caught.value).startswith(f"app/forgeward.toml:{line}: ")
    assert says in str(caught.value)
    assert caught.value.next


def test_everything_that_may_be_said() -> None:
    """Paths, limit, baseline; rules off or weighed otherwise, each with its reason."""
    text = """\
[scan]
include = ["src"]
exclude = ["src/old/**", "*.gen.ts"]
fail-on = "medium"
baseline = "known.json"
[rules.injection-ssrf]
enabled = false
reason = "administrators choose the host"
[rules."csp-styles"]
severity = "low"
reason = "asked for by a customer"
"""
    settings = read(text, RULES)
    assert (settings.fail_on, settings.baseline) == ("medium", "known.json")
    assert not settings.is_on("injection-ssrf")
    assert settings.is_on("csp-styles")
    assert settings.rules["csp-styles"].severity == Grade.LOW
    assert settings.notes() == ["forgeward.toml: injection-ssrf is off: administrators choose the host"]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("src/a.ts", True),
        ("src/old/b/c.ts", False),
        ("src/old", False),
        ("a.gen.ts", False),
        ("src/a.gen.ts", True),
        ("other/a.ts", False),
        ("srcs/a.ts", False),
        ("src/old/manifest.yml", True),
    ],
)
def test_paths(path: str, wanted: bool) -> None:
    """A folder stands for all below it, ** for any folders, * for a part of a name; manifests are always read."""
    settings = read("[scan]\ninclude = ['./src/']\nexclude = ['src/old/**', '*.gen.ts', 'src/old']\n", RULES)
    assert settings.wants(path) == wanted
