"""Months declared from a spreadsheet: every line shown first, declared once."""

import io
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from families.declaration_import import examine, read_month
from families.models import DeclarationImport, MonthlyDeclaration
from tests import factories as f
from tests.families.declared import (
    AT,
    ON,
    make_declaration,
    make_labelled_facility,
    make_placement,
    submit,
)

pytestmark = pytest.mark.django_db

URL = reverse("families:declaration_import")
TITLES = "SIRET;Crèche;Mois;Enfants;Heures"


@pytest.fixture(autouse=True)
def the_second_of_november(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *args: ON)
    monkeypatch.setattr(timezone, "now", lambda: AT)


@pytest.fixture
def operator():
    return f.make_operator()


@pytest.fixture
def manager(client, operator):
    """Signed in, to declare for two crèches."""
    person = f.make_user("Ali", "Haddad", member_of=operator)
    client.force_login(person)
    return person


@pytest.fixture
def months(operator):
    """October of two crèches, each with one AVIP child."""
    return [make_month(operator, name) for name in ("Les Bleuets", "L’Été d’Éloïse")]


def make_month(operator, name, **fields):
    provider = make_labelled_facility(name, operator=operator)
    make_placement(provider)
    return make_declaration(provider, **fields)


def siret(declaration):
    return declaration.provider.facility.siret


def csv(*lines, titles=TITLES, end="\r\n", encoding="utf-8"):
    return end.join([titles, *lines]).encode(encoding)


def send(client, data, name="mois.csv"):
    return client.post(URL, {"file": SimpleUploadedFile(name, data)})


def preview(client, *lines, **options):
    """The page of what each line will do, and its address."""
    response = send(client, csv(*lines, **options))
    assert response.status_code == 302, response.content.decode()
    return response.url, client.get(response.url).content.decode()


def line(declaration, month="10/2026", children="30", hours="2700"):
    return f"{siret(declaration)};x;{month};{children};{hours}"


def states():
    return sorted(MonthlyDeclaration.objects.values_list("status", flat=True))


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("10/2026", (2026, 10)),
        ("10-2026", (2026, 10)),
        ("2026-10", (2026, 10)),
        ("01/10/2026", (2026, 10)),
        ("2026-10-01", (2026, 10)),
        ("Octobre 2026", (2026, 10)),
        ("AOÛT 2026", (2026, 8)),
        ("fevrier 2026", (2026, 2)),
    ],
)
def test_a_month_is_read_as_people_write_it(text, month):
    assert read_month(text) == date(*month, 1)


@pytest.mark.parametrize("text", ["", "2026", "13/2026", "0/2026", "brumaire 2026", "octobre"])
def test_a_month_that_does_not_read_says_how_to_write_it(text):
    with pytest.raises(ValueError, match="10/2026 ou octobre 2026"):
        read_month(text)


def test_nothing_is_declared_before_the_preview_is_confirmed(client, manager, months):
    url, html = preview(client, *map(line, months))
    assert "2\xa0mois seront déclarés" in html and "L’Été d’Éloïse" in html
    assert states() == ["open", "open"]
    client.post(url)
    assert states() == ["submitted", "submitted"]
    found = MonthlyDeclaration.objects.get(pk=months[0].pk)
    assert (found.children_present, found.hours_total) == (30, 2700)
    assert found.lines.get().declared_minutes == found.lines.get().planned_minutes
    assert found.history.get().user == manager


def test_confirming_twice_declares_once(client, manager, months):
    url, _ = preview(client, line(months[0]))
    client.post(url)
    client.post(url)
    assert months[0].history.count() == 1
    assert "1\xa0mois déclaré" in client.get(url).content.decode()


def test_good_lines_pass_and_each_refused_one_says_why(client, manager, operator, months):
    late = make_month(operator, "Les Lilas")
    submit(late)
    running = make_month(operator, "Les Iris", month=date(2026, 11, 1))
    stranger = make_declaration(make_labelled_facility("Les Voisins"))
    url, html = preview(
        client,
        line(months[0]),
        line(months[1], hours="99999"),
        line(late),
        line(running, "11/2026"),
        line(stranger),
        "12345;x;10/2026;1;1",
        line(months[1], month="brumaire", children="douze", hours="pas mal"),
    )
    for words in [
        "1\xa0mois sera déclaré",
        "6\xa0lignes sont refusées",
        "font au plus",
        "déjà déclaré, le 2\xa0novembre\xa02026",
        "Novembre\xa02026 n’est pas fini",
        "Aucun mois à déclarer pour ce SIRET",
        "quatorze chiffres",
        "écrivez par exemple 10/2026",
        "Enfants\xa0: écrivez un nombre entier",
        "Heures\xa0: écrivez un nombre d’heures",
    ]:
        assert words in html, words
    assert "Les Voisins" not in html
    client.post(url)
    html = client.get(url).content.decode()
    assert "Les Bleuets, octobre\xa02026" in html and "6\xa0lignes laissées de côté" in html
    assert MonthlyDeclaration.objects.get(pk=stranger.pk).status == "open"


