"""Which action of ``respond.access`` stands behind each address. An address that is not named here is closed.

Pages are named as in ``desk.web.urls``; where one shows a form (``step``, ``decide_mail``), looking is what is named,
and the deed itself asks for its own row. Calls of the API are named by their operation.
"""

from __future__ import annotations

from collections.abc import Mapping

from forgeward.respond.access import TABLE
from forgeward.respond.parse import STEPS

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
    "mail_file": "mail.show",
    "decide_mail": "mail.show",
    "notices": "notice.show",
    "notice": "notice.show",
    "release_notice": "notice.show",
}
CALLS: Mapping[str, str] = {
    "openapi": "door",
    "cases": "case.list",
    "open_case": "case.open",
    "case": "case.show",
    "case_next": "case.show",
    "case_thread": "case.show",
    "case_entries": "case.show",
    "file": "case.show",
    **{f"case_{step}": step for step in STEPS},
    "notices": "notice.show",
    "mails": "mail.show",
    "raw_mail": "mail.show",
    "take_mail": "mail.take",
    "take_form": "mail.take",
    "take_ams": "mail.take",
    "join_mail": "mail.join",
    "open_mail": "mail.open",
    "discard_mail": "mail.discard",
    "policy": "policy.show",
    "policy_document": "policy.show",
    "check_policy": "policy.show",
    "compare_policies": "policy.show",
    "propose_policy": "policy.propose",
    "adopt_policy": "policy.adopt",
    "standing": "policy.standing",
    "people": "people.list",
    "add_person": "people.add",
    "ledger_key": "ledger.show",
    "checkpoint": "ledger.show",
    "sign_checkpoint": "ledger.sign",
    "pack": "ledger.pack",
    "receipt": "ledger.pack",
    "doctor": "house.doctor",
    "audit": "house.audit",
}

if unknown := {*PAGES.values(), *CALLS.values()} - set(TABLE):
    raise AssertionError(f"actions that no row of the table is for: {sorted(unknown)}")
