"""What the root options of one call said, and the doors that commands open with it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from forgeward.edges.home import Home, default_folder
from forgeward.errors import BadInput, NotFound

if TYPE_CHECKING:
    from forgeward.desk.models import Person
    from forgeward.edges.remote import Server


class NoHome(Home):
    """Stands where --server was said: what needs the home itself refuses."""

    @property
    def exists(self) -> bool:
        raise BadInput(
            "This command needs the home itself; it does not work over the network.",
            next="Run it on the home's own machine, without --server, or do it on the desk.",
        )

    def require(self) -> Home:
        """Raises ``BadInput``."""
        self.exists  # noqa: B018 - it is asked to refuse
        return self

    def now(self) -> datetime:
        """This machine's instant, in UTC."""
        return datetime.now(UTC)


@dataclass
class Run:
    """One call of the command line."""

    home: Home = field(default_factory=lambda: Home(Path(default_folder())))
    acting: str = ""
    json: bool = False
    server: str = ""

    @cached_property
    def far(self) -> Server | None:
        """The desk on another machine, where --server names one. Raises ``BadInput`` without a token."""
        if not self.server:
            return None
        from forgeward.edges.remote import Server

        if self.acting:
            raise BadInput("With --server the token says who acts.", next="Leave --as away.")
        return Server(self.server, os.environ.get("FORGEWARD_TOKEN", ""))

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
