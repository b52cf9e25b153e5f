"""What a caller sent becomes part of the path of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules._input import reached
from forgeward.prevent.rules.base import HIGH, Hit, Rule

_FILES = re.compile(
    r"^(?:fs|fs/promises|fs-extra|graceful-fs):(?:promises\.)?"
    r"(?:readFile|writeFile|appendFile|createReadStream|createWriteStream|unlink|rm|rmdir|readdir|open|stat|access|mkdir"
    r"|rename|copyFile|readJson|writeJson|remove|outputFile|existsSync)(?:Sync)?$|^:require$"
)
_ESCAPES = frozenset(
    {"path:basename", "path:posix.basename", ":encodeURIComponent", ":Number", ":parseInt", ":Boolean"}
)


def check(analysis: Analysis) -> Iterator[Hit]:
    """The path that a function of ``fs`` is given."""
    sinks: dict[int, list[int]] = {}
    for site, symbol in analysis.calls_of(lambda s: _FILES.match(s) is not None):
        count = 3 if re.search(r"rename|copyFile", symbol) else 2
        sinks[site] = list(analysis.ops(site)[1:count])
    for found in reached(analysis, sinks, "is part of a file's path", escapes=_ESCAPES):
        name = ".".join(found.origin.path)
        message = f"{found.entry.what} puts “{name}” into the path of a file: “../” leaves the folder."
        yield Hit(found.visit.node, message, HIGH, found.trace)


RULE = Rule(
    id="injection-path",
    category="injection",
    title="Caller chooses the path of a file",
    severity=Grade.MEDIUM,
    cwe=("CWE-22",),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N",
    promises=("TC-12",),
    requirement="Validate input; no path traversal.",
    why=(
        "The bundle of the app, its templates and what other invocations left in the temporary folder can be read, and"
        " written files are found there by the next invocation."
    ),
    fix="Choose the file from a table in the source; at least take path.basename of what was sent.",
    example="""\
const TEMPLATES = { welcome: 'welcome.html', farewell: 'farewell.html' };
const file = TEMPLATES[payload.template] ?? 'welcome.html';
""",
    links=("https://cwe.mitre.org/data/definitions/22.html",),
    check=check,
)
