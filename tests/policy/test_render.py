"""The policy as people read it."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from forgeward.errors import BadInput
from forgeward.policy import document, names
from forgeward.policy.defaults import default_policy_text, example_policy_text
from forgeward.policy.render import article, render, sentence, sentence_html, sentence_segments
from tests.policy.texts import DEFAULT, changed, policy

ALMBASE = document.load(example_policy_text("almbase"))
VOID = {"meta", "link", "br"}


class Outline(HTMLParser):
    """Collects ids, figures and text, and fails when elements do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.figures: list[str] = []
        self.words = ""
        self._open: list[tuple[str, str]] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        assert not {"style", "onclick"} & found.keys()
        if tag not in VOID:
            self._open.append((tag, found.get("class") or ""))

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        self.words += data
        if self._open and self._open[-1] == ("em", "fig"):
            self.figures.append(data)


def test_the_figure_in_the_sentence_is_the_clocks():
    """Change one line of the file, and sentence and clock both change."""
    changed_policy = policy(("    critical: 7 days", "    critical: 5 days"))
    promise = changed_policy.promise("VM-5")
    assert "within 5 days of" in sentence(changed_policy, promise)
    assert str(promise.clocks[0].target) == "5 days"


def test_segments_mark_the_figures():
    """A page can set figures apart without parsing the sentence."""
    parts = sentence_segments(ALMBASE, ALMBASE.promise("VM-7"))
    assert [(p.text, p.figure) for p in parts if p.figure] == [
        ("30 days", "targets.plan.medium"),
        ("60 days", "targets.fix.medium"),
    ]
    assert "".join(p.text for p in parts) == sentence(ALMBASE, ALMBASE.promise("VM-7"))


def test_addresses_are_no_figures():
    """Only what a clock or a threshold counts is marked."""
    assert '<em class="fig">2 business days</em>' in sentence_html(ALMBASE, ALMBASE.promise("IR-4"))
    assert "<em" not in sentence_html(ALMBASE, ALMBASE.promise("CT-1"))


def test_a_regimes_sentence_has_its_own_thresholds():
    """The Marketplace's levels do not move with the policy's."""
    text = changed(
        ("  critical: 9.0\n  high: 7.0\n  medium: 4.0\n\n", "  critical: 9.5\n  high: 7.0\n  medium: 4.0\n\n")
    )
    loaded = document.load(text)
    assert "Critical from 9.5" in sentence(loaded, loaded.promise("VM-4"))
    assert "score of 9.0 or more" in sentence(loaded, loaded.regime("marketplace").obligations[0])


def test_html_has_every_promise_once_and_nests():
    """Each promise and obligation is an element with its id; the page is well nested."""
    found = Outline(render(ALMBASE, "html"))
    obligations = [o.id for r in ALMBASE.regimes for o in r.obligations]
    assert [id for id in found.ids if "-" in id and id[0].isupper()] == [*names.PROMISES, *obligations]
    assert len(found.ids) == len(set(found.ids))
    assert "7 days" in found.figures
    assert "effective 5 May 2026" in found.words
    assert "{{" not in found.words


def test_markdown_has_every_promise_and_figure():
    """The headings are those of the mission, the figures stand in bold."""
    text = render(ALMBASE, "md")
    for number, title in names.SECTIONS.items():
        assert f"\n## {number} {title}\n" in text
    for id in names.PROMISES:
        assert f"**{id} " in text
    assert "within **7 days** of" in text
    assert "{{" not in text


def test_the_reader_learns_how_time_is_counted():
    """Zone, hours, holidays, maintenance dates and what pauses stand in the text."""
    text = render(policy(("  holidays: []", "  holidays: [GB-ENG, US]")), "md")
    assert "in the zone Europe/London: Monday to Friday 09:00 to 17:30." in text
    assert "Public holidays of GB-ENG and US are not business days." in text
    assert "Maintenance dates: first Tuesday every 3 months." in text
    assert "Only the clocks of IR-5, VM-3, VM-5, VM-6, VM-7 and VM-8 stand still" in text


def test_what_is_for_staff_is_not_public():
    """A promise that is shown to staff only is left out, and so is its appendix."""
    hidden = policy(
        ("    shown: public\n    max_age: 1 year\n  - id: AP-2", "    shown: staff\n    max_age: 1 year\n  - id: AP-2"),
        ("    shown: public\n    max_age: 2 days\n  - id: IR-3", "    shown: staff\n    max_age: 2 days\n  - id: IR-3"),
    )
    public, staff = render(hidden, "html"), render(hidden, "html", "staff")
    assert 'id="IR-2"' not in public
    assert "Examples: Critical" not in public
    assert 'id="IR-2"' in staff
    assert "Examples: Critical" in staff


@pytest.mark.parametrize(("format", "disclosure"), [("pdf", "public"), ("html", "everybody")])
def test_other_formats_and_audiences_are_refused(format: str, disclosure: str):
    """The error names what there is."""
    with pytest.raises(BadInput, match="is no"):
        render(ALMBASE, format, disclosure)


MARKUP = '<script>alert(1)</script> "quoted" & [x](javascript:a) *b* `c` # | ~'


def test_what_a_vendor_writes_is_escaped():
    """Markup in a name, a sentence or an example stays text, in HTML and in Markdown."""
    quoted = MARKUP.replace('"', '\\"')
    loaded = document.load(
        changed(
            ("We collect only what a function needs.", f'"{quoted}"'),
            ("    - Credentials or keys of an app are exposed and can be used.", f'    - "{quoted}"'),
            text=default_policy_text(MARKUP, ALMBASE.effective, "UTC"),
        )
    )
    html = article(loaded)
    assert "<script" not in html
    assert MARKUP in Outline(html).words
    rendered = MarkdownIt("commonmark").render(render(loaded, "md"))
    assert "<script" not in rendered
    assert "javascript:a)" in rendered
    assert 'href="javascript' not in rendered
    assert MARKUP in Outline(rendered).words


@settings(max_examples=30, deadline=None)
@given(st.text("<>&\"'`*_[](){}!#|\\~-+.=:/ab \u2028", min_size=1, max_size=30).filter(lambda t: t.split()))
def test_markdown_shows_any_name_as_it_is(name: str):
    """CommonMark reads the heading as the words that were written."""
    if "\u2028" in " ".join(name.split()):
        return
    loaded = document.load(default_policy_text(name, ALMBASE.effective, "UTC"))
    rendered = MarkdownIt("commonmark").render(render(loaded, "md").split("\n\n")[0])
    heading = re.sub(r"\s+", " ", Outline(rendered).words).strip()
    assert heading == f"Partner Security Policy of {loaded.vendor.name}"
    assert loaded.vendor.name in Outline(article(loaded)).words


def test_no_text_is_a_template_twice():
    """A name that looks like a reference is not filled in."""
    loaded = document.load(default_policy_text("{{ targets.review }}", ALMBASE.effective, "UTC"))
    assert "of {{ targets.review }}." in sentence(loaded, loaded.promise("S-1"))


def test_rendering_does_not_change_by_itself():
    """The same document gives the same bytes."""
    assert render(document.load(DEFAULT), "html") == render(document.load(DEFAULT), "html")
