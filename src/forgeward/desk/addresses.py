"""Which action of ``respond.access`` stands behind each address. An address that is not named here is closed.

Pages are named as in ``desk.web.urls``; where one shows a form (``step``, ``decide_mail``), looking is what is named,
and the deed itself asks for its own row. Calls of the API are named by their operation.
"""

from __future__ import annotations

from collections.abc import Mapping

from forgeward.respond.access import TABLE

PAGES: Mapping[str, str] = {
    "account_login": "door",
    "mfa_authenticate": "door",
    "mfa_login_webauthn": "door",
    "account_inactive": "door",
    "sign_in_once": "door",
    "theme": "door",
    "account_logout": "account",
    "mfa_index": "account",
    "account_change_password": "account",
    "account_set_password": "account",
    "account_reauthenticate": "account",
    "mfa_reauthenticate": "account",
    "mfa_reauthenticate_webauthn": "account",
    "mfa_activate_totp": "account",
    "mfa_deactivate_totp": "account",
    "mfa_list_webauthn": "account",
    "mfa_add_webauthn": "account",
    "mfa_edit_webauthn": "account",
    "mfa_remove_webauthn": "account",
    "mfa_view_recovery_codes": "account",
    "mfa_generate_recovery_codes": "account",
    "mfa_download_recovery_codes": "account",
    "today": "case.list",
    "cases": "case.list",
    "new_case": "case.open",
    "case": "case.show",
    "step": "case.show",
    "letter": "case.show",
    "waiting_letter": "case.show",
    "entry": "case.show",
    "file": "case.show",
    "promises": "policy.standing",
    "promise": "policy.standing",
    "mail": "mail.show",
    "one_mail": "mail.show",
    "raw_mail": "mail.show",
    "decide_mail": "mail.show",
    "notices": "notice.show",
    "notice": "notice.show",
}
CALLS: Mapping[str, str] = {}

if unknown := {*PAGES.values(), *CALLS.values()} - set(TABLE):
    raise AssertionError(f"actions that no row of the table is for: {sorted(unknown)}")
