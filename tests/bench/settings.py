"""The settings of production; no measured page sends a static file, so none is compressed."""

import os

from avip.settings import *  # noqa: F403

STATIC_ROOT = os.environ["AVIP_BENCH_STATIC"]
STORAGES["staticfiles"] = {  # noqa: F405
    "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
}
