"""Safe apps with one check taken away: the scanner must see each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from forgeward.prevent.rules import find_rule
from tests.prevent import apps

RULES = ("authz-asapp-unchecked", "authz-check-unbound", "auth-webtrigger-open", "authz-mutation-unchecked")
_CONDITION = re.compile(r"if \(((?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\))*)\)")
# A condition that authorises nobody: taking it away changes nothing that a rule speaks of.
_NO_CHECK = re.compile(r"type !==|method !==|mode'\)|\.force")


def mutants(text: str) -> Iterator[str]:
    """Texts with one condition made constant, one await dropped, one throw turned into a message,
    one failure swallowed, or the question put about something else."""
    for match in _CONDITION.finditer(text):
        if not _NO_CHECK.search(match.group(1)):
            leaves = re.match(r"\s*(\{\s*)?(throw|return|continue)", text[match.end() :])
            yield f"{text[: match.start()]}if ({'false' if leaves else 'true'}){text[match.end() :]}"
            if leaves:
                inverted = f"if (!({match.group(1)}))"
                yield text[: match.start()] + inverted + text[match.end() :]
    for match in re.finditer(r"throw new Error\(([^;\n]*)\)", text):
        yield f"{text[: match.start()]}console.warn({match.group(1)}){text[match.end() :]}"
    for match in re.finditer(r"await (?=authorize\(\)|require\w+\(|mayEdit|isAdmin\(|allowed\(|check\(|Guard\.)", text):
        yield text[: match.start()] + text[match.end() :]
    for match in re.finditer(r"^( *)(await (?:require\w+|mayEdit|Guard\.edit|check)\([^;]*\);)$", text, re.MULTILINE):
        yield f"{text[: match.start()]}try {{ {match.group(2)} }} catch (e) {{ console.warn(e); }}{text[match.end() :]}"
    if "payload" in text and "context.extension" not in text:
        for match in re.finditer(r"(?<=onJiraIssue\()[^()]+(?=\))", text):
            yield f"{text[: match.start()]}'10001'{text[match.end() :]}"


def safe_apps() -> list[Path]:
    """Apps that a rule leaves alone although they do what it looks for."""
    paths = [p for rule in RULES for p in sorted((apps.FOLDER / rule / "miss").glob("*.app"))]
    return [p for p in paths if re.search(r"authorize|mypermissions|includes|SECRET|getSecret|verify", p.read_text())]


def test_nearly_every_mutant_is_found() -> None:
    """Of at least 100 mutants, 95 in 100 are found by one of the rules about authorisation or authentication."""
    rules = [find_rule(r) for r in (*RULES, "authz-check-ignored")]
    missed, count = [], 0
    for path in safe_apps():
        text = path.read_text(encoding="utf-8")
        for mutant in mutants(text):
            count += 1
            if not apps.report(apps.files(mutant), rules).findings:
                missed.append(f"{path.parts[-3]}/{path.stem}: {_changed(text, mutant)}")
    assert count >= 100
    assert len(missed) <= count * 0.05, f"{len(missed)} of {count}\n" + "\n".join(missed)


# What makes an app safe for a rule, and how it looks when somebody forgets it.
SLIPS: dict[str, list[tuple[str, str]]] = {
    "injection-request-path": [(r"encodeURIComponent\(", "("), (r"Number\(", "(")],
    "injection-path": [(r"path\.basename\(", "("), (r"Number\(", "(")],
    "injection-regexp": [(r"escape\((?=payload)", "("), (r"escapeStringRegexp\((?=payload)", "(")],
    "injection-mail-html": [(r"encode\((?=payload)", "("), (r"escapeHtml\((?=payload)", "(")],
    "injection-sql": [(r"Number\(", "(")],
    "injection-prototype": [(r"Object\.create\(null\)", "{}"), (r"^  if \(\['__proto__.*\n", "")],
    "injection-redirect": [(r"`https://example\.com/items/\$\{([^}]*)\}`", r"\1")],
    "tenant-storage-key": [(r"asApp\(\)", "asUser()")],
    "auth-fail-open": [(r"return false", "return true"), (r"=> false", "=> true")],
    "auth-webtrigger-replay": [(r"^.*Date\.now.*\n", ""), (r"^  if \(await kvs\.get.*\n", "")],
    "authz-secret-client": [(r"^  if \(!\(await authorize.*\n", ""), (r"-\$\{context\.accountId\}", "")],
    "secret-plain-storage": [(r"setSecret", "set")],
    "secret-to-frontend": [(r"Boolean\((?=await)", "(")],
    "secret-in-manifest": [(r"your-client-secret-1", "9vK2xQ7pLm4Rt8Wz1Ys6")],
    "scope-missing": [(r"'write:issue:jira'", "'read:issue:jira'")],
    "supply-tool-unpinned": [(r"@\d+\.\d+\.\d+", ""), (r"--no-install ", ""), (r"# - run", "- run")],
    "supply-ci": [(r"@[0-9a-f]{40}", "@v3")],
    "egress-wildcard": [(r"'\*\.example\.com'|\*\.example\.com", "'*'")],
    "csp-scripts": [(r"'sha256-[^']*'|sha256-\S*", "unsafe-eval")],
    "authz-display-conditions": [(r"^  if \(!\(await authorize.*\n", ""), (r"projectType: software", "isAdmin: true")],
}


def slips() -> Iterator[tuple[str, Path, str]]:
    """Rule, app, and the app's text with one slip at one place."""
    for rule, changes in SLIPS.items():
        for path in sorted((apps.FOLDER / rule / "miss").glob("*.app")):
            text = path.read_text(encoding="utf-8")
            for pattern, instead in changes:
                for match in re.finditer(pattern, text, re.MULTILINE):
                    yield rule, path, text[: match.start()] + match.expand(instead) + text[match.end() :]


def test_nearly_every_slip_is_found() -> None:
    """Of the safe apps of other rules with one precaution forgotten, 9 in 10 are found by the rule itself.

    Some slips change nothing that matters (a second look, another check), so the bar is lower.
    """
    told = [(r, p, apps.report(apps.files(text), [find_rule(r)]).findings) for r, p, text in slips()]
    missed = [f"{rule}/{path.stem}" for rule, path, findings in told if not findings]
    assert len(told) >= 30
    assert len(missed) <= len(told) * 0.1, f"{len(missed)} of {len(told)}: {missed}"


def _changed(before: str, after: str) -> str:
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    return next((b.strip() for a, b in pairs if a != b), "?")
