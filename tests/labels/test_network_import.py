"""A list of childminders from a spreadsheet: what each line does, recorded once."""

import io
import time
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook

from avip.models import Outbox
from labels.models import NetworkMember
from labels.network_import import (
    COLUMNS,
    NEEDED,
    TITLES,
    ask_all,
    carry_out,
    examine,
    keep_for_preview,
)
from labels.spreadsheets import read_rows
from partners.models import Childminder
from tests import factories as f

ON = date(2026, 3, 2)
HEAD = "NOM;prenom;Téléphone mobile;e-mail;Ville;N° agrément;Date d'agrément;FIN D’AGRÉMENT;Places"
GOOD = "Keïta;Fanta;06 12 34 56 78;fanta@example.fr;Paris 20e;AM 12-é;01/03/2024;28/02/2029;3"


def read(data, name="liste.csv"):
    return read_rows(SimpleUploadedFile(name, data), COLUMNS, NEEDED, 5000)


def lines_of(service, coordinator, text, encoding="utf-8"):
    kept = keep_for_preview(service, service.caf, read(text.encode(encoding)), by=coordinator)
    return kept, examine(kept, by=coordinator, on=ON)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("separator", [";", ","])
def test_any_office_suite_is_read(service, coordinator, encoding, end, separator):
    text = f"{HEAD}{end}{GOOD}{end}{end}".replace(";", separator)
    _, (line,) = lines_of(service, coordinator, text, encoding)
    assert line.refused == []
    assert (line.name, line.phone, line.places) == ("Fanta Keïta", "0612345678", 3)
    assert (line.commune.code, line.licence_until) == ("75120", date(2029, 2, 28))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("28/02/2029", "31/02/2029", "n’existe pas"),
        ("28/02/2029", "28/02/2025", "fini depuis"),
        ("28/02/2029", "28/02/2020", "avant d’avoir commencé"),
        ("01/03/2024", "bientôt", "jj/mm/aaaa"),
        ("Paris 20e", "Atlantide", "aucune commune"),
        ("Paris 20e", "Paris 12e Arrondissement", "suivie par RPE du 12e"),
        ("Paris 20e", "Paris 1er Arrondissement", "la Caf la note"),
        (";3", ";beaucoup", "un nombre"),
        ("06 12 34 56 78", "12", "n’existe pas"),
        ("fanta@example.fr", "fanta", "n’existe pas"),
        ("AM 12-é", "", "manque"),
        ("Keïta;", '"=HYPERLINK(""x"")";', "formule"),
        ("Keïta;Fanta", ";Fanta", "nom manque"),
    ],
)
def test_a_wrong_line_says_why_and_writes_nothing(service, coordinator, old, new, words):
    f.make_commune("75101", "Paris 1er Arrondissement", postal_codes="75001")
    twelfth = f.make_commune("75112", "Paris 12e Arrondissement", postal_codes="75012")
    f.make_service("RPE du 12e", caf=service.caf, communes=[twelfth])
    kept, (line,) = lines_of(service, coordinator, f"{HEAD}\n{GOOD.replace(old, new, 1)}")
    assert any(words in reason for reason in line.refused), line.refused
    assert carry_out(kept, by=coordinator, on=ON) == 0
    assert not Childminder.objects.exists()


def test_one_licence_is_one_childminder_in_the_file_and_with_those_known(service, coordinator):
    f.make_childminder(service=service, licence_number="075 é 9")
    twice = GOOD.replace("AM 12-é", "am12E")
    known = GOOD.replace("AM 12-é", "075-E-9")
    _, lines = lines_of(service, coordinator, f"{HEAD}\n{GOOD}\n{twice}\n{known}")
    assert lines[0].is_good
    assert "déjà à la ligne 2" in lines[1].refused[0]
    assert "Claire Morel" in lines[2].refused[0] and "porte déjà" in lines[2].refused[0]


def test_who_works_for_a_family_creche_goes_through_it(service, coordinator):
    text = f"{HEAD};Crèche familiale\n{GOOD};Oui"
    _, (line,) = lines_of(service, coordinator, text)
    assert "passe par la crèche" in line.refused[0]


