"""The configuration as settings of Django."""

from __future__ import annotations

from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from toolkit.app.languages import languages
from toolkit.web.config import WebConfig

HERE = Path(__file__).parent
PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; "
    "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA cache_size=-8000; "
    "PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864;"
)
SESSION = 12 * 3600
"""Seconds that a session lasts at most."""
BODY = 64 * 1024
"""Bytes of a request."""
UPLOAD = 5 << 20
"""The same of one that brings files."""
REQUEST_PATIENCE, COMMAND_PATIENCE = 5, 60
"""Seconds that a request, and a command beside a portal that serves, wait for their turn in the database."""


def values(config: WebConfig, *, serving: bool = True) -> dict[str, Any]:
    """Arguments of `django.conf.settings.configure`; a process that is not `serving` runs one command."""
    patience = REQUEST_PATIENCE if serving else COMMAND_PATIENCE
    key, *former = config.keys()
    prefix = "__Host-" if config.secure_cookies else ""
    return {
        "SECRET_KEY": key,
        "SECRET_KEY_FALLBACKS": former,
        "DEBUG": False,
        "ALLOWED_HOSTS": [config.hostname, f"[{config.hostname}]"],  # ::1 has brackets there
        "PORTAL": config,
        "WRITE_SECONDS": 2 * patience,  # a write waits for those before it, then for the database
        "ROOT_URLCONF": "toolkit.web.urls",
        "INSTALLED_APPS": [
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.staticfiles",
            "django_otp",
            "django_otp.plugins.otp_totp",
            "axes",
            "toolkit.web",
        ],
        "MIDDLEWARE": [
            "toolkit.web.middleware.own_headers",
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
            "whitenoise.middleware.WhiteNoiseMiddleware",
            "toolkit.web.middleware.refuse_cross_site",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.locale.LocaleMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django_otp.middleware.OTPMiddleware",
            "axes.middleware.AxesMiddleware",
            "toolkit.web.middleware.refused",
        ],
        "TEMPLATES": [_templates("jinja2", "web", autoescape=True), _templates("text", "mail", autoescape=False)],
        "DATABASES": {"default": _database(config, patience)},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        **_localised(),
        **_sessions(config, prefix),
        **_headers(config),
        **_hosts(config),
        **_mail(config),
        "DATA_UPLOAD_MAX_MEMORY_SIZE": BODY,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 30,
        "DATA_UPLOAD_MAX_NUMBER_FILES": 2,
        "FILE_UPLOAD_HANDLERS": ["django.core.files.uploadhandler.MemoryFileUploadHandler"],
        "FILE_UPLOAD_MAX_MEMORY_SIZE": UPLOAD,  # else nothing takes the file
        "STATIC_URL": "/static/",
        "WHITENOISE_USE_FINDERS": True,
        "WHITENOISE_AUTOREFRESH": False,
        "WHITENOISE_ALLOW_ALL_ORIGINS": False,
        "WHITENOISE_MAX_AGE": 3600,
        "LOGGING_CONFIG": None,
        "ADMINS": [],
    }


def _templates(name: str, folder: str, *, autoescape: bool) -> dict[str, Any]:
    options = {"environment": "toolkit.web.jinja.environment", "autoescape": autoescape}
    return {
        "NAME": name,
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [HERE / "templates" / folder],
        "APP_DIRS": False,
        "OPTIONS": {**options, "context_processors": ["toolkit.web.jinja.words"]} if autoescape else options,
    }


def _database(config: WebConfig, patience: int) -> dict[str, Any]:
    if config.database_url is None:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": config.file,
            "CONN_MAX_AGE": None,
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": patience, "init_command": PRAGMAS},
        }
    url = urlsplit(config.database_url.get_secret_value())
    limits = (
        "statement_timeout=3000 -c lock_timeout=2000" if patience == REQUEST_PATIENCE else f"lock_timeout={1000 * patience}"
    )
    limits = f"-c {limits} -c idle_in_transaction_session_timeout=5000"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": str(url.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**dict(parse_qsl(url.query)), "options": limits},
    }


