"""One settings file; everything that differs between machines comes from the environment
(`.env.example`).
"""

from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from xstatic.pkg import bootstrap, leaflet

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")

# production | demo | test: the demonstration's conveniences exist in `demo` alone.
MODE = env("AVIP_MODE", default="production")
DEMO = MODE == "demo"
DEMO_SECRET_KEY = "demonstration-seulement-" + "x" * 40
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY", default="" if MODE == "production" else DEMO_SECRET_KEY)
if MODE not in {"production", "demo", "test"}:
    raise ImproperlyConfigured("AVIP_MODE vaut production, demo ou test.")
if MODE == "production" and (DEBUG or SECRET_KEY in {"", DEMO_SECRET_KEY}):
    raise ImproperlyConfigured(
        "En production : une SECRET_KEY propre à l’instance, et jamais DEBUG."
    )

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
BASE_URL = env("AVIP_BASE_URL", default="http://localhost:8000").rstrip("/")
SECURE = BASE_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [BASE_URL] if SECURE else []

INSTALLED_APPS = [
    "avip",
    "partners",
    "labels",
    "families",
    "reporting",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_filters",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "hijack",
    "pgtrigger",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "hijack.middleware.HijackUserMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "avip.views.HouseMiddleware",
]

ROOT_URLCONF = "avip.urls"
WSGI_APPLICATION = "avip.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "reporting.navigation.shell",
            ],
            "builtins": ["avip.templatetags.words"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# What a page may wait for; the worker and the commands are given longer by their own environment.
STATEMENT_TIMEOUT = env("AVIP_STATEMENT_TIMEOUT", default="10s")
LOCK_TIMEOUT = env("AVIP_LOCK_TIMEOUT", default="5s")
DATABASES = {"default": env.db("DATABASE_URL", default="postgres:///avip")}
if "postgresql" not in DATABASES["default"]["ENGINE"]:
    raise ImproperlyConfigured(
        "Avip a besoin de PostgreSQL : ses verrous et ses contraintes en dépendent."
    )
DATABASES["default"].setdefault("OPTIONS", {})["options"] = (
    f"-c statement_timeout={STATEMENT_TIMEOUT} -c lock_timeout={LOCK_TIMEOUT} -c jit=off"
    # The whole country is a few gigabytes, on a solid-state disk or in memory: for twenty lines,
    # an index is followed rather than a table read. One row and its ten relations are planned in
    # a millisecond, not in five.
    " -c random_page_cost=1.1 -c join_collapse_limit=6"
)
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# The choices of a list are read at once: a cursor would cost three exchanges for each.
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Counters of tries live in PostgreSQL: they hold when Redis is down.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
}

AUTH_USER_MODEL = "partners.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ["UserAttributeSimilarityValidator", "CommonPasswordValidator"]
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 14},
    }
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "reporting:todo"
ACCOUNT_ADAPTER = "partners.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = (
    "none"  # an address is proved by the invitation or the request it answers
)
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
# An unknown address gets the same answer at the same speed: nothing is sent to it.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# Ten wrong passwords or codes an hour for one account; a whole office shares one address.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/h/key,100/h/ip",
    "reset_password": "30/h/ip,5/h/key",
}
# Django's own, which covers the address too: allauth's would fill its table of addresses.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"
PASSWORD_RESET_TIMEOUT = 24 * 3600
# Whose address counts the tries: that of the visitor, as the proxies in front of us report it.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("AVIP_PROXIES", default=int(SECURE))
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
HIJACK_PERMISSION_CHECK = "partners.permissions.can_impersonate"
HIJACK_INSERT_BEFORE = None

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_FAILURE_VIEW = "avip.views.csrf_failure"
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

LANGUAGE_CODE = "fr"
TIME_ZONE = "Europe/Paris"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("bootstrap", bootstrap.BASE_DIR),
    ("leaflet", leaflet.BASE_DIR),
]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.InMemoryStorage"
    },  # files are `Document` rows
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if MODE == "production"
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = MODE != "production"
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 11 * 1024 * 1024

vars().update(env.email_url_config(env("EMAIL_URL", default="") or "consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Avip <ne-pas-repondre@avip.invalid>")
MAIL_WITHOUT_ADDRESS = "partners.phone_access.tell_by_sms"  # people reached by phone only
SMS_BACKEND = env("AVIP_SMS_BACKEND", default="") or "avip.mail.sms_to_file"
# A link, a code or a warning written to a file reaches no family.
SENDS_NOTHING = ("console", "dummy", "filebased", "locmem")
if MODE == "production":
    if EMAIL_BACKEND.split(".")[-2] in SENDS_NOTHING:  # noqa: F821, set by env.email
        raise ImproperlyConfigured(
            "En production, EMAIL_URL donne le serveur qui envoie les courriels\xa0: "
            "smtp+tls://utilisateur:motdepasse@hote:587."
        )
    if SMS_BACKEND == "avip.mail.sms_to_file":
        raise ImproperlyConfigured(
            "En production, AVIP_SMS_BACKEND nomme la fonction qui envoie les SMS\xa0: "
            "avip.mail.sms_to_file ne fait que les écrire dans un fichier."
        )
PRIVATE_DIR = Path(env("AVIP_PRIVATE_DIR", default=str(BASE_DIR / ".local"))).absolute()
SEAL_P12 = env("AVIP_SEAL_P12", default="")
SEAL_PASSPHRASE = env("AVIP_SEAL_PASSPHRASE", default="")
TSA_URL = env("AVIP_TSA_URL", default="")
REFERENTIELS_DIR = env("AVIP_REFERENTIELS_DIR", default="")

# The ground under the points of the directory's map: the State's own plan; "" for none.
PLAN_IGN = (
    "https://data.geopf.fr/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&STYLE=normal"
    "&LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2&TILEMATRIXSET=PM&FORMAT=image/png"
    "&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}"
)
MAP_TILES_URL = env("AVIP_MAP_TILES_URL", default="" if MODE == "test" else PLAN_IGN)
MAP_TILES_CREDIT = env("AVIP_MAP_TILES_CREDIT", default="© IGN, Géoplateforme")

CELERY_BROKER_URL = env("REDIS_URL", default="redis://localhost:6379/0")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker for as long as it takes
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # A page that rings the doorbell gives up at once: without these it waited six seconds.
    "socket_timeout": 0.5,
    "socket_connect_timeout": 0.5,
    "max_retries": 0,
}
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "avip.tasks.tick", "schedule": 60.0, "options": {"expires": 55}}
}
CELERY_BEAT_SCHEDULE_FILENAME = env("AVIP_BEAT_FILE", default=str(PRIVATE_DIR / "beat"))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"without_tokens": {"()": "avip.logs.WithoutTokens"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["without_tokens"]}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="WARNING")},
}
