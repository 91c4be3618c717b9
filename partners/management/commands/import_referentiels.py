from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from avip.templatetags.words import count_of
from partners.referentiels import SOURCES, FileRefused, load


class Command(BaseCommand):
    help = "Charge les Caf, communes, QPV, agences France Travail et Missions Locales d’un dossier."

    def add_arguments(self, parser):
        parser.add_argument(
            "folder",
            nargs="?",
            default=settings.REFERENTIELS_DIR,
            metavar="DOSSIER",
            help="par défaut : AVIP_REFERENTIELS_DIR",
        )

    def handle(self, *, folder, verbosity, **options):
        if not folder:
            raise CommandError(
                "Quel dossier\xa0? Donnez-le après la commande, ou dans AVIP_REFERENTIELS_DIR."
            )
        folder = Path(folder)
        if not folder.is_dir():
            raise CommandError(f"Le dossier {folder} n’existe pas.")
        try:
            with transaction.atomic():
                reports = [load(source, folder) for source in SOURCES]
        except FileRefused as refusal:
            raise CommandError(f"{refusal} Rien n’a été importé.") from refusal
        write_reports(self, reports, verbosity)


def write_reports(command, reports, verbosity):
    """Refused lines and unknown columns on the error output, then what was loaded, in one line."""
    for report in reports:
        if report.ignored_columns:
            names = ", ".join(report.ignored_columns)
            command.stderr.write(f"{report.file} : colonnes inconnues, laissées de côté : {names}.")
        for line in report.lines():
            command.stderr.write(line)
    if not verbosity:
        return
    loaded = ", ".join(count_of(report.loaded, report.words) for report in reports)
    skipped = sum(report.skipped for report in reports)
    refused = sum(len(report.refused) for report in reports)
    command.stdout.write(
        f"{loaded}. "
        f"{count_of(skipped, 'ligne laissée de côté,lignes laissées de côté')}, "
        f"{count_of(refused, 'ligne refusée,lignes refusées,aucune ligne refusée')}."
    )
