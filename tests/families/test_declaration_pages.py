"""The pages of the month and of the quota, read and filled in by those whose pages they are."""

import re
from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from families.forms.declarations import HoursField, read_hours
from families.models import MonthlyDeclaration
from families.quota import check_quota
from families.workflow import declarations
from labels.models import LocalRule
from tests import factories as f
from tests.families.declared import (
    AT,
    ON,
    make_declaration,
    make_declared_month,
    make_labelled_facility,
    make_placement,
    submit,
)
from tests.families.factories import director_of, make_network_member, make_offer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_second_of_november(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *args: ON)
    monkeypatch.setattr(timezone, "now", lambda: AT)


@pytest.fixture
def provider():
    return make_labelled_facility()


@pytest.fixture
def declaration(provider):
    make_placement(provider)
    return make_declaration(provider)


@pytest.fixture
def page(client, declaration):
    """The page of the director, and what she posts on it."""
    client.force_login(director_of(declaration.provider))
    line = declaration.lines.get()

    class Page:
        url = declaration.get_absolute_url()
        answers = {
            "seen": 0,
            "children_present": "30",
            "hours_total": "2 480 h",
            f"line_{line.pk}": "21 h 30",
        }

        def get(self, **query):
            return client.get(self.url, query)

        def post(self, **answers):
            return client.post(self.url, self.answers | answers)

    return Page()


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("21", 1260),
        ("21 h", 1260),
        ("21h", 1260),
        ("21 heures", 1260),
        ("21 h 30", 1290),
        ("21\u00a0h\u00a030", 1290),
        ("21h5", 1265),
        ("21:30", 1290),
        ("21,5", 1290),
        ("21.25", 1275),
        ("21,5 h", 1290),
        ("2 480", 148_800),
        ("2\u202f480 h", 148_800),
        ("45 min", 45),
        ("0", 0),
        ("21 30", None),
        ("21 h 75", None),
        ("1.234,5", None),
        ("2,480", None),  # two thousand or two hours and a half: ask
        ("-3", None),
        ("beaucoup", None),
        ("", None),
    ],
)
def test_hours_are_read_as_people_write_them(text, minutes):
    assert read_hours(text) == minutes


def test_hours_are_shown_as_they_are_read():
    for minutes in [0, 45, 60, 510, 1290, 148_800]:
        assert read_hours(HoursField().prepare_value(minutes)) == minutes


def test_the_page_shows_the_lines_filled_in_and_last_month_beside(provider, page, client):
    make_declaration(
        provider, month=date(2026, 9, 1), children_present=31, hours_total=2500, on=ON, at=AT
    )
    html = page.get().content.decode()
    assert "Septembre\xa02026\xa0: 31." in html
    assert "Septembre\xa02026\xa0: 2\u202f500\xa0h." in html
    assert 'value="32\xa0h"' in html
    assert re.search(r"Awa \d+, 18\xa0mois", html)
    assert "Avant le 10\xa0nov." in html or "Avant le 10 nov" in html.replace("\xa0", " ")


def test_declaring_leads_to_what_happens_next_with_the_gauge(page, declaration):
    response = page.post()
    assert response.url == f"{page.url}?fait=1"
    declaration.refresh_from_db()
    assert (declaration.status, declaration.children_present) == ("submitted", 30)
    assert declaration.hours_total == 2480
    assert declaration.lines.get().declared_minutes == 1290
    html = page.get(fait=1).content.decode()
    assert "Octobre\xa02026 est déclaré" in html
    assert "Vous pouvez corriger ce mois jusqu’au 19\xa0novembre\xa02026." in html
    assert "<meter" in html and "3,33\xa0%" in html


