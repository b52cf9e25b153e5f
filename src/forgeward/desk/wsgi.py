"""The desk's web application, for granian or any WSGI server. ``FORGEWARD_HOME`` names the home."""

from __future__ import annotations

from pathlib import Path

from forgeward.desk.setup import open_home
from forgeward.edges.home import Home, default_folder

open_home(Home(Path(default_folder())).require())

from django.core.wsgi import get_wsgi_application  # noqa: E402 - Django must know its home first

application = get_wsgi_application()
