"""The policy as people read it: Markdown or HTML, with the figures in force standing in the sentences.

    policy ──outline──▶ sections, entries, segments ──▶ Markdown | HTML

Everything that a vendor wrote is escaped. In HTML a figure is ``<em class="fig">``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import groupby
from typing import Literal, TypeAlias

from forgeward.errors import BadInput
from forgeward.policy.model import MechanismKind, Obligation, Policy, Promise, Regime
from forgeward.policy.names import SECTIONS
from forgeward.policy.template import Segment, enumerated, segments, values_of

Format: TypeAlias = Literal["md", "html"]
Disclosure: TypeAlias = Literal["public", "staff"]

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~&])")


@dataclass(frozen=True, slots=True)
class Entry:
    """One promise or obligation as it is shown. ``by`` names its kinds of mechanism, “clock, gate”."""

    id: str
    title: str
    sentence: tuple[Segment, ...]
    by: str


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    title: str
    note: str
    entries: tuple[Entry, ...]
    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()
    links: tuple[tuple[str, str], ...] = ()


def sentence_segments(policy: Policy, said: Promise | Obligation) -> tuple[Segment, ...]:
    """A promise's or an obligation's sentence, part by part, each part with the figure that it states."""
    own = next((r.thresholds for r in policy.regimes if said in r.obligations), None)
    return segments(said.sentence, values_of(policy, own))


def sentence(policy: Policy, said: Promise | Obligation) -> str:
    """The sentence as plain text, figures filled in."""
    return "".join(segment.text for segment in sentence_segments(policy, said))


def sentence_html(policy: Policy, said: Promise | Obligation) -> str:
    """The sentence as escaped HTML, figures in ``<em class="fig">``."""
    return _html_sentence(sentence_segments(policy, said))


def render(policy: Policy, format: str = "md", disclosure: str = "public") -> str:
    """The whole policy: ``md`` or a complete ``html`` page.

    ``public`` leaves out what is shown to staff only. Raises ``BadInput`` for another format or audience.
    """
    if disclosure not in {"public", "staff"}:
        raise BadInput(f"“{disclosure}” is no audience.", next="Choose public or staff.")
    if format == "md":
        return _markdown(policy, outline(policy, disclosure))
    if format == "html":
        return _PAGE.format(title=escape(_title(policy)), article=article(policy, disclosure))
    raise BadInput(f"“{format}” is no format of a policy.", next="Choose md or html.")


def article(policy: Policy, disclosure: str = "public") -> str:
    """The policy as an HTML ``<article>`` for a page of one's own."""
    parts = [f'<article class="policy">\n<header><h1>{escape(_title(policy))}</h1>\n<p>{_dates(policy, escape)}</p>']
    parts += [f"<p>{escape(line)}</p>" for line in _time(policy)]
    parts.append("</header>")
    parts += [_html_section(section) for section in outline(policy, disclosure)]
    parts.append("</article>\n")
    return "\n".join(parts)


def outline(policy: Policy, disclosure: str = "public") -> tuple[Section, ...]:
    """The sections in order: those of the policy, then one for each regime."""
    found = []
    for number, title in SECTIONS.items():
        entries = tuple(
            Entry(promise.id, promise.title, sentence_segments(policy, promise), _by(promise))
            for promise in policy.promises
            if promise.section == number and (disclosure == "staff" or promise.shown == "public")
        )
        shown = {entry.id for entry in entries}
        found.append(Section(f"section-{number}", f"{number} {title}", "", entries, *_appendix(policy, shown)))
    found += [_regime(policy, regime) for regime in policy.regimes]
    return tuple(section for section in found if section.entries)


def long_date(day: date) -> str:
    """“5 May 2026”."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body>
{article}</body>
</html>
"""


def _title(policy: Policy) -> str:
    return f"Partner Security Policy of {policy.vendor.name}"


def _dates(policy: Policy, written: Callable[[str], str]) -> str:
    apps = f" Apps: {written(enumerated(list(policy.vendor.apps)))}." if policy.vendor.apps else ""
    return f"Version {policy.version}, effective {long_date(policy.effective)}.{apps}"


def _time(policy: Policy) -> list[str]:
    """How business time is counted, in sentences."""
    days = "; ".join(_week(policy.time.week))
    lines = [f"Business time is counted in the zone {policy.time.zone}: {days}."]
    if policy.time.holidays:
        regions = enumerated(list(policy.time.holidays))
        lines.append(f"Public holidays of {regions} are not business days.")
    lines.append("Hours and days that are not called business hours or business days run through nights and holidays.")
    dates = enumerated([long_date(day) for day in policy.time.maintenance_dates])
    lines.append(f"Maintenance dates: {dates or policy.time.maintenance}.")
    pausing = [promise.id for promise in policy.promises if any(rule.pauses for rule in promise.clocks)]
    if pausing:
        lines.append(f"Only the clocks of {enumerated(pausing)} stand still while we wait for the reporter to answer.")
    return lines


