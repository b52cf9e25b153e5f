"""The command ``forgeward``. One module per group; each is imported only when it is called."""

from __future__ import annotations

import sys

from forgeward import __version__


def main() -> None:
    """The console script. ``--version`` answers before anything heavy is imported."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"forgeward {__version__}\n")
        return
    if sys.argv[1:2] == ["scan"]:  # the option parser costs more than a scan whose result is known
        from forgeward.cli import scan_run

        asked = scan_run.plain(sys.argv[2:])
        if asked is not None:
            sys.exit(scan_run.main(asked))
    from forgeward.cli.app import run

    sys.exit(run(sys.argv[1:]))
