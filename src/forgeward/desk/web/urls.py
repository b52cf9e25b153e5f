"""Every address of the desk.

allauth's views are named one by one: what is not named here (sign-up, change of e-mail, reset by mail) does not exist.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkey
from django.urls import URLPattern, path

from forgeward.desk.web.views import account as own
from forgeward.desk.web.views import (
    adoption,
    case_list,
    cases,
    door,
    errors,
    letters,
    mail,
    many_cases,
    notices,
    people,
    promises,
    provider,
    scans,
    steps,
    today,
    webhooks,
)

sign_in: list[URLPattern] = [
    path("sign-in/", account.login, name="account_login"),
    path("sign-in/second-factor/", factor.authenticate, name="mfa_authenticate"),
    path("sign-in/passkey/", passkey.login_webauthn, name="mfa_login_webauthn"),
    path("sign-in/once/<str:token>/", door.once, name="sign_in_once"),
    path("sign-in/provider/", provider.begin, name="provider_begin"),
    path("sign-in/provider/back/", provider.end, name="provider_end"),
    path("sign-in/switched-off/", account.account_inactive, name="account_inactive"),
    path("sign-out/", account.logout, name="account_logout"),
]

own_account: list[URLPattern] = [
    path("account/", factor.index, {}, name="mfa_index"),
    path("account/theme/", door.theme, name="theme"),
    path("account/keys/", door.keys, name="keys"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/password/set/", account.password_set, name="account_set_password"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/confirm/code/", factor.reauthenticate, name="mfa_reauthenticate"),
    path("account/confirm/passkey/", passkey.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("account/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/passkeys/", passkey.list_webauthn, name="mfa_list_webauthn"),
    path("account/passkeys/add/", passkey.add_webauthn, name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/rename/", passkey.edit_webauthn, name="mfa_edit_webauthn"),
    path("account/passkeys/<int:pk>/remove/", passkey.remove_webauthn, name="mfa_remove_webauthn"),
    path("account/sessions/", own.sessions, name="own_sessions"),
    path("account/sessions/end/", own.end_sessions, name="end_own_sessions"),
    path("account/tokens/", own.tokens, name="own_tokens"),
    path("account/tokens/make/", own.make_token, name="make_token"),
    path("account/tokens/<slug:ident>/revoke/", own.revoke_token, name="revoke_token"),
    path("account/recovery-codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/recovery-codes/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/recovery-codes/text/", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
]

desk: list[URLPattern] = [
    path("", today.today, name="today"),
    path("cases/", case_list.cases, name="cases"),
    path("cases/many/", many_cases.many, name="many_cases"),
    path("cases/views/", case_list.views, name="views"),
    path("cases/views/<int:pk>/remove/", case_list.remove, name="remove_view"),
    path("cases/new/", steps.new, name="new_case"),
    path("cases/<str:number>/", cases.case, name="case"),
    path("cases/<str:number>/do/<slug:step>/", steps.step, name="step"),
    path("cases/<str:number>/cvss/", steps.calculate, name="calculate"),
    path("cases/<str:number>/letter/", letters.letter, name="letter"),
    path("cases/<str:number>/letter/<int:seq>/", letters.waiting, name="waiting_letter"),
    path("cases/<str:number>/entries/<int:seq>/", cases.entry, name="entry"),
    path("promises/", promises.promises, name="promises"),
    path("promises/<str:promise_id>/", promises.promise, name="promise"),
    path("policy/adopt/", adoption.adopt, name="adopt_policy"),
    path("people/", people.people, name="people"),
    path("people/add/", people.add, name="add_person"),
    path("people/tokens/", own.all_tokens, name="all_tokens"),
    path("people/absences/<int:pk>/end/", people.back, name="back"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/roles/", people.roles, name="change_roles"),
    path("people/<int:pk>/switch/", people.switch, name="switch_person"),
    path("people/<int:pk>/reset/", people.reset, name="reset_person"),
    path("people/<int:pk>/away/", people.away, name="away"),
    path("people/<int:pk>/sessions/end/", people.end_sessions, name="end_sessions"),
    path("mail/", mail.mails, name="mail"),
    path("mail/<int:pk>/", mail.mail, name="one_mail"),
    path("mail/<int:pk>/raw/", mail.raw, name="raw_mail"),
    path("mail/<int:pk>/files/<int:number>/", mail.mail_file, name="mail_file"),
    path("mail/<int:pk>/<slug:deed>/", mail.decide, name="decide_mail"),
    path("files/<int:pk>/", mail.attachment, name="file"),
    path("scans/", scans.scans, name="scans"),
    path("scans/<int:pk>/", scans.scan, name="one_scan"),
    path("notices/", notices.notices, name="notices"),
    path("notices/<int:pk>/", notices.notice, name="notice"),
    path("notices/<int:pk>/release/", notices.release, name="release_notice"),
    path("webhooks/", webhooks.webhooks, name="webhooks"),
    path("webhooks/<str:ident>/", webhooks.webhook, name="webhook"),
    path("webhooks/<str:ident>/<slug:deed>/", webhooks.deed, name="webhook_deed"),
]

urlpatterns = [*sign_in, *own_account, *desk]

handler400 = errors.bad_request
handler403 = errors.not_allowed
handler404 = errors.not_found
handler500 = errors.broken
