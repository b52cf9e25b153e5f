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


def _changed(before: str, after: str) -> str:
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    return next((b.strip() for a, b in pairs if a != b), "?")
