"""The DNS itself: asks the machine's name servers, or those that are named, and waits for a bounded time.

What comes back is hostile: records are bounded in number and size, and become text in one way.
"""

from __future__ import annotations

from typing import Any

import dns.exception
import dns.resolver

from forgeward.edges.mail_settings import Dns
from forgeward.respond.dns import FAILED, NOTHING, Answer, Question

_RECORDS = 50  # of one answer
_TEXT = 8192  # characters of one record


class DnsResolver:
    """Asks by dnspython. Safe for threads. Where the machine knows no name server, nothing is ever answered."""

    def __init__(self, settings: Dns) -> None:
        self._off = settings.off
        self._timeout = settings.timeout
        self._resolver = dns.resolver.Resolver(configure=False)
        if not (settings.servers or settings.off):
            try:
                self._resolver = dns.resolver.Resolver()
            except dns.resolver.NoResolverConfiguration:  # a machine without a DNS: mails come in all the same
                self._off = True
        if settings.servers:
            self._resolver.nameservers = list(settings.servers)
            self._resolver.port = settings.port

    def resolve(self, question: Question) -> Answer:
        """One look-up, at most ``timeout`` seconds; the whole name is asked as it stands, without search lists."""
        if self._off:
            return FAILED
        try:
            found = self._resolver.resolve(
                f"{question.name}.", question.kind, lifetime=self._timeout, search=False, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            return NOTHING
        except (dns.exception.DNSException, OSError, ValueError):
            return FAILED
        records = _records(found.rrset, question.kind) if found.rrset else ()
        return Answer("found", records) if records else NOTHING


def _records(rrset: Any, kind: str) -> tuple[str, ...]:
    """Texts joined (RFC 7208, 3.3; RFC 6376, 3.6.2.2), mail servers by preference, names without their last dot."""
    rows = list(rrset)[:_RECORDS]
    if kind == "TXT":
        return tuple(b"".join(row.strings).decode("utf-8", "replace")[:_TEXT] for row in rows)
    if kind == "MX":
        rows.sort(key=lambda row: int(row.preference))
        return tuple(str(row.exchange).rstrip(".").lower() for row in rows)
    return tuple(str(row).rstrip(".") for row in rows)
