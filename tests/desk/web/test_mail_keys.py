"""A sender's OpenPGP key on the mail's page: shown with its fingerprint, agreed on by a person who compared it."""

from __future__ import annotations

import pytest

from forgeward.desk.models import Entry, RawMail
from forgeward.edges.openpgp import OpenPgp
from forgeward.respond.openpgp import Offer, shown
from tests.desk.post import Office, office, report
from tests.desk.sealed import RITA
from tests.desk.web.house import House, signed_in
from tests.edges.gnupg import Gpg


@pytest.fixture
def post(house: House, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    with office(monkeypatch) as here:
        yield here


def test_a_key_is_agreed_on_by_who_compared_it(post: Office, house: House, ours: OpenPgp, peer: Gpg) -> None:
    """Not without the comparison, not by an auditor, not a key that is not here; then it counts, in the history."""
    post.one(report())
    pk = RawMail.objects.get().pk
    certificate = ours.inspect(peer.public("rita"), post.now)[0]
    ours.learn(RITA, Offer(certificate=certificate, origin="attached"), post.now)
    fingerprint = shown(certificate.fingerprint)
    client = signed_in(house.hannah)
    page = client.get(f"/mail/{pk}/").content.decode()
    assert fingerprint in page
    assert "Offered" in page
    address, data = f"/mail/{pk}/agree/", {"key": fingerprint, "compared": "on"}
    refused = client.post(address, {"key": fingerprint})
    assert (refused.status_code, "by another way than mail" in refused.content.decode()) == (422, True)
    assert client.post(address, {**data, "key": "00" * 20}).status_code == 422
    auditor = signed_in(house.ada)
    assert auditor.post(address, data).status_code == 403
    assert "Agree to use" not in auditor.get(f"/mail/{pk}/").content.decode()
    assert ours.keyring.usable(RITA, post.now) is None
    assert client.post(address, data, follow=True).redirect_chain == [(f"/mail/{pk}/", 302)]
    usable = ours.keyring.usable(RITA, post.now)
    assert usable is not None
    assert usable.agreed_by == f"person:{house.hannah.pk}"
    assert Entry.objects.filter(kind="mail:key_agreed").count() == 1
    page = client.get(f"/mail/{pk}/").content.decode()
    assert "Agreed" in page
    assert "Agree to use" not in page
