"""The settings of production; no measured page sends a static file, so none is compressed."""

import os

from avip.settings import *  # noqa: F403

STATIC_ROOT = os.environ["AVIP_BENCH_STATIC"]
STORAGES["staticfiles"] = {  # noqa: F405
    "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
}
# Asked to be those of production, but nothing of a measure leaves the machine.
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
SMS_BACKEND = "avip.mail.sms_to_file"
