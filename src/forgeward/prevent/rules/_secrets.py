"""What a secret is called, and what one that was typed in looks like: shared by the rules about secrets."""

from __future__ import annotations

import re

from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.slices import Origin
from forgeward.prevent.rules.secret_in_code import entropy

NAMED = re.compile(
    r"(^|[a-z0-9_\-.: /])(token|secret|password|passwd|passphrase|credentials?|api[_\-]?key|private[_\-]?key|"
    r"secret[_\-]?key|access[_\-]?key|client[_\-]?secret|webhook[_\-]?signature|signing[_\-]?key)s?$",
    re.IGNORECASE,
)
_NOT_SECRET = re.compile(
    r"(next|page|cursor|continuation|csrf|xsrf|design|sync|start|cancel|abort|lock|parse|lexer|color|space|id|name|role|type|"
    r"count|expir\w*|status|public)[_\- ]?(token|key|secret)s?$|^(tokens|key|keys)$"
    r"|token(id|name|role|type|count)$|^(has|is|use|uses|with|no|show|hide|need|needs|valid|missing)[_\- ]",
    re.IGNORECASE,
)
_WORD = re.compile(r"^[A-Za-z]+([ _\-][A-Za-z]+)*$")
_PLACEHOLDER = re.compile(
    r"example|xxx|your|dummy|fake|placeholder|change.?me|redacted|sample|todo|test|^<|\$\{|%s", re.IGNORECASE
)


def is_secret_name(name: str) -> bool:
    """Whether a name says that its value is a secret: ``apiToken``, ``client_secret``; not ``pageToken`` or "
    "``tokenId``."""
    name = name.strip(" :-_./#")
    return (
        bool(name)
        and NAMED.search(_split(name)) is not None
        and _NOT_SECRET.search(_split(name)) is None
        and _NOT_SECRET.search(name) is None
    )


def _split(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)


def looks_typed(text: str) -> bool:
    """Whether a literal looks like a secret that somebody typed in: long enough, mixed, no word and no placeholder."""
    text = re.sub(r"^(Bearer|Basic|Token|token|Api-Key|ApiKey|key)\s+", "", text.strip())
    if (
        len(text) < 12
        or " " in text
        or _PLACEHOLDER.search(text)
        or _WORD.match(text)
        or text.startswith(("http", "/", "ari:"))
    ):
        return False
    mixed = any(c.isdigit() for c in text) and any(c.isalpha() for c in text)
    return mixed and entropy(text.encode()) >= 3.0


def secret_origin(analysis: Analysis, origin: Origin) -> str:
    """What makes an origin secret, in words; empty when nothing does."""
    if origin.sort == "env" and is_secret_name(origin.text):
        return f"the variable {origin.text}"
    if origin.sort == "call":
        call = analysis.storage_calls.get(origin.node)
        if call is not None and call.operation == "getSecret":
            return "a stored secret"
    if origin.sort == "input" and origin.path and is_secret_name(origin.path[-1]):
        return f"“{'.'.join(origin.path)}”"
    return ""
