"""Django settings of the desk. Everything that differs between homes comes from the home folder.

``FORGEWARD_HOME`` names it; ``desk.setup.open_home`` sets the variable before Django starts. Without a home (type
checks, tests) nothing is written and the secret lives as long as the process.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

from forgeward.edges.database import Server
from forgeward.edges.home import Home, default_folder
from forgeward.respond.access import FRESH_MINUTES

HOME = Home(Path(os.environ.get("FORGEWARD_HOME") or default_folder()))


def _secret_key() -> str:
    file = HOME.keys / "home.key"
    material = file.read_bytes() if file.exists() else secrets.token_bytes(32)
    return hashlib.sha256(b"forgeward django secret\0" + material).hexdigest()


SECRET_KEY = _secret_key()
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *filter(None, os.environ.get("FORGEWARD_HOSTS", "").split(","))]
ROOT_URLCONF = "forgeward.desk.urls"
AUTH_USER_MODEL = "desk.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_ID = 1

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "forgeward.desk",
]

MIDDLEWARE = [
    "forgeward.desk.api.door.ApiDoor",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "forgeward.desk.web.middleware.SignedIn",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "web" / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "forgeward.desk.web.context.house",
            ],
            "builtins": ["forgeward.desk.web.tags"],
        },
    }
]

_SQLITE: dict[str, Any] = {
    "ENGINE": "forgeward.desk.sqlite",
    "NAME": HOME.database_file,
    "OPTIONS": {
        # Measured (methods.md): deferred transactions fail at once on snapshot upgrades; NORMAL is safe under WAL.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # A longer log is copied back less often: 30 % more actions a second, and the slowest stay below 100 ms.
        # Deleted rows are overwritten, so that what was erased is also gone from the file's free pages.
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;"
            "PRAGMA wal_autocheckpoint=4000; PRAGMA secure_delete=ON;"
        ),
    },
    "CONN_MAX_AGE": None,
}


def _postgresql(server: Server) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": server.name,
        "USER": server.user,
        "PASSWORD": server.password(),
        "HOST": server.host,
        "PORT": server.port,
        "OPTIONS": {"application_name": "forgeward", "connect_timeout": "10", **server.options},
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }


_server = HOME.database_server
DATABASES: dict[str, dict[str, Any]] = {"default": _postgresql(_server) if _server else _SQLITE}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "desk_cache"}}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]

LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_ADAPTER = "forgeward.desk.web.accounts.Adapter"
ACCOUNT_EMAIL_VERIFICATION = "none"  # people are added by the Security Lead, who knows their addresses
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = FRESH_MINUTES * 60
ACCOUNT_PREVENT_ENUMERATION = True
SOCIALACCOUNT_ADAPTER = "forgeward.desk.web.provider.Adapter"
MFA_ADAPTER = "forgeward.desk.web.accounts.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Forgeward"
MFA_TOTP_TOLERANCE = 1

SESSION_ENGINE = "forgeward.desk.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "forgeward.desk.web.views.errors.csrf"
_behind_tls = os.environ.get("FORGEWARD_TLS") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _behind_tls
SECURE_HSTS_SECONDS = 31_536_000 if _behind_tls else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "style-src": ["'self'"],
        "script-src": ["'self'"],
        "img-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

STATIC_URL = "/static/"
STATIC_ROOT = None
STATICFILES_DIRS = [Path(__file__).parent / "web" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
# Files of letters stay in memory until they are sealed: Django's own handlers would put them into /tmp as they are.
FILE_UPLOAD_HANDLERS = ["forgeward.desk.web.uploads.InMemory"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 30 * 1024 * 1024
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
