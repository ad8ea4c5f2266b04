"""Django's settings, made from `config.environment`. There is one set for every place."""

from datetime import timedelta
from email.utils import parseaddr
from urllib.parse import urlsplit

import dj_database_url

from config import environment
from config.beat import SCHEDULE

env = environment.load()
BASE_DIR = environment.BASE_DIR
site = urlsplit(env.SITE_URL)
encrypted = site.scheme == "https"

# ------------------------------------------------------------------ the installation

DEBUG = env.DEBUG
SECRET_KEY = env.SECRET_KEY
ALLOWED_HOSTS = [site.hostname or "", *env.ADDITIONAL_HOSTS]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "cms.User"

INSTALLED_APPS = [
    "nurture",
    "cms",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.contrib.simple_translation",
    "wagtail.contrib.table_block",
    "wagtail.api.v2",
    "wagtail.embeds",
    "wagtail.locales",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "anymail",
    "modelcluster",
    "taggit",
    "rest_framework",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "cms.api.door.ShortPath",
    "nurture.web.door.WritingDoor",
    "config.headers.content_policy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "config.language.language_of_path",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cms.context.practice",
            ],
        },
    },
]

# ------------------------------------------------------------------ what it stands on

database = dj_database_url.parse(env.DATABASE_URL, conn_max_age=60, conn_health_checks=True)
# Django prepares no statements; `cms.api.statements` does.
database["OPTIONS"] = {**database.get("OPTIONS", {}), "prepare_threshold": 2}
DATABASES = {"default": database}

# The cache is a convenience: when Redis is away, pages are slower and nothing else changes.
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": env.REDIS_URL,
        "KEY_PREFIX": "cache",
        "OPTIONS": {
            "IGNORE_EXCEPTIONS": True,
            "SOCKET_CONNECT_TIMEOUT": 0.5,
            "SOCKET_TIMEOUT": 0.5,
        },
    }
}

REDIS_URL = env.REDIS_URL

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# ------------------------------------------------------------------ language, time, files

LANGUAGE_CODE = env.LANGUAGE_CODE
LANGUAGES = WAGTAIL_CONTENT_LANGUAGES = list(environment.LANGUAGES.items())
TIME_ZONE = env.TIME_ZONE
USE_I18N = WAGTAIL_I18N_ENABLED = True
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]

STATIC_URL = "/static/"
STATIC_ROOT = env.STATIC_ROOT
MEDIA_URL = "/media/"
MEDIA_ROOT = env.MEDIA_ROOT
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG

# ------------------------------------------------------------------ safety

SECURE_SSL_REDIRECT = encrypted
SECURE_HSTS_SECONDS = 365 * 86_400 if encrypted else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = encrypted
SECURE_REFERRER_POLICY = "same-origin"
SECURE_REDIRECT_EXEMPT = [r"^health/"]
if env.TRUST_FORWARDED_PROTO:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = encrypted
SESSION_COOKIE_NAME = "__Host-session" if encrypted else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if encrypted else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [env.SITE_URL]
X_FRAME_OPTIONS = "SAMEORIGIN"  # the editor's preview panel frames our own pages
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # long StreamFields post many fields
SILENCED_SYSTEM_CHECKS = ["security.W019"]  # X_FRAME_OPTIONS, see above

# ------------------------------------------------------------------ mail

MAIL_PROVIDERS = env.providers
MAIL_SIGNER = env.signer
MAIL_FAILOVER_MINUTES = env.MAIL_FAILOVER_MINUTES
MAIL_RATES = env.MAIL_RATES
MAIL_WARM_UP = env.MAIL_WARM_UP
MAIL_CONCURRENCY = env.MAIL_CONCURRENCY
MAIL_BOUNCE_PERCENT = env.MAIL_BOUNCE_PERCENT
MAIL_COMPLAINT_PERCENT = env.MAIL_COMPLAINT_PERCENT
MESSAGE_DAYS = env.MESSAGE_DAYS
EVENT_DAYS = env.EVENT_DAYS
PROVIDER_TEXT_DAYS = env.PROVIDER_TEXT_DAYS
UNCONFIRMED_DAYS = env.UNCONFIRMED_DAYS
SMTP_CONNECTIONS = env.SMTP_CONNECTIONS  # of one process
MAIL_FROM = env.MAIL_FROM
MEASURE_CLICKS = env.MEASURE_CLICKS
SIGNUP_BEYOND_ASCII = env.SIGNUP_BEYOND_ASCII
SIGNUP_CHECK_DOMAIN = env.SIGNUP_CHECK_DOMAIN
SIGNUP_LIMIT_NETWORK = env.SIGNUP_LIMIT_NETWORK
SIGNUP_LIMIT_SITE = env.SIGNUP_LIMIT_SITE
SIGNUP_MINIMUM_SECONDS = env.SIGNUP_MINIMUM_SECONDS
SIGNUP_ORIGINS = frozenset({env.SITE_URL, *env.SIGNUP_ORIGINS})
SIGNUP_REFUSE_DISPOSABLE = env.SIGNUP_REFUSE_DISPOSABLE
API_WRITABLE = ("/api/v1/signup/", "/api/v1/events/", "/api/v1/people.json")
BOUNCE_ADDRESS = env.BOUNCE_ADDRESS
BOUNCE_MAILBOX_URL = env.BOUNCE_MAILBOX_URL
MAIL_WEBHOOKS = bool(env.MAIL_WEBHOOKS)
ANYMAIL = {**env.providers[0].options, **env.MAIL_WEBHOOKS}
ERASURE_LOG = env.ERASURE_LOG
LINK_KEYS = env.LINK_KEYS
SUPPRESSION_KEY = env.SUPPRESSION_KEY
SITE_URL = env.SITE_URL
PRACTICE_NAME = env.PRACTICE_NAME
PRACTICE_ADDRESS = env.PRACTICE_ADDRESS
PRACTICE_PHONE = env.PRACTICE_PHONE
EMERGENCY_NUMBERS = env.EMERGENCY_NUMBERS
STAFF_ADDRESS = env.STAFF_ADDRESS or parseaddr(env.MAIL_FROM)[1]

