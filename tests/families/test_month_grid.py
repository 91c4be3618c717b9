"""An operator declares the month of all its crèches in one grid."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from families.models import MonthlyDeclaration
from labels.models import LocalRule
from tests import factories as f
from tests.families.declared import (
    AT,
    MONTH,
    ON,
    make_declaration,
    make_labelled_facility,
    make_placement,
    submit,
)

pytestmark = pytest.mark.django_db

URL = reverse("families:month_grid")


@pytest.fixture(autouse=True)
def the_second_of_november(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *args: ON)
    monkeypatch.setattr(timezone, "now", lambda: AT)


@pytest.fixture
def operator():
    return f.make_operator()


@pytest.fixture
def manager(operator):
    return f.make_user("Ali", "Haddad", member_of=operator)


@pytest.fixture
def months(operator):
    """October of three crèches, each with one AVIP child."""
    return [make_month(operator, name) for name in ("Les Bleuets", "Les Iris", "Les Lilas")]


def make_month(operator, name, month=MONTH):
    provider = make_labelled_facility(name, operator=operator)
    make_placement(provider)
    return make_declaration(provider, month=month)


def line(declaration, children="30", total="2700", **more):
    answers = {"children_present": children, "hours_total": total, "as_planned": "on", "seen": "0"}
    return {f"{declaration.pk}-{name}": value for name, value in (answers | more).items() if value}


def post(client, *lines, query="?mois=2026-10"):
    answers = {}
    for one in lines:
        answers |= one
    return client.post(URL + query, answers)


def states():
    return dict(MonthlyDeclaration.objects.values_list("provider__name", "status"))


def test_three_creches_are_declared_in_one_save(client, manager, months):
    client.force_login(manager)
    assert post(client, *map(line, months)).status_code == 302
    assert set(states().values()) == {"submitted"}
    found = MonthlyDeclaration.objects.get(pk=months[0].pk)
    assert (found.children_present, found.hours_total) == (30, 2700)
    assert found.lines.get().declared_minutes == found.lines.get().planned_minutes
    assert found.history.get().user == manager


def test_a_refused_line_keeps_what_was_typed_and_says_why_and_the_others_are_declared(
    client, manager, months
):
    client.force_login(manager)
    response = post(client, line(months[0]), line(months[1], "3", "99 999"), line(months[2]))
    html = response.content.decode()
    assert response.status_code == 200
    assert states() == {"Les Bleuets": "submitted", "Les Iris": "open", "Les Lilas": "submitted"}
    assert 'value="99 999"' in html and "font au plus" in html
    assert "1\xa0crèche n’est pas déclarée" in html
    assert "2\xa0mois déclarés" in html
    # The line goes through once it is right.
    assert post(client, line(months[1])).status_code == 302
    assert states()["Les Iris"] == "submitted"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"children": ""}, "Indiquez aussi le nombre d’enfants"),
        ({"total": ""}, "Indiquez aussi les heures"),
        ({"children": "douze"}, "Écrivez un nombre entier"),
        ({"total": "pas mal"}, "Écrivez des heures"),
        ({"as_planned": ""}, "déclarez cette crèche sur sa propre page"),
        ({"children": "0", "total": "0"}, "ne peut pas être plus petit"),
    ],
)
def test_what_a_line_lacks_is_said(client, manager, months, answers, words):
    client.force_login(manager)
    assert words in post(client, line(months[0], **answers)).content.decode()
    assert set(states().values()) == {"open"}


def test_a_line_left_empty_waits(client, manager, months):
    client.force_login(manager)
    post(client, line(months[0]), line(months[1], "", ""))
    assert states() == {"Les Bleuets": "submitted", "Les Iris": "open", "Les Lilas": "open"}


def test_a_creche_closed_the_whole_month_is_one_tick(client, manager, months):
    client.force_login(manager)
    post(client, line(months[0], "", "", is_closed="on"))
    found = MonthlyDeclaration.objects.get(pk=months[0].pk)
    assert (found.status, found.is_closed, found.children_present) == ("submitted", True, 0)


def test_a_creche_declared_meanwhile_says_by_whom_and_stays(client, manager, months):
    colleague = f.make_user("Zoé", "Renard", member_of=months[0].provider)
    submit(months[0], 12, by=colleague)
    client.force_login(manager)
    html = post(client, line(months[0]), line(months[1])).content.decode()
    assert "déjà déclaré, par Zoé Renard" in html
    assert MonthlyDeclaration.objects.get(pk=months[0].pk).children_present == 12
    assert states()["Les Iris"] == "submitted"


def test_last_month_is_beside(client, manager, months):
    make_declaration(
        months[0].provider, month=date(2026, 9, 1), children_present=31, hours_total=2500
    )
    client.force_login(manager)
    html = " ".join(client.get(URL, {"mois": "2026-10"}).content.decode().split())
    assert "le mois d’avant : 31" in html.replace("\xa0", " ")


def test_only_ones_own_creches_are_shown_or_declared(client, manager, months):
    other = make_month(f.make_operator(name="Les Autres", siren="552100554"), "Les Voisins")
    client.force_login(manager)
    assert "Les Voisins" not in client.get(URL).content.decode()
    post(client, line(other), line(months[0]))
    assert states()["Les Voisins"] == "open"


def test_who_works_for_no_operator_has_no_grid(client, months, caf_agent, adviser):
    for person in (caf_agent, adviser, f.make_user("Zoé", member_of=months[0].provider)):
        client.force_login(person)
        assert client.get(URL).status_code == 403


def test_the_oldest_month_left_comes_first_and_an_unknown_one_is_not_found(client, manager, months):
    make_declaration(months[0].provider, month=date(2026, 9, 1))
    client.force_login(manager)
    html = client.get(URL).content.decode()
    assert "Septembre\xa02026, toutes vos crèches" in html
    assert client.get(URL, {"mois": "2025-01"}).status_code == 404
    assert client.get(URL, {"mois": "x"}).status_code == 404


def test_an_operator_without_a_month_reads_when_one_comes(client, manager):
    client.force_login(manager)
    assert "Aucun mois à montrer" in client.get(URL).content.decode()


def test_the_months_of_a_quarter_are_declared_one_after_the_other(
    client, manager, operator, caf, caf_manager
):
    LocalRule.objects.create(
        caf=caf,
        key="declaration_period",
        value="quarter",
        valid_from=date(2026, 1, 1),
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
        reference="Décision",
        motive="Rythme local",
        set_by=caf_manager,
    )
    july = make_month(operator, "Les Bleuets", date(2026, 7, 1))
    make_declaration(july.provider, month=date(2026, 8, 1))
    client.force_login(manager)
    html = client.get(URL).content.decode()
    assert "Juillet\xa02026, toutes" in html and "?mois=2026-08" in html
    assert post(client, line(july, total="900"), query="?mois=2026-07").status_code == 302
    assert MonthlyDeclaration.objects.get(pk=july.pk).status == "submitted"


def test_the_grid_costs_the_same_for_three_creches_and_for_thirty(
    client, manager, operator, months
):
    client.force_login(manager)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(URL)
        return len(captured)

    three = queries()
    for number in range(27):
        make_month(operator, f"Crèche {number}")
    assert queries() == three
