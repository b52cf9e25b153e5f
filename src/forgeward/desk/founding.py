"""What a home is founded with. Imports nothing of Django, since there is no home yet when it is made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Founding:
    """What ``init`` was told: the vendor's first Security Lead and the policy to begin with."""

    lead_name: str
    lead_email: str
    policy_text: str
