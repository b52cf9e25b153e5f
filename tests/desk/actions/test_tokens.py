"""Tokens are made for a person, shown once, and worth what the person is worth now."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group

from forgeward.desk.actions import tokens
from forgeward.desk.models import ApiToken, Entry, SealedValues
from forgeward.desk.readers import tokens as reader
from forgeward.errors import AnswerIsNo, BadInput, NotAllowed, NotFound, SignInNeeded
from forgeward.ledger.entry import decode
from forgeward.respond.access import Scope
from forgeward.vocabulary import Actor, Role
from tests.desk.tables import agrees, everything, untouched
from tests.desk.web.house import NOW, House

DAY = timedelta(days=1)


def test_only_a_digest_is_kept(house: House) -> None:
    """No table holds the secret or the whole token, whatever it was used for."""
    made = tokens.make(house.tomasz, "CI", ["cases:read"], NOW + DAY, NOW)
    reader.bearer(str(made.token), NOW)
    kept = repr(everything()) + "".join(repr(bytes(row.blob)) for row in SealedValues.objects.all())
    assert made.token.secret not in kept
    assert made.token.digest in kept


def test_history_says_who_made_what_for_how_long(house: House) -> None:
    """Making and revoking are entries of the ledger, without the secret and without the token's name."""
    made = tokens.make(house.tomasz, "Nightly for Noor", ["cases:read", "cases:write"], NOW + DAY, NOW)
    tokens.revoke(made.token.ident, house.ines.actor(), NOW)
    first, second = Entry.objects.filter(kind__startswith="token:").order_by("id")
    assert (first.kind, first.actor) == ("token:made", f"person:{house.tomasz.pk}")
    assert decode(bytes(first.body)).data == {
        "token": made.token.ident,
        "person": house.tomasz.pk,
        "scopes": ["cases:read", "cases:write"],
        "until": "2026-11-24T10:20:00Z",
    }
    assert (second.kind, second.actor) == ("token:revoked", f"person:{house.ines.pk}")
    assert not any(word in bytes(e.body) for e in (first, second) for word in (b"Noor", made.token.secret.encode()))
    assert agrees(NOW)


def test_it_is_worth_what_the_person_is_worth_now(house: House) -> None:
    """A role that is taken away is gone from the token at the next call, one that is given is there."""
    made = tokens.make(house.tomasz, "CI", ["cases:read"], NOW + DAY, NOW)
    assert reader.bearer(str(made.token), NOW).actor.roles == {Role.ENGINEERING}
    house.tomasz.groups.clear()
    assert reader.bearer(str(made.token), NOW).actor.roles == set()
    house.tomasz.groups.add(Group.objects.get(name="auditor"))
    assert reader.bearer(str(made.token), NOW).actor.roles == {Role.AUDITOR}


def test_it_ends_with_its_person_its_time_or_a_word(house: House) -> None:
    """Switched off, past its end, or revoked: the same answer as for a token that never was."""
    made = tokens.make(house.tomasz, "CI", ["cases:read"], NOW + DAY, NOW)
    text = str(made.token)
    with pytest.raises(SignInNeeded) as ended:
        reader.bearer(text, NOW + DAY)
    house.tomasz.is_active = False
    house.tomasz.save()
    with pytest.raises(SignInNeeded) as gone:
        reader.bearer(text, NOW)
    house.tomasz.is_active = True
    house.tomasz.save()
    assert reader.bearer(text, NOW).person == house.tomasz
    tokens.revoke(made.token.ident, house.tomasz.actor(), NOW)
    with pytest.raises(SignInNeeded) as revoked:
        reader.bearer(text, NOW)
    with pytest.raises(SignInNeeded) as never:
        reader.bearer("fwt_nonsense", NOW)
    assert len({str(found.value) + found.value.next for found in (ended, gone, revoked, never)}) == 1