def test_what_is_declared_is_read_and_no_longer_typed(page):
    page.post()
    html = page.get().content.decode()
    assert 'name="children_present"' not in html
    assert "21\xa0h\xa030" in html and "Mois déclaré" in html


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"children_present": "0"}, "le nombre de tous les enfants présents ne peut pas être plus"),
        ({"hours_total": "99 999"}, "font au plus"),
        ({"hours_total": "10"}, "Les enfants Avip ont à eux seuls"),
        ({"hours_total": "pas mal"}, "Écrivez des heures, par exemple"),
        ({"hours_total": ""}, "Indiquez des heures"),
        ({"children_present": "-1"}, "supérieure ou égale à 0"),
        ({"children_present": "douze"}, "Écrivez un nombre entier"),
        ({"children_present": "99999999999"}, "inférieure ou égale"),
    ],
)
def test_what_does_not_agree_is_said_beside_the_field_and_nothing_is_lost(
    page, declaration, answers, words
):
    response = page.post(**answers)
    html = response.content.decode()
    assert response.status_code == 200
    assert words in html
    assert "error-summary" in html and "21 h 30" in html
    assert MonthlyDeclaration.objects.get(pk=declaration.pk).status == "open"


def test_a_line_left_empty_or_missing_is_an_error_not_a_zero(page, declaration):
    line = f"line_{declaration.lines.get().pk}"
    assert "Indiquez des heures" in page.post(**{line: ""}).content.decode()
    del page.answers[line]
    assert "Indiquez des heures" in page.post().content.decode()


def test_a_month_declared_meanwhile_says_by_whom(page, declaration):
    colleague = f.make_user("Zoé", "Renard", member_of=declaration.provider)
    submit(declaration, 12, by=colleague)
    response = page.post()
    assert response.url == page.url
    assert (
        "Ce mois est déjà déclaré, par Zoé Renard le 2\xa0novembre\xa02026."
        in page.get().content.decode()
    )
    assert MonthlyDeclaration.objects.get(pk=declaration.pk).children_present == 12


def test_a_month_corrected_meanwhile_keeps_what_was_typed(page, declaration):
    colleague = f.make_user("Zoé", "Renard", member_of=declaration.provider)
    submit(declaration, 12, by=colleague)
    declarations.correct(declaration, by=colleague, on=ON)
    html = page.post().content.decode()
    assert "modifié entre-temps par Zoé Renard" in html
    assert 'value="2 480 h"' in html
    seen = re.search(r'name="seen"[^>]*value="(\d+)"', html)[1]
    assert page.post(seen=seen).status_code == 302


@pytest.mark.parametrize("seen", ["", "x", "-1", "999"])
def test_a_meddled_revision_is_refused_in_words(page, seen):
    assert page.post(seen=seen).status_code == 200


def test_a_child_who_appeared_meanwhile_is_shown_before_declaring_again(page, declaration):
    make_placement(declaration.provider)
    html = page.post().content.decode()
    assert "s’est ajouté" in html
    assert html.count('name="line_') == 2


def test_correcting_reopens_the_form_with_what_was_declared(page, declaration, client):
    page.post()
    client.post(reverse("families:declaration_step", args=[declaration.pk, "correct"]))
    html = page.get().content.decode()
    assert 'name="children_present" value="30"' in html
    assert 'value="2\u202f480\xa0h"' in html and 'value="21\xa0h\xa030"' in html


def test_a_month_that_is_not_over_says_from_when(client, provider):
    declaration = make_declaration(provider, month=date(2026, 11, 1))
    client.force_login(director_of(provider))
    html = client.get(declaration.get_absolute_url()).content.decode()
    assert "à partir du 1ᵉʳ\xa0décembre\xa02026" in html
    assert '<form method="post"\n        class="form"' not in html


def test_the_caf_reads_the_numbers_and_no_name(client, declaration, caf_agent):
    submit(declaration)
    client.force_login(caf_agent)
    html = client.get(declaration.get_absolute_url()).content.decode()
    assert "18\xa0mois" in html
    assert "Awa" not in html


def test_the_caf_may_not_declare(client, declaration, caf_agent):
    client.force_login(caf_agent)
    assert client.post(declaration.get_absolute_url(), {}).status_code == 403


