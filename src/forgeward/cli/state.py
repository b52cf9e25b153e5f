"""What the root options of one call said, and the doors that commands open with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from forgeward.edges.home import Home, default_folder
from forgeward.errors import BadInput, NotFound

if TYPE_CHECKING:
    from forgeward.desk.models import Person


@dataclass
class Run:
    """One call of the command line."""

    home: Home = field(default_factory=lambda: Home(Path(default_folder())))
    acting: str = ""
    json: bool = False

    def desk(self) -> Home:
        """Opens the home's database and brings its tables up to date. Raises ``HomeUnusable``."""
        from forgeward.desk.setup import open_home

        home = self.home.require()
        home.settings  # noqa: B018 - a slip in settings.toml is told before anything is done
        open_home(home)
        from forgeward.desk.actions.homes import ready

        ready(home)
        return home

    def person(self) -> Person:
        """Who acts. On the home's own machine: the one named by --as, else the first Security Lead.

        Raises ``NotFound`` for an unknown address, ``BadInput`` where nobody can act.
        """
        from forgeward.desk.models import Person

        if self.acting:
            found = Person.objects.filter(email__iexact=self.acting, is_active=True).first()
            if not found:
                raise NotFound(f"Nobody here has the address {self.acting}.", next="See `forgeward people list`.")
            return found
        lead = Person.objects.filter(groups__name="security_lead", is_active=True).first()
        if not lead:
            raise BadInput("This home has no active Security Lead.", next="Add one with `forgeward people add`.")
        return lead


RUN = Run()
