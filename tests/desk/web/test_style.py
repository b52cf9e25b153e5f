"""The style sheet, the templates and the marks, as files."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from forgeward.desk import web
from forgeward.desk.web.tags import STANDINGS
from forgeward.policy.standing import Level
from tests.desk.web.house import House

TEMPLATES = sorted((Path(web.__file__).parent / "templates").rglob("*.html"))
CSS = Path(web.__file__).parent / "static" / "forgeward" / "forgeward.css"


def test_the_style_sheet_is_small() -> None:
    """7.5 KB gzipped at most (look.md)."""
    assert len(gzip.compress(CSS.read_bytes(), 9)) <= 7_500


def test_each_colour_is_stated_once() -> None:
    """Colours are tokens with a light and a dark value; rules use tokens only, and nothing comes from elsewhere."""
    tokens, rules = CSS.read_text().split("--sans:", 1)
    assert len(re.findall(r"light-dark\(", tokens)) == 18
    found = set(re.findall(r"#[0-9a-f]{3,8}\b", rules))
    assert found == {"#fff"}  # the ground of a QR code and of paper
    assert "url(" not in rules
    assert "@import" not in rules


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_are_plain(template: Path) -> None:
    """No inline style, no inline script that runs, no handler, no address of another host, no polite filler."""
    text = template.read_text()
    assert not re.search(r"\sstyle=|<style|\son\w+=|https?://(?!localhost)", text)
    for script in re.findall(r"<script[^>]*>", text):
        assert "src=" in script or 'type="application/json"' in script
    assert not re.search(r"\b(please|oops|sorry)\b|!</", text, re.IGNORECASE)


def test_marks_of_the_pages_exist() -> None:
    """Every shape that a template or a tag names is in the sprite."""
    from forgeward.desk.web import see
    from forgeward.desk.web.views import notices, promises

    sprite = (CSS.parent.parent.parent / "templates" / "parts" / "sprite.html").read_text()
    shapes = set(re.findall(r'<symbol id="(\w+)"', sprite))
    used = {name for t in TEMPLATES for name in re.findall(r'href="#(\w+)"/>|(?:mark|icon) "(\w+)"', t.read_text())}
    named = {part for pair in used for part in pair if part}
    tones = {see.KEPT.mark, see.RISK.mark, see.MISSED.mark, see.RUNS.mark, see.PAUSED.mark}
    named |= tones | {shape for shape, _, _ in STANDINGS.values()}
    named |= {shape for _, shape, _ in (*notices.STATES.values(), *promises.STATES.values())}
    assert named <= shapes


def test_every_standing_has_its_own_shape_and_word() -> None:
    """Six standings, six outlines."""
    assert set(STANDINGS) == set(Level)
    assert len({shape for shape, _, _ in STANDINGS.values()}) == len({word for _, _, word in STANDINGS.values()}) == 6


def test_static_files_are_found_and_open(house: House) -> None:
    """The style sheet needs no session; scripts of the passkeys come from this desk."""
    for name in ("forgeward/forgeward.css", "forgeward/icon.svg", "mfa/js/webauthn.js", "mfa/js/webauthn-json.js",
                 "account/js/onload.js"):  # fmt: skip
        assert finders.find(name), name
    response = Client().get("/static/forgeward/forgeward.css")
    response.close()
    assert response.status_code == 200
