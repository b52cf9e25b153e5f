"""Documents of the policy that this home has stored."""

from __future__ import annotations

from forgeward.desk.models import PolicyVersion
from forgeward.errors import NotFound

LONGEST = 9  # digits of a version number


def stored_document(name: str) -> str:
    """The text of ``in-force``, of the latest ``proposed``, or of a version. Raises ``NotFound``."""
    rows = PolicyVersion.objects.order_by("-id")
    if name == "in-force":
        row = rows.filter(adopted_at__isnull=False).first()
    elif name == "proposed":
        row = rows.filter(adopted_at__isnull=True).first()
    elif name.isascii() and name.isdecimal() and len(name) <= LONGEST:
        row = rows.filter(version=int(name)).first()
    else:
        row = None
    if row is None:
        raise NotFound(f"There is no policy “{name[:40]}”.", next="Name a version number, in-force or proposed.")
    return row.text
