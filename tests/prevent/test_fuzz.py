"""No file stops a scan: cut, mutated, nested and hostile sources end in time with a report."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forgeward.prevent.findings import Report
from forgeward.prevent.syntax.lower import lower
from tests.prevent import apps

SOURCES = [p.read_text(encoding="utf-8") for p in sorted(apps.FOLDER.glob("*/*/*.app"))]
HEAD = "import Resolver from '@forge/resolver';\nimport api, { route } from '@forge/api';\nconst r = new Resolver();\n"
TAIL = "\nexport const handler = r.getDefinitions();\n"


def scanned(code: str) -> tuple[Report, float]:
    start = time.process_time()
    report = apps.report(apps.files(f"-- src/index.js --\n{HEAD}{code}{TAIL}"))
    return report, time.process_time() - start


@pytest.mark.parametrize("seed", range(40))
def test_damaged_apps_end_with_a_report(seed: int) -> None:
    """Cut, doubled and shuffled apps, and apps with odd bytes, never raise."""
    chance = random.Random(seed)
    text = chance.choice(SOURCES)
    for _ in range(chance.randint(1, 8)):
        at, end = sorted(chance.randrange(len(text) + 1) for _ in range(2))
        piece = chance.choice(
            ["", "{", ")", "`${", "/*", "'", "\x00", "\u2028", "=>", "<a>", "async", text[at:end] * 2]
        )
        text = text[:at] + piece + text[end if chance.random() < 0.5 else at :]
    assert isinstance(apps.report(apps.files(text)), Report)


DEEP = {
    "parentheses": "r.define('x', () => " + "(" * 20_000 + "1" + ")" * 20_000 + ");",
    "sum": "r.define('x', ({payload}) => " + " + ".join(["payload.a"] * 30_000) + ");",
    "and": "r.define('x', ({payload}) => " + " && ".join(["payload.a"] * 5_000) + ");",
    "chain": "r" + ".define('x', () => 1)" * 3_000 + ";",
    "members": "r.define('x', ({payload}) => payload" + ".a" * 20_000 + ");",
    "ifs": "r.define('x', () => { " + "if (a) { " * 2_000 + "}" * 2_000 + " });",
    "else ifs": "r.define('x', () => { if (a) b();" + " else if (c) d();" * 2_000 + " });",
    "ternaries": "r.define('x', (a) => " + "a ? 1 : " * 5_000 + "2);",
    "arrows": "r.define('x', " + "() => " * 3_000 + "1);",
    "calls": "r.define('x', (a) => " + "f(" * 5_000 + "a" + ")" * 5_000 + ");",
    "arrays": "r.define('x', (a) => " + "[" * 10_000 + "]" * 10_000 + ");",
    "spread": "r.define('x', (s) => { " + "s = {...s, a: s};" * 400 + " return s; });",
    "cycle": "const a = () => b(); const b = () => a(); r.define('x', a);"
    " let o = {}; o.o = o; r.define('y', () => o.o.o);",
    "wide": "\n".join(f"const f{i} = (a) => f{(i * 7) % 300}(f{(i * 3) % 300}(a));" for i in range(300))
    + "\nr.define('x', ({payload}) => api.asApp().requestJira(route`/rest/${f1(payload.a)}`));",
    "jsx": "const a = " + "<a>" * 3_000 + "</a>" * 3_000 + ";",
    "templates": "r.define('x', (a) => " + "`${" * 3_000 + "a" + "}`" * 3_000 + ");",
    "classes": "\n".join(f"class A{i} extends A{i + 1} {{ m() {{ return this.m(); }} }}" for i in range(500)),
    "pattern": "r.define('x', (" + "{a: " * 2_000 + "b" + "}" * 2_000 + ") => b);",
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_and_wide_sources_end_in_time(name: str) -> None:
    """What would exhaust a stack or explode ends within 10 seconds."""
    _, seconds = scanned(DEEP[name])
    assert seconds < 10


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_lowered(text: str) -> None:
    """Whatever the text, in each grammar, a graph comes out, of which every edge leads to a node of it."""
    for suffix in ("js", "ts", "tsx"):
        module = lower(f"a.{suffix}", text.encode("utf-8", "surrogatepass"))
        assert module.functions, "the file itself is one"
        assert all(-1 <= operand < len(module.kind) for operands in module.ops for operand in operands)


def test_broken_file_is_named_and_the_rest_is_scanned() -> None:
    """A syntax error is told with its line; findings before and after it, and in other files, are still found."""
    code = "r.define('a', ({payload}) => eval(payload.x));\nconst = ;\nr.define('b', ({payload}) => eval(payload.y));"
    report, _ = scanned(code)
    assert "line 5" in report.not_scanned[0].reason
    assert [f.location.line for f in report.findings if f.rule == "injection-code"] == [4, 6]
    assert not report.complete