# Wagtail's own mail to staff (password resets, moderation) goes by the first provider.
service = env.providers[0].service
EMAIL_BACKEND = (
    f"anymail.backends.{service}.EmailBackend" if service else "nurture.mail.backend.EmailBackend"
)
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.MAIL_FROM
MAIL_DOMAIN = parseaddr(env.MAIL_FROM)[1].rpartition("@")[2]

# ------------------------------------------------------------------ other people's programs

API_MAX_AGE = env.API_MAX_AGE
API_SHARED_MAX_AGE = env.API_SHARED_MAX_AGE
API_STALE_WHILE_REVALIDATE = env.API_STALE_WHILE_REVALIDATE
API_SURROGATE_HEADER = env.API_SURROGATE_HEADER
if env.CACHE_URL:
    WAGTAILFRONTENDCACHE = {
        "default": {"BACKEND": "cms.caches.KeyedHTTPBackend", "LOCATION": env.CACHE_URL}
    }
API_LIMIT_ANONYMOUS = env.API_LIMIT_ANONYMOUS
API_LIMIT_HIGHER = env.API_LIMIT_HIGHER
API_LIMIT_TOKEN = env.API_LIMIT_TOKEN
HEADLESS_CLIENT_URL = env.HEADLESS_CLIENT_URL
HEADLESS_PREVIEW_PATH = env.HEADLESS_PREVIEW_PATH
PREVIEW_MINUTES = env.PREVIEW_MINUTES
TRUSTED_PROXIES = env.TRUSTED_PROXIES
WEBHOOK_INTERNAL_HOSTS = env.WEBHOOK_INTERNAL_HOSTS
WEBHOOK_LOG_DAYS = env.WEBHOOK_LOG_DAYS
WEBHOOK_PATIENCE_DAYS = env.WEBHOOK_PATIENCE_DAYS
WEBHOOK_TELLS_DIAGNOSIS = env.WEBHOOK_TELLS_DIAGNOSIS

# ------------------------------------------------------------------ Wagtail

WAGTAIL_SITE_NAME = env.PRACTICE_NAME
WAGTAILADMIN_BASE_URL = env.SITE_URL
WAGTAILADMIN_USER_LOGIN_FORM = "cms.admin.sign_in.SignInForm"
WAGTAILADMIN_USER_PASSWORD_RESET_FORM = "cms.admin.sign_in.ResetForm"  # noqa: S105
# The admin talks to nobody: no look-up of releases, no pictures by the hash of an address.
WAGTAIL_ENABLE_UPDATE_CHECK = WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAILIMAGES_IMAGE_MODEL = "cms.Picture"
WAGTAILIMAGES_EXTENSIONS = ["avif", "jpg", "jpeg", "png", "svg", "webp"]
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 10 * 1024 * 1024
WAGTAILIMAGES_MAX_IMAGE_PIXELS = 50_000_000
WAGTAILIMAGES_IMAGE_FORM_BASE = "cms.admin.uploads.PictureForm"
WAGTAILDOCS_EXTENSIONS = ["csv", "docx", "pdf", "txt"]
WAGTAILDOCS_SERVE_METHOD = "serve_view"
WAGTAIL_WORKFLOW_REQUIRE_REAPPROVAL_ON_EDIT = True
WAGTAIL_FINISH_WORKFLOW_ACTION = "cms.workflow.publish"
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "cms.search_index"}}

# ------------------------------------------------------------------ Celery

CELERY_BROKER_URL = env.REDIS_URL
CELERY_BEAT_SCHEDULE = SCHEDULE
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_DEFAULT_QUEUE = "maintenance"
CELERY_TASK_ROUTES = {  # a signup never waits behind a batch
    "cms.send_webhooks": {"queue": "webhooks"},
    "nurture.claim_due": {"queue": "programme"},
    "nurture.send_programme": {"queue": "programme"},
    "nurture.send_transactional": {"queue": "transactional"},
}
CELERY_TASK_SOFT_TIME_LIMIT = 660
CELERY_TASK_TIME_LIMIT = 720
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": timedelta(minutes=20).total_seconds(),
    "socket_timeout": 1,
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "global_keyprefix": "rehabit:",
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1_000
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# ------------------------------------------------------------------ logs

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"paths": {"()": "config.logs.WithoutPaths"}},
    "formatters": {
        "line": {
            "()": "config.logs.Line",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["paths"],
            "formatter": "line",
        }
    },
    "root": {"handlers": ["console"], "level": env.LOG_LEVEL},
    "loggers": {
        # Both write the titles of pages at INFO, and a title can be a diagnosis.
        "django_tasks": {"level": "WARNING"},
        "wagtail": {"level": "WARNING"},
    },
}
