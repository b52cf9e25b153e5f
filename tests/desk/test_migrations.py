"""Migrations that move rows lose none of them, forwards and backwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection

from forgeward.desk import guards
from forgeward.desk.models import Entry, Pending
from tests.desk.tables import agrees
from tests.desk.web.house import NOW, House, build
from tests.desk.web.story import opened


@pytest.fixture
def house(transactional_db: None) -> Iterator[House]:
    """A house whose tables may change their form; they have the newest one afterwards."""
    yield build()
    call_command("migrate", "desk", verbosity=0)


def indexes(table: str) -> set[str]:
    """The names of a table's indexes that were asked for by name."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)
    return {name for name, each in found.items() if each["index"] and not each["unique"]}


def test_the_queue_keeps_who_waits_through_fewer_indexes(house: House) -> None:
    """0007 gives the sequencer's queue another form: the same entries wait, once more after going back."""
    opened(house.ines)
    waiting = set(Pending.objects.values_list("entry_id", flat=True))
    assert waiting
    for version, index in (("0006", "desk_entry_case_id_9edf648e"), ("0007", "entry_of_programme")):
        call_command("migrate", "desk", version, verbosity=0)
        assert set(Pending.objects.values_list("entry_id", flat=True)) == waiting
        assert indexes("desk_entry") == {index}
        assert guards.missing() == []
    call_command("migrate", "desk", verbosity=0)
    assert Entry.objects.filter(pk__in=waiting).count() == len(waiting)
    assert agrees(NOW)
