"""Keys and tokens whose format is known, anywhere in the repository."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.project import LOCKFILES, Project, is_test
from forgeward.prevent.rules.base import HIGH, LOW, At, Hit, Rule

# (what stands in every such secret, its name, its form). Formats from the issuers' public documentation.
_FORMS: tuple[tuple[bytes, str, re.Pattern[bytes]], ...] = tuple(
    (mark, name, re.compile(form))
    for mark, name, form in (
        (b"ATATT3", "Atlassian API token", rb"\bATATT3[A-Za-z0-9_\-=+/]{40,260}"),
        (b"ATCTT3", "Atlassian access token", rb"\bATCTT3[A-Za-z0-9_\-=+/]{40,260}"),
        (b"ATSTT3", "Atlassian service token", rb"\bATSTT3[A-Za-z0-9_\-=+/]{40,260}"),
        (b"ATOA", "Atlassian OAuth client secret", rb"\bATOA[A-Za-z0-9_\-]{50,120}"),
        (b"ATBB", "Bitbucket app password", rb"\bATBB[A-Za-z0-9]{24,40}\b"),
        (b"AKIA", "AWS access key id", rb"\bAKIA[0-9A-Z]{16}\b"),
        (b"ghp_", "GitHub token", rb"\bghp_[A-Za-z0-9]{36}\b"),
        (b"gho_", "GitHub token", rb"\bgho_[A-Za-z0-9]{36}\b"),
        (b"ghs_", "GitHub token", rb"\bghs_[A-Za-z0-9]{36}\b"),
        (b"ghu_", "GitHub token", rb"\bghu_[A-Za-z0-9]{36}\b"),
        (b"github_pat_", "GitHub token", rb"\bgithub_pat_[A-Za-z0-9_]{60,90}\b"),
        (b"glpat-", "GitLab token", rb"\bglpat-[A-Za-z0-9_\-]{20,60}"),
        (b"xox", "Slack token", rb"\bxox[abprs]-[A-Za-z0-9\-]{20,120}"),
        (b"hooks.slack.com", "Slack webhook", rb"https://hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}"),
        (b"_live_", "Stripe key", rb"\b[sr]k_live_[A-Za-z0-9]{20,120}"),
        (b"AIza", "Google API key", rb"\bAIza[0-9A-Za-z_\-]{35}\b"),
        (b"sk-ant-", "Anthropic key", rb"\bsk-ant-[A-Za-z0-9_\-]{30,120}"),
        (b"sk-proj-", "OpenAI key", rb"\bsk-proj-[A-Za-z0-9_\-]{40,200}"),
        (b"T3BlbkFJ", "OpenAI key", rb"\bsk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}\b"),
        (b"SG.", "SendGrid key", rb"\bSG\.[A-Za-z0-9_\-]{20,24}\.[A-Za-z0-9_\-]{40,46}\b"),
        (b"npm_", "npm token", rb"\bnpm_[A-Za-z0-9]{36}\b"),
        (b"shpat_", "Shopify token", rb"\bshpat_[a-f0-9]{32}\b"),
        (b"dop_v1_", "DigitalOcean token", rb"\bdop_v1_[a-f0-9]{64}\b"),
        (b"lin_api_", "Linear key", rb"\blin_api_[A-Za-z0-9]{40}\b"),
        (b"PRIVATE KEY-----", "private key",
         rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----(?=[\s\\n\"'+]*[A-Za-z0-9+/=\\\r\n]{40})"),
        (b"://", "password in a URL",
         rb"://[^\s:/@'\"<>{}$]{1,64}:([^\s:/@'\"<>{}$]{6,80})@[a-z0-9.\-]+"),
    )
)  # fmt: skip
_PLACEHOLDER = re.compile(
    rb"example|xxxx|your|dummy|fake|placeholder|changeme|redacted|sample|1234567890|abcdefgh|\*\*\*|\.\.\.|<|password|secret",
    re.IGNORECASE,
)
_ENOUGH = 3.0  # bits of entropy per character; words and patterns have less


def check_files(project: Project) -> Iterator[Hit]:
    """Every secret by its form, in any text that was read."""
    for path, data in project.files.items():
        if path.rsplit("/", 1)[-1] in LOCKFILES:
            continue
        for mark, name, form in _FORMS:
            if mark in data:
                yield from _matches(path, data, name, form)


def _matches(path: str, data: bytes, name: str, form: re.Pattern[bytes]) -> Iterator[Hit]:
    for match in form.finditer(data):
        found = match.group(1) if form.groups else match.group()
        if name != "private key" and (_PLACEHOLDER.search(found) or entropy(found) < _ENOUGH):
            continue
        line = data.count(b"\n", 0, match.start()) + 1
        column = len(data[data.rfind(b"\n", 0, match.start()) + 1 : match.start()].decode("utf-8", "replace")) + 1
        message = f"This looks like a real secret: {name}. It is in the repository, and so in its whole history."
        yield Hit(At(path, line, column), message, LOW if is_test(path) else HIGH, subject=(name,))


def entropy(text: bytes) -> float:
    """Shannon entropy, bits per byte."""
    counts = Counter(text)
    return -sum(c / len(text) * math.log2(c / len(text)) for c in counts.values()) if text else 0.0


RULE = Rule(
    id="secret-in-code",
    category="secret",
    title="Secret in the repository",
    severity=Grade.HIGH,
    cwe=("CWE-798", "CWE-540"),
    vector="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:N/SC:L/SI:L/SA:N",
    promises=("TC-8",),
    requirement="Secrets are stored safely, never in code.",
    why=(
        "Everyone who can read the repository, a build log or the deployed bundle has the secret; removing the line"
        " later leaves it in history."
    ),
    fix="Revoke it now, then keep the new one in an encrypted Forge variable or in setSecret.",
    example="""\
forge variables set --encrypt -e production API_KEY
// in code: process.env.API_KEY
""",
    links=("https://developer.atlassian.com/platform/forge/environments-and-versions/",),
    check_files=check_files,
)
