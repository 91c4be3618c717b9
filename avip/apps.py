from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AvipConfig(AppConfig):
    name = "avip"
    verbose_name = "socle"

    def ready(self):
        # Handlers of the outbox and jobs of the tick are declared in each app's tasks.
        autodiscover_modules("tasks")
