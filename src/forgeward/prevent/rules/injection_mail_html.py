"""What a person wrote is put into the HTML of a mail as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.outbound import literal_property
from forgeward.prevent.rules._input import reached
from forgeward.prevent.rules.base import HIGH, Hit, Rule
from forgeward.prevent.rules.injection_html import cleans
from forgeward.prevent.syntax import kinds as k

_SENDS = re.compile(
    r"sendMail$|sendEmail$|^@sendgrid/mail:|^(?:new )?resend:|^mailgun|^postmark|^new (?:mailgun|postmark|resend)"
    r"|^@aws-sdk/client-ses(?:v2)?:Send\w*EmailCommand$|^nodemailer"
)
_HTML = {"html", "Html", "HtmlBody", "htmlContent", "htmlBody", "HTMLPart", "html_body"}
_HOSTS = re.compile(
    r"sendgrid|mailgun|postmark|resend|mailjet|brevo|sendinblue|sparkpost|mandrill|amazonses", re.IGNORECASE
)


def check(analysis: Analysis) -> Iterator[Hit]:
    """Properties that hold HTML, in what mail libraries and mail services are given."""
    sinks: dict[int, list[int]] = {}
    for site, _ in analysis.calls_of(lambda s: _SENDS.search(s) is not None):
        nodes = [n for a in analysis.ops(site)[1:] for n in _html(analysis, a)]
        if nodes:
            sinks[site] = nodes
    for request in analysis.requests.values():
        line = analysis.module_of(request.site).source
        body = request.body if request.body >= 0 else literal_property(request.options, "body", analysis.linker)
        if body >= 0 and _HOSTS.search(line.decode("utf-8", "replace")):
            nodes = list(_html(analysis, body))
            if nodes:
                sinks[request.site] = nodes
    for found in reached(analysis, _uncleaned(analysis, sinks), "is sent as HTML"):
        name = ".".join(found.origin.path)
        message = f"{found.entry.what} puts “{name}” into the HTML of a mail without encoding it."
        yield Hit(found.visit.node, message, HIGH, found.trace)


def _html(analysis: Analysis, node: int, depth: int = 0) -> Iterator[int]:
    """The values of HTML properties anywhere in a literal that a node is."""
    if depth > 6:
        return
    for value in sorted(analysis.linker.values(node), key=repr):
        if value[0] == "o":
            for prop in analysis.ops(int(value[1])):
                if analysis.kind(prop) == k.PROP and analysis.ops(prop):
                    inner = analysis.ops(prop)[0]
                    if analysis.text(prop) in _HTML:
                        yield inner
                    else:
                        yield from _html(analysis, inner, depth + 1)
                elif analysis.kind(prop) == k.OBJECT:
                    yield from _html(analysis, prop, depth + 1)
    if analysis.kind(node) == k.CALL and analysis.calls.symbols.get(node) == (":JSON.stringify",):
        for argument in analysis.ops(node)[1:]:
            yield from _html(analysis, argument, depth + 1)


def _uncleaned(analysis: Analysis, sinks: dict[int, list[int]]) -> dict[int, list[int]]:
    kept = {}
    for site, nodes in sinks.items():
        dirty = [n for n in nodes if not _is_clean(analysis, n)]
        if dirty:
            kept[site] = dirty
    return kept


def _is_clean(analysis: Analysis, node: int) -> bool:
    return any(cleans(analysis, n) or _encodes(analysis, n) for n in analysis.slicer.slice(node).nodes())


def _encodes(analysis: Analysis, node: int) -> bool:
    """``text.replace(/</g, '&lt;')`` or a function whose name says that it escapes."""
    if analysis.kind(node) != k.CALL:
        return False
    callee = analysis.ops(node)[0]
    if re.search(r"escape|encode|he:", analysis.text(callee), re.IGNORECASE):
        return True
    first = analysis.argument(node, 0)
    return (
        analysis.text(callee) in {"replace", "replaceAll"}
        and first >= 0
        and "<" in analysis.text(first)
        and "{" not in analysis.text(first)
    )


RULE = Rule(
    id="injection-mail-html",
    category="injection",
    title="Input put into the HTML of a mail",
    severity=Grade.MEDIUM,
    cwe=("CWE-80", "CWE-116"),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:A/VC:N/VI:L/VA:N/SC:L/SI:L/SA:N",
    promises=("TC-12",),
    requirement="Validate input and encode output; no raw HTML.",
    why=(
        "The mail comes from the vendor and passes every check of its domain. Whoever fills in the form decides what it"
        " shows: links, forms and pictures that report who opened it."
    ),
    fix="Encode what people wrote before it is put into HTML, or send plain text.",
    example="""\
const encode = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
await mailer.sendMail({ to, subject, html: `<p>${encode(payload.feedback)}</p>` });
""",
    links=("https://cheatsheetseries.owasp.org/cheatsheets/Cross_Site_Scripting_Prevention_Cheat_Sheet.html",),
    check=check,
)
