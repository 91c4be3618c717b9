"""Labels granted before the software: what a line may hold, what it does, what it counts for."""

import csv
import io
from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from avip.models import Outbox
from avip.workflow import StepRefused
from labels.documents import certificate_context
from labels.models import Label, LabelImport
from labels.spreadsheets import read_rows
from labels.takeover import (
    COLUMNS,
    NEEDED,
    TITLES,
    carry_out,
    examine,
    keep_for_preview,
    take_over,
)
from tests import factories as f
from tests.labels.factories import AT, ON, a_pdf

END = "31/12/2027"


def row(provider=None, **typed):
    siret = provider.facility.siret if provider else ""
    return {"line": 2, "siret": siret, "granted_on": "15/01/2025", "ends_on": END} | typed


def refusals(caf, *rows):
    return [line.reasons for line in examine(caf, rows, on=ON)]


def upload(data, name="reprise.csv"):
    return SimpleUploadedFile(name, data if isinstance(data, bytes) else data.encode())


def read(data, name="reprise.csv"):
    return read_rows(upload(data, name), COLUMNS, NEEDED)


def workbook(*rows, titles=TITLES):
    book = Workbook()
    for values in (titles, *rows):
        book.active.append(values)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def test_a_label_taken_over_is_marked_and_gets_its_certificate(facility, caf, caf_agent):
    label = take_over(caf, row(facility), by=caf_agent, on=ON, at=AT, scan=a_pdf())
    assert (label.granted_on, label.starts_on) == (date(2025, 1, 15), date(2025, 1, 15))
    assert label.ends_on == date(2027, 12, 31)
    assert label.taken_over and label.former_decision.size
    assert [(s.step, s.user) for s in label.history.all()] == [("take_over", caf_agent)]
    assert label.approved["licensed_capacity"] == 24 and label.approved["opens"] == "08:00"
    assert Outbox.objects.filter(kind="labels.certificate", object_id=str(label.pk)).count() == 1
    html = render_to_string("labels/pdf/certificate.html", certificate_context(label))
    assert "décision du" in html and "Durée du label" not in html


def test_it_is_found_by_its_name_however_it_is_typed(caf, caf_agent):
    creche = f.make_facility("Crèche de l’Éléphant-Bleu", caf=caf)
    typed = row(name="creche  DE L'ELEPHANT BLEU")
    assert take_over(caf, typed, by=caf_agent, on=ON, at=AT).provider == creche


def test_a_record_without_siret_is_found_by_its_name_beside_an_unknown_siret(caf):
    f.make_facility("Sans Numéro", caf=caf, siret=None)
    assert refusals(caf, row(name="Sans numero", siret=f.make_siret())) == [[]]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"siret": "12345678901234"}, "n’existe pas"),
        ({"siret": "123"}, "n’existe pas"),
        ({"siret": "1,23457E+13"}, "format texte"),
        ({"siret": "", "name": ""}, "SIRET ou le nom"),
        ({"siret": "", "name": "Inconnue"}, "ne porte ce nom"),
        ({"granted_on": ""}, "la décision\xa0: manque"),
        ({"granted_on": "31/02/2025"}, "le 31/02/2025 n’existe pas"),
        ({"granted_on": "15/01/25"}, "ne se lit pas"),
        ({"granted_on": "45672"}, "ne se lit pas"),
        ({"granted_on": "03/03/2026"}, "dans le futur"),
        ({"granted_on": "15/01/2012"}, "n’existait pas encore"),
        ({"starts_on": "03/03/2026"}, "n’a pas commencé"),
        ({"ends_on": "14/01/2025"}, "précède le début"),
        ({"ends_on": "01/03/2026"}, "fini depuis"),
        ({"ends_on": "<script>"}, "ne se lit pas"),
    ],
)
def test_a_line_that_cannot_be_taken_over_says_why(facility, caf, typed, said):
    (reasons,) = refusals(caf, row(facility) | typed)
    assert any(said in reason for reason in reasons), reasons


@pytest.mark.parametrize("day", ["15/1/2025", "15-01-2025", "15.01.2025", "2025-01-15"])
def test_a_day_is_read_as_people_write_it(facility, caf, day):
    (line,) = examine(caf, [row(facility, granted_on=day)], on=ON)
    assert line.is_good and line.granted_on == date(2025, 1, 15)


def test_the_creche_of_another_caf_is_unknown_here(caf, other_facility):
    (reasons,) = refusals(caf, row(other_facility))
    assert reasons == ["aucune crèche de votre Caf ne porte ce SIRET"]


def test_two_creches_of_one_name_ask_for_the_siret(caf):
    for _ in range(2):
        f.make_facility("Les Jumelles", caf=caf)
    assert "donnez le SIRET" in refusals(caf, row(name="Les Jumelles"))[0][0]


def test_a_second_line_for_one_creche_is_refused(facility, caf):
    first, second = refusals(caf, row(facility), row(facility, line=3))
    assert not first and second == ["cette crèche est déjà à la ligne 2"]


def test_a_creche_that_has_a_label_is_refused(facility, caf, caf_agent):
    take_over(caf, row(facility), by=caf_agent, on=ON, at=AT)
    with pytest.raises(StepRefused, match="déjà un label"):
        take_over(caf, row(facility), by=caf_agent, on=ON, at=AT)
    assert Label.objects.count() == 1


def test_only_those_who_work_for_the_caf_take_over(
    facility, caf, director, other_caf_agent, caf_agent
):
    caf_agent.is_hijacked = True
    for person in (director, other_caf_agent, caf_agent):
        with pytest.raises(PermissionDenied):
            take_over(caf, row(facility), by=person, on=ON)


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_any_office_suite_writes_a_csv_that_reads(delimiter, encoding, ending):
    text = ending.join(
        delimiter.join(line)
        for line in [TITLES, ["1", "Éléphant", "15/01/2025", "", END], ["", "", "", "", ""]]
    )
    (one,) = read(text.encode(encoding))
    assert (one["line"], one["name"], one["ends_on"]) == (2, "Éléphant", END)