def test_another_secret_under_a_known_beginning_is_none(house: House) -> None:
    """Who has seen a list of tokens has nothing."""
    from forgeward.desk.tokens import Token, fresh

    made = tokens.make(house.tomasz, "CI", ["cases:read"], NOW + DAY, NOW)
    with pytest.raises(SignInNeeded):
        reader.bearer(str(Token(made.token.ident, fresh().secret)), NOW)


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [
        ("", ["cases:read"], 1),
        ("x" * 81, ["cases:read"], 1),
        ("a\nb", ["cases:read"], 1),
        ("CI", [], 1),
        ("CI", ["everything"], 1),
        ("CI", ["cases:read"], 0),
        ("CI", ["cases:read"], -1),
        ("CI", ["cases:read"], 367),
    ],
)
def test_what_makes_no_token(house: House, name: str, scopes: list[str], days: int) -> None:
    """Without a name or a scope, for ever, or for a time that has passed: nothing is written."""
    with untouched(), pytest.raises(BadInput):
        tokens.make(house.ines, name, scopes, NOW + days * DAY, NOW)


def test_no_scope_beyond_the_role(house: House) -> None:
    """An auditor makes tokens to read and none to write; who has no role makes none."""
    tokens.make(house.ada, "Reading", ["cases:read", "ledger:read", "policy:read"], NOW + DAY, NOW)
    for scope in (Scope.CASES_WRITE, Scope.INTAKE_WRITE, Scope.POLICY_WRITE, Scope.LEDGER_WRITE):
        with untouched(), pytest.raises(BadInput, match="no use"):
            tokens.make(house.ada, "Writing", [scope], NOW + DAY, NOW)
    with untouched(), pytest.raises(NotAllowed):
        tokens.make(house.nobody, "Any", ["cases:read"], NOW + DAY, NOW)


def test_a_person_has_no_more_than_fifty(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens that ended or were revoked do not count."""
    monkeypatch.setattr(tokens, "MOST", 2)
    first = tokens.make(house.ines, "1", ["cases:read"], NOW + DAY, NOW)
    tokens.make(house.ines, "2", ["cases:read"], NOW + 2 * DAY, NOW)
    with pytest.raises(BadInput, match="already"):
        tokens.make(house.ines, "3", ["cases:read"], NOW + DAY, NOW)
    tokens.revoke(first.token.ident, house.ines.actor(), NOW)
    tokens.make(house.ines, "3", ["cases:read"], NOW + DAY, NOW)


def test_who_revokes(house: House) -> None:
    """Oneself and the Security Lead; to others the token is not there. Once is enough."""
    made = tokens.make(house.tomasz, "CI", ["cases:read"], NOW + DAY, NOW)
    for other in (house.hannah, house.dele, house.ada, house.nobody):
        with untouched(), pytest.raises(NotFound):
            tokens.revoke(made.token.ident, other.actor(), NOW)
    tokens.revoke(str(made.token), house.ines.actor(), NOW)
    with untouched(), pytest.raises(AnswerIsNo):
        tokens.revoke(made.token.ident, Actor("system:test"), NOW)


def test_lists_show_ones_own_and_the_lead_sees_all(house: House) -> None:
    """With scopes, end and last use, which is noted once a minute."""
    made = tokens.make(house.tomasz, "CI", ["cases:read"], NOW + DAY, NOW)
    tokens.make(house.ines, "Mine", ["admin"], NOW + DAY, NOW)
    bearer = reader.bearer(str(made.token), NOW)
    tokens.note_use(bearer.row, NOW)
    assert [line.name for line in reader.listing(house.tomasz, NOW)] == ["CI"]
    assert [line.name for line in reader.listing(house.ines, NOW, everybody=True)] == ["Mine", "CI"]
    assert reader.listing(house.tomasz, NOW)[0].used_at == NOW
    assert [line.state for line in reader.listing(house.tomasz, NOW + DAY)] == ["ended"]
    with pytest.raises(NotAllowed):
        reader.listing(house.hannah, NOW, everybody=True)
    tokens.note_use(ApiToken.objects.get(pk=bearer.row.pk), NOW + timedelta(seconds=59))
    assert reader.listing(house.tomasz, NOW)[0].used_at == NOW
    tokens.note_use(ApiToken.objects.get(pk=bearer.row.pk), NOW + timedelta(seconds=60))
    assert reader.listing(house.tomasz, NOW)[0].used_at == NOW + timedelta(seconds=60)
