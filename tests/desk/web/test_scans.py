"""The pages of scans."""

from __future__ import annotations

import msgspec
import pytest
from django.test import Client

from forgeward.desk.models import ScanRow
from forgeward.errors import BadInput
from tests.desk.actions.test_scans import finding, hand_in, report
from tests.desk.web.house import House, signed_in
from tests.desk.web.story import HOSTILE


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_an_empty_desk_says_how_to_begin(house: House) -> None:
    """One sentence and the command."""
    assert "Nothing was handed in yet" in page(signed_in(house.tomasz), "/scans/")


def test_lists_and_one_scan(house: House) -> None:
    """The list has each app's age and each upload; a scan its findings with their cases, and what was not read."""
    (number,) = hand_in(report(finding("a"), complete=False), house.tomasz).opened
    client = signed_in(house.tomasz)
    listed = page(client, "/scans/?app=field-radar")
    assert "1 finding" in listed
    assert "1 file not scanned" in listed
    assert "Nothing fits" in page(client, "/scans/?app=other")
    shown = page(client, f"/scans/{ScanRow.objects.get().pk}/")
    for said in (number, "src/index.js:12", "src/broken.js", "syntax error at line 3", "Not complete"):
        assert said in shown


def test_a_refused_one_says_why(house: House) -> None:
    """It is listed with the reason, and its page opens."""
    with pytest.raises(BadInput):
        hand_in(b"{", house.tomasz)
    client = signed_in(house.ines)
    assert "Refused" in page(client, "/scans/")
    assert "kept as it came" in page(client, f"/scans/{ScanRow.objects.get().pk}/")


def test_hostile_words_are_text(house: House) -> None:
    """Tags and template marks of a report stand there as they are."""
    bad = msgspec.structs.replace(finding(), title=HOSTILE, message=HOSTILE)
    hand_in(report(bad), house.tomasz)
    assert "<script>alert" not in page(signed_in(house.tomasz), f"/scans/{ScanRow.objects.get().pk}/")


@pytest.mark.parametrize(("who", "status"), [("ines", 200), ("ada", 200), ("hannah", 403), ("nobody", 403)])
def test_who_sees_them(house: House, who: str, status: int) -> None:
    """As the table of actions says; whom it closes finds no line in the menu either."""
    hand_in(report(finding()), house.tomasz)
    client = signed_in(getattr(house, who))
    assert client.get("/scans/").status_code == status
    assert client.get(f"/scans/{ScanRow.objects.get().pk}/").status_code == status
    assert (b'href="/scans/"' in client.get("/").content) == (status == 200)


def test_what_is_not_there(house: House) -> None:
    """404, and 400 for a cursor that is none."""
    client = signed_in(house.ines)
    assert client.get("/scans/99/").status_code == 404
    assert client.get("/scans/?before=x").status_code == 400