def test_excel_keeps_its_dates_and_the_zero_of_a_siret():
    numbered = [1234567890123, "Zéro", datetime(2025, 1, 15), None, date(2027, 12, 31)]
    (one,) = read(workbook(numbered), "reprise.xlsx")
    assert one["siret"] == "1234567890123"
    assert (one["granted_on"], one["starts_on"], one["ends_on"]) == ("15/01/2025", "", END)


def test_a_siret_that_lost_its_zero_finds_its_creche(caf):
    creche = f.make_facility("Zéro", caf=caf)
    assert creche.facility.siret.startswith("0")
    assert refusals(caf, row(siret=creche.facility.siret[1:])) == [[]]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "Il manque"),
        ("SIRET;Fin\r\n1;2", "Date de décision"),
        ("Décision;Fin\r\n1;2", "SIRET ou Crèche"),
        (";".join(TITLES), "aucune ligne"),
        (";".join(TITLES) + "\r\n" + "1;2;3;4;5\r\n" * 501, "plus de 500 lignes"),
        (b"PK\x03\x04 n'est pas un classeur", "ne se lit pas"),
        (b"\x00\x01\x02;;;", "ne se lit pas"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(data, said):
    with pytest.raises(ValidationError, match=said):
        read(data)


def test_a_file_is_carried_out_once_and_in_one_go(facility, caf, caf_agent):
    second = f.make_facility("Seconde", caf=caf)
    rows = [row(facility), row(second, line=3), row(line=4, siret="1")]
    kept = keep_for_preview(caf, rows, by=caf_agent, at=AT)
    assert not Label.objects.exists()
    assert carry_out(kept, by=caf_agent, on=ON, at=AT) == 2
    assert carry_out(kept, by=caf_agent, on=ON, at=AT) == 0
    assert Label.objects.count() == 2
    kept.refresh_from_db()
    assert [bool(one["taken"]) for one in kept.rows] == [True, True, False]


def test_what_changed_since_the_preview_is_seen_at_the_end(facility, caf, caf_agent):
    kept = keep_for_preview(caf, [row(facility)], by=caf_agent)
    take_over(caf, row(facility), by=caf_agent, on=ON, at=AT)
    assert carry_out(kept, by=caf_agent, on=ON) == 0
    kept.refresh_from_db()
    assert "déjà un label" in kept.rows[0]["refused"][0]


def test_as_many_queries_to_examine_thirty_lines_as_three(caf, django_assert_num_queries):
    creches = [f.make_facility(f"C{number}", caf=caf) for number in range(30)]
    for count in (3, 30):
        with django_assert_num_queries(2):
            assert not any(refusals(caf, *[row(creche) for creche in creches[:count]]))


def test_the_agent_types_one_label(client, facility, caf_agent):
    client.force_login(caf_agent)
    today = timezone.localdate()
    sent = {
        "creche": facility.name,
        "granted_on": (today - timedelta(days=100)).isoformat(),
        "ends_on": (today + timedelta(days=100)).isoformat(),
        "scan": upload(a_pdf(), "decision.pdf"),
    }
    page = client.post(reverse("labels:takeover"), sent, follow=True).content.decode()
    assert "Le label est repris" in page and "repris d’une décision antérieure" in page
    assert "Label repris" in page


def test_nothing_typed_is_lost_on_an_error(client, facility, caf_agent):
    client.force_login(caf_agent)
    sent = {"creche": "Inconnue au bataillon", "granted_on": "2025-01-15", "ends_on": "2024-01-01"}
    response = client.post(reverse("labels:takeover"), sent)
    page = response.content.decode()
    assert "Inconnue au bataillon" in page and "2024-01-01" in page
    assert set(response.context["form"].errors) == {"creche", "ends_on"}


def test_a_file_is_previewed_then_confirmed(client, facility, caf_agent, other_caf_agent):
    client.force_login(caf_agent)
    today = timezone.localdate()
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(TITLES)
    end = f"{today + timedelta(days=9):%d/%m/%Y}"
    writer.writerow([facility.facility.siret, "", "15/01/2025", "", end])
    writer.writerow(["", "<b>Gras</b>", "31/02/2025", "", end])
    sent = {"file": upload(text.getvalue())}
    page = client.post(reverse("labels:takeover_import"), sent, follow=True)
    shown = page.content.decode()
    assert "1\xa0label sera repris" in shown and "1\xa0ligne est refusée" in shown
    assert "&lt;b&gt;Gras" in shown and "31/02/2025 n’existe pas" in shown
    preview = page.redirect_chain[-1][0]
    done = client.post(preview, follow=True).content.decode()
    assert "1\xa0label est repris" in done
    again = client.post(preview, follow=True).content.decode()
    assert "1\xa0label repris" in again and Label.objects.count() == 1
    client.force_login(other_caf_agent)
    assert client.get(preview).status_code == client.post(preview).status_code == 404
    assert LabelImport.objects.count() == 1


def test_the_model_reads_back(client, caf_agent):
    client.force_login(caf_agent)
    data = client.get(reverse("labels:takeover_model")).content
    sheet = load_workbook(io.BytesIO(data)).active
    assert [cell.value for cell in sheet[1]] == list(TITLES)
    assert sheet["A2"].number_format == "@"
    with pytest.raises(ValidationError, match="aucune ligne"):
        read(data, "modele.xlsx")
