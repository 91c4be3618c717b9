"""`manage.py verify_contract FILE`: the verdict of the public page, for a file of this machine."""

import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from families.verification import judge


class Command(BaseCommand):
    help = (
        "Dit si un fichier est l’original d’un document scellé. Code de sortie 0 : oui ; 1 : non."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, *args, file, **options):
        try:
            data = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file} ne se lit pas : {error.strerror}.") from error
        found = judge(data, timezone.localdate())
        self.stdout.write(found.sentence)
        if found.original_of:
            self.stdout.write(f"{found.original_of.what} : {found.original_of.sentence}")
        if found.tone != "success":
            sys.exit(1)
