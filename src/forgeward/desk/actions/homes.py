"""Makes a home ready: keys, tables, the first person, the first policy."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import OperationalError, ProgrammingError

from forgeward.desk import guards
from forgeward.desk.actions import erasures, people, policies
from forgeward.desk.actions.write import inside, require_forward
from forgeward.desk.founding import Founding
from forgeward.desk.models import Person, PolicyVersion
from forgeward.desk.models.fields import from_micros
from forgeward.edges.home import Home
from forgeward.errors import HomeUnusable
from forgeward.vocabulary import Actor, Role

INIT = Actor(id="system:init")


def found(home: Home, founding: Founding, now: datetime) -> Person:
    """Sets up an empty home's database, wholly or not at all. Raises ``PolicyInvalid``, ``BadInput``."""
    migrate()
    with inside():
        for role in Role:
            Group.objects.get_or_create(name=role.value)
        lead = people.add_person(founding.lead_name, founding.lead_email, [Role.LEAD], INIT, now)
        policies.adopt(policies.propose(founding.policy_text, lead.actor(), now), lead.actor(), now)
    return lead


def is_founded() -> bool:
    """Whether ``found`` was done on this database."""
    return bool(_applied()) and PolicyVersion.objects.filter(adopted_at__isnull=False).exists()


def migrate() -> None:
    """Brings tables and the shared cache up to date."""
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    guards.install()


def ready(home: Home) -> None:
    """Migrates when this Forgeward brings new tables; refuses a machine whose clock was set back.

    Raises ``HomeUnusable`` where the database is gone: an empty one in its place would hide that.
    """
    if connection.vendor == "sqlite" and not home.database_file.exists():
        raise HomeUnusable(
            f"The database {home.database_file} is missing.",
            next="Restore it from a backup; `forgeward init` makes a new home in another folder.",
        )
    if _latest_migration() not in _applied():
        migrate()
    require_clock(home.now())
    erasures.settle(home, home.now())


def _latest_migration() -> str:
    folder = Path(__file__).parent.parent / "migrations"
    return max(file.stem for file in folder.glob("0*.py"))


def _applied() -> set[str]:
    try:
        return set(MigrationRecorder.Migration.objects.filter(app="desk").values_list("name", flat=True))
    except (OperationalError, ProgrammingError):
        connection.ensure_connection()  # raises where the database is out of reach: that is no empty home
        return set()


def require_clock(now: datetime) -> None:
    """Refuses to work before the newest entry: history only goes forward. Raises ``ClockWentBack``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT at FROM desk_entry ORDER BY id DESC LIMIT 1")
        row = cursor.fetchone()
    if row:
        require_forward(now, from_micros(row[0]))
