"""Starts Django on one home. The CLI, the web server and the worker all come through here."""

from __future__ import annotations

import os

from forgeward.edges.home import Home


def open_home(home: Home) -> None:
    """Sets Django up for ``home``; may be called once per process."""
    os.environ["FORGEWARD_HOME"] = str(home.folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "forgeward.desk.settings"  # whatever a shell of another project says
    import django

    django.setup()