def test_a_neighbour_finds_nothing(client, declaration, other_caf_agent, other_director, adviser):
    make_declaration(other_director.memberships.get().provider)
    for person in [other_caf_agent, other_director, adviser]:
        client.force_login(person)
        assert client.get(declaration.get_absolute_url()).status_code == 404
        assert client.post(declaration.get_absolute_url(), {}).status_code == 404
        listed = client.get(reverse("families:declaration_list"))
        assert str(declaration.pk) not in listed.content.decode()


def test_a_childminder_declares_hours_only(client):
    provider = make_network_member()
    make_placement(provider)
    declaration = make_declaration(provider)
    client.force_login(director_of(provider))
    html = client.get(declaration.get_absolute_url()).content.decode()
    assert 'name="children_present"' not in html
    line = declaration.lines.get()
    client.post(declaration.get_absolute_url(), {"seen": 0, f"line_{line.pk}": "30 h"})
    assert MonthlyDeclaration.objects.get(pk=declaration.pk).status == "submitted"


def test_the_list_says_what_waits_and_how_each_month_stands(client, provider):
    october = make_declared_month(1, 30, provider=provider)
    check_quota(october, AT)
    make_declaration(provider, month=date(2026, 9, 1))
    client.force_login(director_of(provider))
    html = client.get(reverse("families:declaration_list")).content.decode()
    assert "septembre\xa02026 est fini, faites le point pour Les Petits Rameurs." in html
    assert "sous le seuil" in html and "3,33\xa0%" in html
    filtered = client.get(reverse("families:declaration_list"), {"status": "open"})
    assert "sous le seuil" not in filtered.content.decode()


def test_the_list_costs_the_same_for_one_month_and_for_ten(client, provider):
    client.force_login(director_of(provider))

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("families:declaration_list"))
        return len(captured)

    make_declaration(provider, month=date(2025, 1, 1))
    once = queries()
    for month in range(2, 12):
        make_declaration(provider, month=date(2025, month, 1))
    assert queries() == once


def test_the_history_of_the_quota_names_the_rule_of_each_month(client, provider):
    make_placement(provider)
    check_quota(make_declaration(provider, children_present=2), AT)
    client.force_login(director_of(provider))
    html = client.get(reverse("families:quota_list")).content.decode()
    assert "1\xa0enfant sur 2" in html and "50\xa0%" in html
    assert "Avenant de 2017 à la charte" in html
    assert "celui de la règle" in html
    assert "Prévision pour novembre\xa02026" in html


def test_an_operator_chooses_among_its_creches(client):
    operator = f.make_operator()
    one = make_labelled_facility("Les Bleuets", operator=operator)
    two = make_labelled_facility("Les Iris", operator=operator)
    for provider in (one, two):
        check_quota(make_declared_month(0, 30, provider=provider), AT)
    client.force_login(f.make_user("Ali", "Haddad", member_of=operator))
    url = reverse("families:quota_list")
    page = " ".join(client.get(url, {"creche": two.pk}).content.decode().split())
    assert f'<option value="{two.pk}" selected' in page
    stranger = make_labelled_facility("Les Voisins")
    check_quota(make_declared_month(0, 30, provider=stranger), AT)
    assert client.get(url, {"creche": stranger.pk}).status_code == 404
    assert client.get(url, {"creche": "x"}).status_code == 404


def test_without_a_month_the_quota_page_says_when_one_comes(client, adviser):
    client.force_login(adviser)
    assert "Aucun mois calculé" in client.get(reverse("families:quota_list")).content.decode()


# Closed, as planned, places, contracts, the sheet.


