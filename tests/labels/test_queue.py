"""The queue of a Caf: its filters, its columns, its export."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from labels.models import LabelApplication
from tests import factories as f
from tests.labels.factories import Status, make_application

LIST = "labels:application_list"


def shown(client, **filters):
    page = client.get(reverse(LIST), filters)
    return [row.facility_name for row in page.context["applications"]]


def export(client, name, **filters):
    return client.get(reverse("labels:application_export", args=[name]), filters)


def lines_of(response):
    text = response.content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";"))


def submitted(name, caf, days=1, **fields):
    provider = f.make_facility(name, caf=caf)
    application = make_application(Status.SUBMITTED, provider, **fields)
    noon = timezone.localtime().replace(hour=12)
    LabelApplication.objects.filter(pk=application.pk).update(
        submitted_at=noon - timedelta(days=days)
    )
    return application


@pytest.fixture
def officer(client, caf_agent):
    client.force_login(caf_agent)
    return caf_agent


def test_the_queue_is_filtered_by_age(client, caf, officer):
    submitted("Récente", caf, 2)
    submitted("Ancienne", caf, 40)
    assert shown(client, age="30") == ["Ancienne"]
    assert shown(client, age="15") == ["Ancienne"]
    assert shown(client, age="60") == []
    page = client.get(reverse(LIST), {"age": "30"}).content.decode().replace("\xa0", " ")
    assert "Déposée depuis : Plus de 30 jours" in page


def test_the_queue_is_filtered_by_who_has_it(client, caf, officer, facility):
    submitted("Libre", caf)
    make_application(Status.UNDER_REVIEW, facility, agent=officer)
    assert shown(client, reviewer="none") == ["Libre"]
    assert shown(client, reviewer=str(officer.pk)) == ["Les Petits Rameurs"]


def test_the_queue_is_filtered_by_neighbourhood_and_kind(client, caf, officer):
    submitted("En quartier", caf, in_qpv=True)
    submitted("Ailleurs", caf, in_qpv=False)
    assert shown(client, qpv="oui") == ["En quartier"]
    assert shown(client, qpv="non") == ["Ailleurs"]
    assert shown(client, kind="renewal") == []
    assert len(shown(client, kind="first", status="open")) == 2


def test_the_communes_offered_are_those_where_somebody_waits(client, caf, officer, caf_manager):
    far = f.make_commune("75119", "Paris 19e Arrondissement", postal_codes="75019")
    closed = f.make_facility("Close", caf=caf, commune=far)
    make_application(Status.GRANTED, closed, agent=officer, decider=caf_manager)
    submitted("Ouverte", caf)
    page = client.get(reverse(LIST))
    offered = [str(name) for _, name in page.context["filter"].form.fields["commune"].choices]
    assert "Paris 19e Arrondissement" not in offered
    assert shown(client, commune="75119") == ["Close"]


def test_a_filter_that_means_nothing_shows_everything(client, caf, officer):
    submitted("Une", caf)
    for name, value in [("age", "x"), ("reviewer", "x"), ("commune", "'"), ("page", "1")]:
        assert shown(client, **{name: value}) == ["Une"]


def test_each_row_says_its_age_and_the_time_left(client, caf, officer):
    submitted("Ancienne", caf, 70)
    submitted("Récente", caf, 10)
    page = client.get(reverse(LIST)).content.decode().replace("\xa0", " ")
    assert "il y a 70 jours" in page and "dépassé de 10 jours" in page
    assert "encore 50 jours" in page


def test_the_export_is_exactly_what_is_shown(client, caf, officer, other_facility):
    make_application(Status.SUBMITTED, other_facility)
    for index in range(23):
        submitted(f"Crèche {index:02}", caf, 40)
    submitted("Récente", caf, 1)
    header, *rows = lines_of(export(client, "csv", age="30"))
    assert header[0] == "Crèche"
    assert sorted(row[0] for row in rows) == [f"Crèche {index:02}" for index in range(23)]
    book = load_workbook(io.BytesIO(export(client, "xlsx", age="30").content))
    assert [cell.value for cell in book.active[1]] == header
    assert book.active.max_row == 24
    assert export(client, "ods").status_code == 404


def test_what_is_typed_is_never_a_formula(client, caf, officer):
    submitted("Normale", caf, facility_name='=HYPERLINK("http://exemple.fr")')
    (_, row) = lines_of(export(client, "csv"))
    assert not row[0].startswith("=")
    book = load_workbook(io.BytesIO(export(client, "xlsx").content))
    assert book.active["A2"].data_type == "s"


def test_a_director_exports_her_own_alone(client, caf, facility, director):
    submitted("Autre", caf)
    make_application(Status.SUBMITTED, facility, by=director)
    client.force_login(director)
    assert [row[0] for row in lines_of(export(client, "csv"))[1:]] == ["Les Petits Rameurs"]


def test_the_queue_asks_as_many_queries_for_thirty_rows_as_for_three(client, caf, officer):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse(LIST))
            export(client, "csv")
        return len(captured)

    def add(number):
        for index in range(number):
            provider = f.make_facility(f"Crèche {number} {index}", caf=caf)
            make_application(Status.CORRECTION_REQUESTED, provider, agent=officer)

    add(3)
    queries()
    three = queries()
    add(27)
    # The pages of the list are counted only when there are several.
    assert queries() <= three
