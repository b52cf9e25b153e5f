"""One field: instants as whole microseconds since 1970, the same number on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970-01-01T00:00Z of an aware datetime."""
    return (instant - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC datetime of ``to_micros``."""
    return EPOCH + timedelta(microseconds=micros)


if TYPE_CHECKING:
    _Numbers = models.Field[Any, Any]
else:
    _Numbers = models.BigIntegerField


class InstantField(_Numbers):
    """An aware UTC datetime in Python, a big integer of microseconds in the database (no text parsing on reads)."""

    if TYPE_CHECKING:  # what django-stubs' plugin reads a field's types from
        _pyi_private_set_type: datetime
        _pyi_private_get_type: datetime
        _pyi_lookup_exact_type: datetime

    def from_db_value(self, value: int | None, *_: object) -> datetime | None:
        return None if value is None else from_micros(value)

    def to_python(self, value: Any) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        return from_micros(int(value))

    def get_prep_value(self, value: Any) -> int | None:
        return to_micros(value) if isinstance(value, datetime) else value
