"""``python -m forgeward.cli``, for processes that ``forgeward up`` starts."""

from forgeward.cli import main

main()
