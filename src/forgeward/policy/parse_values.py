"""Single values of the document: whole numbers, dates, scores, addresses. Each raises ``BadInput`` with a sentence."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from forgeward.errors import BadInput


def whole(text: str) -> int:
    """A whole number of at least 1. Raises ``BadInput``."""
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or int(text) < 1:
        raise BadInput(f"“{text}” is not a whole number of at least 1.")
    return int(text)


def day(text: str) -> date:
    """A calendar date, ISO 8601. Raises ``BadInput``."""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadInput(f"“{text}” is not a date.", next="Write it like 2026-05-05.")


def score(text: str) -> Decimal:
    """A CVSS score in 0.1…10.0 (CVSS 4.0 specification, section 7). Raises ``BadInput``."""
    if not re.fullmatch(r"\d{1,2}(\.\d)?", text, re.ASCII) or not 0 < Decimal(text) <= 10:
        raise BadInput(f"“{text}” is not a CVSS score.", next="Write a number from 0.1 to 10.0.")
    return Decimal(text).quantize(Decimal("0.1"))


def address(text: str) -> str:
    """A mail address, loosely. Raises ``BadInput``."""
    if not re.fullmatch(r"[^\s@<>\"(),;:]+@[^\s@<>\"(),;:]+", text):
        raise BadInput(f"“{text}” is not a mail address.", next="Write it like security@example.com.")
    return text


def link(text: str) -> str:
    """An https address. Raises ``BadInput``."""
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(/[^\s<>\"]*)?", text):
        raise BadInput(f"“{text}” is not an https address.")
    return text
