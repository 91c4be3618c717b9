from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from reporting.demo.build import Size, build, is_built, make_first_documents


class Command(BaseCommand):
    help = "Construit la démonstration, une fois."

    def add_arguments(self, parser):
        parser.add_argument("--if-empty", action="store_true", help="ne rien faire si elle existe")

    def handle(self, *args, if_empty, **options):
        if settings.MODE == "production":
            raise CommandError("La démonstration ne se construit pas en production.")
        if is_built():
            if if_empty:
                return
            raise CommandError("La démonstration existe déjà : make reset pour repartir de zéro.")
        build(Size(), timezone.localdate())
        made = make_first_documents()
        self.stdout.write(f"démonstration construite, {made} contrats scellés")