def test_a_month_on_two_lines_is_refused_on_both(client, manager, months):
    _, html = preview(client, line(months[0]), line(months[0], children="31"))
    assert html.count("sur plusieurs lignes") == 2


def test_a_month_declared_between_the_preview_and_the_accord_is_left_alone(client, manager, months):
    url, _ = preview(client, *map(line, months))
    submit(months[0], 12)
    client.post(url)
    assert MonthlyDeclaration.objects.get(pk=months[0].pk).children_present == 12
    assert "déjà déclaré" in client.get(url).content.decode()
    assert states() == ["submitted", "submitted"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_accents_and_line_ends_of_any_office_suite_are_read(client, manager, months, encoding, end):
    titles = "Numéro SIRET;Crèche;Mois;Enfants présents;Heures d’accueil"
    _, html = preview(
        client,
        line(months[0], "août 2026"),
        line(months[1], "octobre 2026", hours="2 700"),
        titles=titles,
        encoding=encoding,
        end=end,
    )
    assert "août 2026" in html  # refused: that month was never opened
    assert "1\xa0mois sera déclaré" in html


def test_a_workbook_is_read_too(client, manager, months):
    book = Workbook()
    book.active.append(TITLES.split(";"))
    book.active.append([siret(months[0]), "x", date(2026, 10, 1), 30, 2700])
    data = io.BytesIO()
    book.save(data)
    response = send(client, data.getvalue(), "mois.xlsx")
    assert "1\xa0mois sera déclaré" in client.get(response.url).content.decode()


def test_the_model_holds_the_months_left_and_comes_back_filled_in(client, manager, months):
    submit(months[1])
    data = client.get(reverse("families:declaration_model")).content
    book = load_workbook(io.BytesIO(data))
    rows = list(book.active.iter_rows(values_only=True))
    assert rows[0] == ("SIRET", "Crèche", "Mois", "Enfants", "Heures")
    assert [row[:3] for row in rows[1:]] == [(siret(months[0]), "Les Bleuets", "10/2026")]
    book.active["D2"], book.active["E2"] = "30", "2700"
    filled = io.BytesIO()
    book.save(filled)
    response = send(client, filled.getvalue(), "mois.xlsx")
    assert "1\xa0mois sera déclaré" in client.get(response.url).content.decode()


def test_a_name_that_looks_like_a_formula_stays_a_name(client, manager, operator):
    make_month(operator, "=1+1")
    data = client.get(reverse("families:declaration_model")).content
    cell = load_workbook(io.BytesIO(data)).active["B2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "vide"),
        (b"PK\x03\x04cass\xc3\xa9", "ne se lit pas"),
        (b"nom;age\r\nx;1", "Il manque"),
        (TITLES.encode(), "aucune ligne"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_words(client, manager, data, words):
    response = send(client, data)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not DeclarationImport.objects.exists()


def test_an_import_is_its_authors_alone(client, manager, operator, months):
    url, _ = preview(client, line(months[0]))
    client.force_login(f.make_user("Zoé", "Renard", member_of=operator))
    assert client.get(url).status_code == 404
    assert client.post(url).status_code == 404
    assert "open" in states()


def test_who_runs_no_creche_imports_nothing(client, adviser, caf_agent):
    for person in (adviser, caf_agent):
        client.force_login(person)
        assert client.get(URL).status_code == 403
        assert client.get(reverse("families:declaration_model")).status_code == 403


def test_examining_costs_the_same_for_three_lines_and_for_thirty(manager, operator):
    rows = []
    for number in range(30):
        month = make_month(operator, f"Crèche {number}")
        row = {"siret": siret(month), "month": "10/2026", "children": "30", "hours": "2700"}
        rows.append({"line": number + 2} | row)

    def queries(lines):
        with CaptureQueriesContext(connection) as captured:
            assert all(line.is_good for line in examine(lines, by=manager, on=ON, at=AT))
        return len(captured)

    queries(rows[:1])  # what the person may reach is read once
    assert queries(rows[:3]) == queries(rows)
