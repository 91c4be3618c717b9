from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from partners.facilities_import import load_facilities
from partners.management.commands.import_referentiels import write_reports
from partners.referentiels import FileRefused


class Command(BaseCommand):
    help = "Enregistre les crèches d’un fichier CSV (données ouvertes), sans aucun label."

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FICHIER", type=Path)

    def handle(self, *, file, verbosity, **options):
        try:
            with transaction.atomic():
                report = load_facilities(file)
        except FileRefused as refusal:
            raise CommandError(f"{refusal} Rien n’a été importé.") from refusal
        write_reports(self, [report], verbosity)