def _week(week: Sequence[tuple[tuple[int, int], ...]]) -> Iterator[str]:
    """Neighbouring days with the same hours together: Monday to Friday 09:00 to 17:30."""
    for windows, group in groupby(range(len(week)), key=lambda day: week[day]):
        days = list(group)
        name = _WEEKDAYS[days[0]] if len(days) == 1 else f"{_WEEKDAYS[days[0]]} to {_WEEKDAYS[days[-1]]}"
        if windows:
            yield f"{name} {_hours(windows)}"


def _hours(windows: tuple[tuple[int, int], ...]) -> str:
    return " and ".join(f"{a // 60:02}:{a % 60:02} to {b // 60:02}:{b % 60:02}" for a, b in windows)


def _by(promise: Promise) -> str:
    present = {mechanism.kind for mechanism in promise.kept_by}
    return ", ".join(kind for kind in MechanismKind if kind in present)


def _regime(policy: Policy, regime: Regime) -> Section:
    entries = tuple(Entry(o.id, "", sentence_segments(policy, o), MechanismKind.CLOCK) for o in regime.obligations)
    return Section(f"regime-{regime.id}", regime.title, regime.source, entries)


def _appendix(
    policy: Policy, shown: set[str]
) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], tuple[tuple[str, str], ...]]:
    """The examples after AP-1 and the references after AP-2, where these are shown."""
    examples = tuple(
        (f"Examples: {level.value.capitalize()}", texts) for level, texts in policy.severity_examples.items()
    )
    links = tuple((reference.title, reference.url) for reference in policy.references)
    return (examples if "AP-1" in shown else (), links if "AP-2" in shown else ())


def _html_sentence(parts: tuple[Segment, ...]) -> str:
    return "".join(f'<em class="fig">{escape(part.text)}</em>' if part.figure else escape(part.text) for part in parts)


def _html_section(section: Section) -> str:
    lines = [f'<section id="{escape(section.id)}"><h2>{escape(section.title)}</h2>']
    if section.note:
        lines.append(f"<p>{escape(section.note)}</p>")
    lines.append("<ul>")
    for entry in section.entries:
        title = f" <strong>{escape(entry.title)}.</strong>" if entry.title else ""
        id = escape(entry.id)
        lines.append(
            f'<li class="promise" id="{id}"><a class="id" href="#{id}">{id}</a>{title} '
            f'<span class="s">{_html_sentence(entry.sentence)}</span> <span class="by">{escape(entry.by)}</span></li>'
        )
    lines.append("</ul>")
    for heading, texts in section.lists:
        items = "".join(f"<li>{escape(text)}</li>" for text in texts)
        lines.append(f"<h3>{escape(heading)}</h3>\n<ul>{items}</ul>")
    if section.links:
        items = "".join(f'<li><a href="{escape(url)}">{escape(title)}</a></li>' for title, url in section.links)
        lines.append(f"<h3>Pages of the platform</h3>\n<ul>{items}</ul>")
    lines.append("</section>")
    return "\n".join(lines)


def _md(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


def _markdown(policy: Policy, sections: tuple[Section, ...]) -> str:
    lines = [f"# {_md(_title(policy))}", "", _dates(policy, _md), ""]
    for line in _time(policy):
        lines += [_md(line), ""]
    for section in sections:
        lines += [f"## {_md(section.title)}", ""]
        if section.note:
            lines += [_md(section.note), ""]
        for entry in section.entries:
            lines += [_md_entry(entry), ""]
        for heading, texts in section.lists:
            lines += [f"### {_md(heading)}", "", *(f"- {_md(text)}" for text in texts), ""]
        if section.links:
            lines += ["### Pages of the platform", ""]
            lines += [*(f"- [{_md(title)}](<{url}>)" for title, url in section.links), ""]
    return "\n".join(lines)


def _md_entry(entry: Entry) -> str:
    title = f" {_md(entry.title)}." if entry.title else ""
    text = "".join(f"**{_md(part.text)}**" if part.figure else _md(part.text) for part in entry.sentence)
    return f"**{_md(entry.id)}{title}** {text} *({_md(entry.by)})*"