def test_the_good_lines_are_recorded_once(service, coordinator):
    bad = GOOD.replace("AM 12-é", "B2").replace("28/02/2029", "?")
    kept, _ = lines_of(service, coordinator, f"{HEAD}\n{GOOD}\n{bad}")
    assert [carry_out(kept, by=coordinator, on=ON) for _ in range(2)] == [1, 0]
    row = Childminder.objects.get()
    assert (row.service, row.licence_department) == (service, "75")
    assert (row.provider.name, row.provider.phone) == ("Fanta Keïta", "0612345678")
    kept.refresh_from_db()
    assert [bool(row["provider"]) for row in kept.rows] == [True, False]
    # Imported again, she is already known.
    again, (line, _) = lines_of(service, coordinator, f"{HEAD}\n{GOOD}\n{bad}")
    assert carry_out(again, by=coordinator, on=ON) == 0


def test_those_who_can_be_reached_are_asked_once(service, coordinator):
    mute = "Sow;Awa;;;Paris 20e;C3;01/03/2024;28/02/2029;3"
    kept, _ = lines_of(service, coordinator, f"{HEAD}\n{GOOD}\n{mute}")
    carry_out(kept, by=coordinator, on=ON)
    kept.refresh_from_db()
    assert [ask_all(kept, by=coordinator, on=ON) for _ in range(2)] == [1, 0]
    member = NetworkMember.objects.get()
    assert (member.status, member.history.get().user) == ("asked", coordinator)
    assert Outbox.objects.filter(kind="labels.network_question").count() == 1


def test_one_who_moved_elsewhere_keeps_no_other_from_being_asked(service, coordinator, caf):
    second = GOOD.replace("AM 12-é", "B2")
    kept, _ = lines_of(service, coordinator, f"{HEAD}\n{GOOD}\n{second}")
    carry_out(kept, by=coordinator, on=ON)
    kept.refresh_from_db()
    moved = Childminder.objects.get(licence_number="B2")
    moved.service = f.make_service("RPE 19e", caf=caf)
    moved.save()
    assert ask_all(kept, by=coordinator, on=ON) == 1
    assert NetworkMember.objects.get().provider_id != moved.pk


def test_a_neighbour_carries_out_nothing_here(service, coordinator, caf):
    other = f.make_user("Ève", "Autre", member_of=f.make_service("RPE 19e", caf=caf))
    with pytest.raises(PermissionDenied):
        keep_for_preview(service, caf, [], by=other)


def test_a_workbook_keeps_its_dates_and_numbers(service, coordinator):
    book = Workbook()
    book.active.append(TITLES)
    book.active.append(
        ["Keïta", "Fanta", 612345678, "", 75020, 712, "", date(2024, 3, 1), date(2029, 2, 28), 3]
    )
    data = io.BytesIO()
    book.save(data)
    rows = read(data.getvalue(), "liste.xlsx")
    kept = keep_for_preview(service, service.caf, rows, by=coordinator)
    (line,) = examine(kept, by=coordinator, on=ON)
    assert line.refused == []
    assert (line.phone, line.places) == ("0612345678", 3)


def test_a_file_without_its_columns_says_which(db):
    with pytest.raises(ValidationError, match="Numéro d’agrément"):
        read("Nom;Prénom\nKeïta;Fanta".encode())


def _many(count):
    return [
        {
            "line": number + 2,
            "last_name": f"Nom{number}",
            "first_name": "Fanta",
            "phone": f"06{number:08d}",
            "commune": "Paris 20e",
            "licence_number": f"AM-{number}",
            "licence_from": "01/03/2024",
            "licence_until": "28/02/2029",
            "licensed_places": "3",
        }
        for number in range(count)
    ]


def test_five_thousand_lines_ask_the_database_in_sets(service, coordinator):
    kept = keep_for_preview(service, service.caf, _many(5000), by=coordinator)
    started = time.monotonic()
    with CaptureQueriesContext(connection) as asked:
        assert carry_out(kept, by=coordinator, on=ON) == 5000
    lasted = time.monotonic() - started
    assert len(asked) < 40  # ten sets of five hundred, twice
    assert lasted < 60
    kept.refresh_from_db()
    with CaptureQueriesContext(connection) as asked:
        assert ask_all(kept, by=coordinator, on=ON) == 5000
    assert len(asked) < 110


def test_the_preview_asks_as_much_for_three_lines_as_for_three_hundred(service, coordinator):
    counts = []
    for count in (3, 300):
        kept = keep_for_preview(service, service.caf, _many(count), by=coordinator)
        with CaptureQueriesContext(connection) as asked:
            examine(kept, by=coordinator, on=ON)
        counts.append(len(asked))
    assert counts[0] == counts[1]
