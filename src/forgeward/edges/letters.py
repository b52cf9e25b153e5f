"""The templates of letters that a home has: the built-in ones, with its own ``letters.yaml`` over them."""

from __future__ import annotations

from forgeward.edges.home import Home, translated
from forgeward.respond import letters
from forgeward.respond.letters import Template


def templates(home: Home) -> tuple[Template, ...]:
    """Every template that letters of this home may begin with.

    Raises ``LettersInvalid`` with the lines of ``letters.yaml``, ``HomeUnusable`` where that cannot be read.
    """
    file = home.letters_file
    if not file.exists():
        return letters.built_in()
    with translated(file):
        text = file.read_text("utf-8", errors="replace")
    return letters.merged(letters.parse(text, file.name))