def _localised() -> dict[str, Any]:
    from django.conf.locale import LANG_INFO  # noqa: PLC0415  # `toolkit serve --help` loads no Django

    return {
        "USE_TZ": True,
        "TIME_ZONE": "UTC",
        "USE_I18N": True,
        "LANGUAGE_CODE": "en",
        "LANGUAGES": [(code, LANG_INFO[code]["name_local"]) for code in languages() if code in LANG_INFO],
    }


def _sessions(config: WebConfig, prefix: str) -> dict[str, Any]:
    return {
        "SESSION_ENGINE": "toolkit.web.sessions",
        "SESSION_COOKIE_NAME": f"{prefix}session",
        "SESSION_COOKIE_SECURE": config.secure_cookies,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_AGE": SESSION,
        "DEVICE_COOKIE_NAME": f"{prefix}device",
        "CSRF_COOKIE_NAME": f"{prefix}csrf",
        "CSRF_COOKIE_SECURE": config.secure_cookies,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_AGE": None,
        "CSRF_FAILURE_VIEW": "toolkit.web.views.errors.forbidden",
        "LANGUAGE_COOKIE_NAME": f"{prefix}language",
        "LANGUAGE_COOKIE_SECURE": config.secure_cookies,
        "LANGUAGE_COOKIE_HTTPONLY": True,
        "LANGUAGE_COOKIE_SAMESITE": "Lax",
    }


def _headers(config: WebConfig) -> dict[str, Any]:
    proxied = {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")} if config.trusted_proxy else {}
    return {
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "SECURE_REFERRER_POLICY": "strict-origin-when-cross-origin",
        "X_FRAME_OPTIONS": "DENY",
        "SECURE_HSTS_SECONDS": 63_072_000 if config.secure else 0,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        **proxied,
    }


def _hosts(config: WebConfig) -> dict[str, Any]:
    validators = "django.contrib.auth.password_validation"
    return {
        "AUTH_USER_MODEL": "web.Host",
        "AUTHENTICATION_BACKENDS": ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"],
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": f"{validators}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
            {"NAME": f"{validators}.CommonPasswordValidator"},
            {"NAME": "toolkit.web.hosts.PortalWords", "OPTIONS": {"least": 8}},
        ],
        "PASSWORD_RESET_TIMEOUT": 3600,
        "PASSWORD_HASHERS": ["toolkit.web.hashers.Argon2", "django.contrib.auth.hashers.Argon2PasswordHasher"],
        "LOGIN_URL": "host-login",
        "OTP_LOGIN_URL": "host-login",
        "OTP_TOTP_ISSUER": config.organiser,
        "LOGIN_REDIRECT_URL": "host",
        "LOGOUT_REDIRECT_URL": "webinars",
        "AXES_FAILURE_LIMIT": 5,
        "AXES_COOLOFF_TIME": 0.25,
        "AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT": False,  # who tries the right password meanwhile waits no longer
        "AXES_LOCKOUT_PARAMETERS": [["username", "ip_address"]],
        "AXES_LOCKOUT_CALLABLE": "toolkit.web.views.errors.locked_out",
        "AXES_DISABLE_ACCESS_LOG": True,
        "AXES_VERBOSE": False,
        "AXES_SENSITIVE_PARAMETERS": ["username", "ip_address", "otp_token"],
        "AXES_IPWARE_META_PRECEDENCE_ORDER": ["REMOTE_ADDR"],
    }


def _mail(config: WebConfig) -> dict[str, Any]:
    name, address = parseaddr(config.sender)
    named = name or (config.organiser if "organiser" in config.model_fields_set else "")
    sender = formataddr((named, address))
    if config.smtp is None:
        return {"EMAIL_BACKEND": "toolkit.web.gate.mail.Folder", "DEFAULT_FROM_EMAIL": sender}
    url = urlsplit(config.smtp.get_secret_value())
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": url.hostname,
        "EMAIL_PORT": url.port or (465 if url.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_SSL": url.scheme == "smtps",
        "EMAIL_USE_TLS": url.scheme != "smtps",
        "EMAIL_TIMEOUT": 10,
        "DEFAULT_FROM_EMAIL": sender,
    }
