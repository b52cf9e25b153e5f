"""Who sees which case."""

from __future__ import annotations

import pytest

from forgeward.desk.readers.sight import visible_to
from tests.desk.web import story
from tests.desk.web.house import House

EVERYBODY = ("ines", "tomasz", "hannah", "dele", "ada", "nobody")


@pytest.mark.parametrize("name", EVERYBODY)
def test_a_case_is_seen_by_everybody_with_a_role(house: House, name: str) -> None:
    """Staff and auditors see it; an account without a role sees nothing (S-2)."""
    story.opened(house.hannah)
    assert visible_to(getattr(house, name)).count() == (0 if name == "nobody" else 1)


@pytest.mark.parametrize("name", EVERYBODY)
def test_a_restricted_case_is_seen_by_the_people_it_names(house: House, name: str) -> None:
    """Nobody else, whatever the role (TC-15); lifting it shows it again."""
    number = story.opened(house.hannah)
    story.step(number, "restrict", house.ines, people=[f"person:{house.tomasz.pk}", f"person:{house.nobody.pk}"])
    assert visible_to(getattr(house, name)).count() == (1 if name in {"ines", "tomasz"} else 0)
    story.step(number, "restrict", house.ines, lift="yes")
    assert visible_to(getattr(house, name)).count() == (0 if name == "nobody" else 1)


def test_somebody_who_left_sees_nothing(house: House) -> None:
    """A session that lived on would show no case."""
    story.opened(house.hannah)
    house.tomasz.is_active = False
    assert not visible_to(house.tomasz).exists()
