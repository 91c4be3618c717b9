"""The project's settings, quicker and silent; Celery stays real."""

from avip.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
# The tables are made from the models, in seconds: `test_migrations_are_up_to_date` holds that the
# migrations say the same, and the test of a stopped database applies them all.
DATABASES["default"]["TEST"] = {"MIGRATE": False}  # noqa: F405
PGTRIGGER_INSTALL_ON_MIGRATE = True
