"""What settings.toml says about signing in at a provider (OpenID Connect Core 1.0)."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from forgeward.errors import BadInput


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[sign_in]`` of settings.toml: one provider, where the vendor's people sign in already.

    ``second_factor``: values of the claims ``amr`` (RFC 8176) or ``acr`` by which the provider says that it asked for
    one. Where none of them comes, ours is asked for.
    """

    issuer: str = ""
    client_id: str = ""
    client_secret_file: str = ""
    name: str = "your company's account"
    second_factor: tuple[str, ...] = ()

    @property
    def is_set(self) -> bool:
        return bool(self.issuer)

    def secret(self) -> str:
        """The client's secret. Raises ``BadInput`` where its file cannot be read."""
        try:
            return Path(self.client_secret_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise BadInput(
                f"The file of the provider's secret, {self.client_secret_file}, cannot be read: {problem}.",
                next="Mend `client_secret_file` of [sign_in], or let this user read that file.",
            ) from None


def require_usable(found: Provider) -> None:
    """Raises ``BadInput`` for a provider that is half named, or that would be spoken to in the clear."""
    if found.issuer and not (found.client_id and found.client_secret_file):
        raise BadInput(
            "[sign_in] has no client.", next="Name client_id and client_secret_file, as the provider gave them."
        )
    if found.issuer:
        require_safe(found.issuer)


def require_safe(url: str) -> str:
    """The address back, if it is https, or this machine's own. Raises ``BadInput``."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        raise BadInput(f"{url[:200]} is not https.", next="Name the provider's https address.")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