def test_a_closed_month_is_one_click_and_no_quota_is_judged(client, page, declaration):
    url = reverse("families:declaration_step", args=[declaration.pk, "close"])
    assert client.post(url).url == f"{page.url}?fait=1"
    declaration.refresh_from_db()
    assert (declaration.status, declaration.is_closed) == ("submitted", True)
    assert (declaration.children_present, declaration.hours_total) == (0, 0)
    assert declaration.lines.get().declared_minutes == 0
    check = check_quota(declaration, AT)
    assert (check.verdict, check.rate_bp, check.missing) == ("not_assessable", None, 0)
    html = page.get().content.decode()
    assert "Fermée tout le mois" in html and "non évaluable" in html


def test_a_closed_month_is_no_shortfall_where_places_are_counted(caf, caf_manager, provider):
    LocalRule.objects.create(
        caf=caf,
        key="quota_basis",
        value="places",
        valid_from=date(2024, 1, 1),
        recorded_at=datetime(2024, 1, 1, tzinfo=UTC),
        reference="Décision",
        motive="Paris",
        set_by=caf_manager,
    )
    make_offer(provider, places=1)
    month = make_declaration(provider)
    submit(month, 30)
    assert check_quota(month, AT).verdict == "short"
    director = director_of(provider)
    declarations.correct(month, by=director, on=ON)
    declarations.close(month, by=director, on=ON, at=AT)
    assert check_quota(month, AT).verdict == "not_assessable"


def test_a_closed_month_corrected_is_closed_no_more(page, declaration, client):
    declarations.close(declaration, by=director_of(declaration.provider), on=ON, at=AT)
    client.post(reverse("families:declaration_step", args=[declaration.pk, "correct"]))
    declaration.refresh_from_db()
    page.post(seen=declaration.revision)
    declaration.refresh_from_db()
    assert (declaration.is_closed, declaration.children_present) == (False, 30)


def test_a_month_that_is_not_over_is_not_closed_either(client, provider):
    month = make_declaration(provider, month=date(2026, 11, 1))
    client.force_login(director_of(provider))
    client.post(reverse("families:declaration_step", args=[month.pk, "close"]))
    assert MonthlyDeclaration.objects.get(pk=month.pk).status == "open"


def test_as_planned_for_all_is_offered_where_something_differs(page, declaration):
    assert 'name="as_planned"' not in page.get().content.decode()
    declaration.lines.update(declared_minutes=60)
    assert 'name="as_planned"' in page.get().content.decode()
    page.post(as_planned="on")
    line = declaration.lines.get()
    assert line.declared_minutes == line.planned_minutes


def test_the_places_are_said_free_in_one_click_once_a_month(client, page, declaration):
    offer = make_offer(declaration.provider)
    page.post()
    html = page.get(fait=1).content.decode()
    assert "Vos places, encore libres" in html
    url = reverse("families:declaration_still_free", args=[declaration.pk, offer.pk])
    assert url in html
    assert client.post(url).url.startswith(f"{page.url}?fait=1")
    offer.refresh_from_db()
    assert offer.confirmed_on == ON
    assert url not in page.get(fait=1).content.decode()


def test_a_place_of_another_creche_is_not_said_free_from_here(client, page, declaration):
    offer = make_offer(make_labelled_facility("Les Voisins"))
    url = reverse("families:declaration_still_free", args=[declaration.pk, offer.pk])
    assert client.post(url).status_code in {403, 404}
    offer.refresh_from_db()
    assert offer.confirmed_on is None


def test_contracts_that_end_soon_are_on_the_page_with_their_link(page, declaration):
    contract = declaration.lines.get().placement.contract
    html = page.get().content.decode()
    assert "Un contrat finit bientôt" in html and contract.get_absolute_url() in html


def test_the_sheet_to_print_is_for_those_who_read_names(client, page, declaration, caf_agent):
    url = reverse("families:declaration_sheet", args=[declaration.pk])
    assert url in page.get().content.decode()
    html = client.get(url).content.decode()
    assert "Awa" in html and "32\xa0h" in html and "………" in html
    client.force_login(caf_agent)
    assert client.get(url).status_code == 403
