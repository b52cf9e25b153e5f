"""Template words of the desk: marks, severities, plurals, fields. Built into every template.

Each mark is a shape of the sprite; the word always stands beside it, the shape alone is hidden from screen readers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from django import template
from django.forms import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString

from forgeward.vocabulary import Severity

register = template.Library()
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")

# Standing: the mark's shape, the colour's class, the word.
STANDINGS: dict[str, tuple[str, str, str]] = {
    "kept": ("kept", "is-kept", "Kept"),
    "at_risk": ("risk", "is-risk", "At risk"),
    "missed": ("missed", "is-missed", "Missed"),
    "unproven": ("unproven", "is-unproven", "Unproven"),
    "not_exercised": ("idle", "is-idle", "Not exercised"),
    "inherited": ("inherited", "is-inherited", "Inherited"),
}
_COLOURED = {"kept": "k", "risk": "r", "missed": "m", "unproven": "u"}


@register.simple_tag
@cache
def mark(shape: str) -> SafeString:
    """A shape of the sprite, in its own colour where it means a standing."""
    return format_html(
        '<svg class="mark {}" aria-hidden="true"><use href="#{}"/></svg>', _COLOURED.get(shape, "dim"), shape
    )


@register.simple_tag
@cache
def plain_mark(shape: str) -> SafeString:
    """A shape of the sprite in the colour of the text around it."""
    return format_html('<svg class="mark" aria-hidden="true"><use href="#{}"/></svg>', shape)


@register.simple_tag
@cache
def icon(shape: str) -> SafeString:
    """A small picture inside a line."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="#{}"/></svg>', shape)


@register.simple_tag
@cache
def standing(value: str) -> SafeString:
    """Mark and word of a standing."""
    shape, tone, word = STANDINGS[value]
    return format_html('<span class="is {}">{}{}</span>', tone, plain_mark(shape), word)


@register.simple_tag
@cache
def standing_mark(value: str) -> SafeString:
    """The mark of a standing alone, for the map; its word is the link's."""
    shape, tone, word = STANDINGS[value]
    return format_html('<span class="{}">{}<span class="vh">{}: </span></span>', tone, plain_mark(shape), word)


@register.simple_tag
@cache
def severity(level: str | None) -> SafeString:
    """Bars and word of a severity; “Not assessed” while there is none."""
    if not level:
        return SafeString('<span class="is is-off">Not assessed</span>')
    return format_html(
        '<span class="sev"><svg aria-hidden="true"><use href="#s{}"/></svg>{}</span>',
        Severity(level).rank,
        level.capitalize(),
    )


@register.filter
def counted(count: int, words: str) -> str:
    """``3|counted:"case,cases"`` is “3 cases”."""
    one, many = words.split(",")
    return f"{count} {one if count == 1 else many}"


@register.filter
def visible(text: str) -> str:
    """A stranger's text with what cannot be seen made visible: controls, and what turns the direction (UAX #9)."""
    return _UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


@register.filter
def lower_first(text: str) -> str:
    """“Release the fix” inside a sentence; an abbreviation stays as it is."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


@register.filter
def add_length(count: int, items: Sequence[object]) -> int:
    """``count`` and the number of items together."""
    return count + len(items)


@register.inclusion_tag("parts/field.html")
def field(bound: BoundField, label: str = "", hint: str = "") -> dict[str, object]:
    """A field of one of allauth's forms: label, hint, control without placeholder, errors; each tied to the control."""
    bound.field.widget.attrs.pop("placeholder", None)
    told = [f"{bound.auto_id}_helptext"] if hint else []
    told += [f"{bound.auto_id}_error"] if bound.errors else []
    control = bound.as_widget(attrs={"aria-describedby": " ".join(told)} if told else {})
    return {"field": bound, "control": control, "label": label or bound.label, "hint": hint}
