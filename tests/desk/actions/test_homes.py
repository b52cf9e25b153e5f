"""A home is founded wholly or not at all, and opened only where its database and its clock are right."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connection

from forgeward.desk import programme
from forgeward.desk.actions import homes
from forgeward.desk.founding import Founding
from forgeward.desk.models import Entry, Person
from forgeward.edges.home import Home
from forgeward.errors import BadInput, ClockWentBack, HomeUnusable, PolicyInvalid
from forgeward.vocabulary import Role
from tests.desk.policy_texts import FIRST
from tests.desk.tables import agrees, untouched
from tests.desk.web.house import NOW, House
from tests.desk.web.story import opened

FOUNDING = Founding("Ines Okafor", "ines@lattice-loom.example", FIRST)


@pytest.fixture
def bare(db: None) -> Home:
    """A home whose tables are empty."""
    programme.forget()
    home: Home = settings.HOME
    home.create()
    programme.vault().keys.create("test.example/ledger")
    return home


def test_a_new_home_has_its_lead_its_roles_and_a_policy(bare: Home) -> None:
    """The first version is in force from the first moment, adopted by the person who was named."""
    lead = homes.found(bare, FOUNDING, NOW)
    assert (lead.name, lead.email, lead.roles) == ("Ines Okafor", "ines@lattice-loom.example", {Role.LEAD})
    assert set(Group.objects.values_list("name", flat=True)) >= {role.value for role in Role}
    assert programme.policies().at(NOW).version == 1
    kinds = list(Entry.objects.order_by("id").values_list("kind", "actor"))
    me = f"person:{lead.pk}"
    assert kinds == [("person:added", "system:init"), ("policy:proposed", me), ("policy:adopted", me)]
    assert homes.is_founded()
    assert agrees(NOW)


@pytest.mark.parametrize(
    ("founding", "expected"),
    [
        (Founding("Ines", "nobody", FIRST), BadInput),
        (Founding("I" * 300, "ines@example.com", FIRST), BadInput),
        (Founding("Ines", "ines@example.com", "schema: nothing\n"), PolicyInvalid),
    ],
)
def test_what_cannot_be_founded_leaves_nothing(bare: Home, founding: Founding, expected: type[Exception]) -> None:
    """So the next attempt begins anew, instead of meeting half a home."""
    with untouched(), pytest.raises(expected):
        homes.found(bare, founding, NOW)
    assert not homes.is_founded()
    assert homes.found(bare, FOUNDING, NOW) == Person.objects.get()


@pytest.mark.parametrize("late", [timedelta(seconds=6), timedelta(days=30)])
def test_a_machine_whose_clock_was_set_back_is_refused(house: House, late: timedelta) -> None:
    """Before anything is written, with both instants; whoever wrote the newest entry."""
    opened(house.ines)
    with untouched(), pytest.raises(ClockWentBack, match="2026-11-23 10:20:00Z"):
        homes.require_clock(NOW - late)
    homes.require_clock(NOW - timedelta(seconds=5))
    homes.require_clock(NOW + late)


def test_an_empty_ledger_refuses_no_clock(bare: Home) -> None:
    """Where nothing was written no instant is too early: a home can be founded by a clock that is far behind."""
    early = NOW - timedelta(days=10_000)
    homes.require_clock(early)
    homes.found(bare, FOUNDING, early)
    assert Entry.objects.earliest("pk").at == early


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite makes a database by opening it")
def test_a_home_whose_database_is_gone_is_not_given_an_empty_one(tmp_path: Path) -> None:
    """An empty database in its place would hide that the history is lost."""
    home = Home(tmp_path)
    home.create()
    with pytest.raises(HomeUnusable, match="is missing") as refusal:
        homes.ready(home)
    assert "backup" in refusal.value.next
    assert not home.database_file.exists()
