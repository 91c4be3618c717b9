"""Indicator I17 and families without a place: counted in one’s communes, masked when they leave."""

import io
from datetime import UTC, date, datetime, time, timedelta

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from families.workflow import declarations, referrals
from labels.models import NetworkMember
from labels.workflow.network import leave_network
from reporting.network.demand import unmet_demand
from reporting.network.figures import network_figures, say_delay
from reporting.network.masking import Figure, mask, masked_parts
from reporting.network.scope import scope_of
from tests import factories as f
from tests.families import factories as ff
from tests.families.declared import make_declaration, make_placement

pytestmark = pytest.mark.django_db
SINCE, UNTIL = date(2026, 1, 1), date(2026, 12, 31)
AT = datetime(2027, 1, 5, 9, 0, tzinfo=UTC)
FIGURES = reverse("reporting:network_figures")
DEMAND = reverse("reporting:network_demand")
YEAR = {"du": "2026-01-01", "au": "2026-11-30"}


def text_of(response):
    return " ".join(response.content.decode().replace("\xa0", " ").split())


@pytest.fixture
def claire(service, coordinator):
    return ff.make_network_member(service=service)


@pytest.fixture
def neighbour(other_caf):
    montreuil = f.make_commune("93048", "Montreuil", lat=48.8638, lon=2.4485)
    service = f.make_service("RPE de Montreuil", caf=other_caf, communes=[montreuil])
    person = f.make_user("Lise", "Voisine", member_of=service, quality="coordinatrice")
    provider = ff.make_network_member("Sonia Haddad", service=service)
    household = ff.make_household(commune=montreuil, caf=other_caf)
    referrals.send(
        household,
        provider=provider,
        children=household.children.all(),
        slots=ff.FOUR_HOURS_ONCE,
        from_on=ff.FROM_ON,
        by=ff.make_adviser(household.agency),
        on=ff.ON,
        at=ff.AT,
    )
    return person


def of(person, **more):
    return scope_of(person, **{"since": SINCE, "until": UNTIL} | more)


def figure(lines, label):
    return next(line for line in lines if line.label == label)


# Who is in the network.


def test_members_are_counted_with_those_who_care_for_a_child(coordinator, claire, service):
    ff.make_network_member("Rosa Lopes", service=service)
    ff.make_network_member("Inès Caron", service=service, status=NetworkMember.Status.WISH)
    make_placement(claire)
    people = network_figures(of(coordinator), AT).people
    members = figure(people, "Membres du réseau")
    assert (members.count, members.of) == (2, 3)
    active = figure(people, "Avec un accueil en cours")
    assert (active.count, active.of) == (1, 2)


def test_who_left_is_counted_with_the_reason(coordinator, claire):
    member = claire.network_memberships.get()
    leave_network(member, by=coordinator, on=date(2026, 5, 1))
    NetworkMember.objects.filter(pk=member.pk).update(leave_reason="moved")
    found = network_figures(of(coordinator), AT)
    assert [(line.label, line.count) for line in found.left] == [("déménagement", 1)]
    assert figure(found.people, "Membres du réseau").count == 0
    before = network_figures(of(coordinator, until=date(2026, 4, 30)), AT)
    assert figure(before.people, "Membres du réseau").count == 1 and not before.left


# Hours.


def test_hours_declared_are_said_on_what_the_members_may_give(coordinator, claire, service):
    ff.make_network_member("Rosa Lopes", service=service)
    make_placement(claire, slots=[(1, time(9), time(15)), (3, time(9), time(15))])
    month = make_declaration(claire)
    declarations.submit_as_planned(month, by=coordinator, on=date(2026, 11, 2))
    october = next(m for m in network_figures(of(coordinator), AT).months if m.month.month == 10)
    assert (october.planned, october.declared) == (54 * 60, 54 * 60)
    assert (october.cap, october.members) == (100 * 60, 2)
    assert (october.declarations, october.expected, october.over) == (1, 1, 1)


def test_hours_for_another_caf_are_not_counted_here(caf_agent, claire, other_caf):
    make_placement(claire, slots=[(1, time(9), time(15))])
    month = make_declaration(claire)
    october = next(m for m in network_figures(of(caf_agent), AT).months if m.month.month == 10)
    assert october.planned and october.expected == 1
    claire.network_memberships.update(status="left", left_on=date(2026, 9, 30))
    type(claire).objects.filter(pk=claire.pk).update(caf=other_caf)
    type(month).objects.filter(pk=month.pk).update(caf=other_caf)
    months = network_figures(of(caf_agent), AT).months
    assert sum(m.planned + m.expected for m in months) == 0


# Situations.


def test_situations_by_what_became_of_them(coordinator, service):
    for number, status in enumerate(["sent", "refused_first", "to_validate"]):
        provider = ff.make_network_member(f"Autre {number}", service=service)
        referral = ff.make_referral("to_validate", provider=provider)
        if status == "sent":
            ff.validate(referral, by=coordinator, at=ff.AT + timedelta(hours=4))
        elif status == "refused_first":
            at = ff.AT + timedelta(hours=10)
            referrals.refuse(referral, by=coordinator, on=ff.ON, at=at, reason="hours")
    found = network_figures(of(coordinator), AT)
    counts = {line.label: line.count for line in found.situations[:-1]}
    assert counts == {
        "Validées": 1,
        "Refusées": 1,
        "Sans réponse": 1,
        "Retirées ou transmises": 0,
        "En attente": 0,
    }
    assert found.situations[0].of == 3
    assert found.situations[-1].words == "7\xa0h"
    assert [(r.label, r.count, r.of) for r in found.reasons] == [("horaires impossibles", 1, 1)]


@pytest.mark.parametrize(
    ("delay", "words"),
    [
        (timedelta(minutes=40), "40\xa0min"),
        (timedelta(hours=5, minutes=30), "5\xa0h\xa030"),
        (timedelta(days=2, hours=4, minutes=5), "2\xa0jours\xa04\xa0h"),
        (timedelta(days=1), "1\xa0jour"),
    ],
)
def test_a_delay_is_said_in_days_and_hours(delay, words):
    assert say_delay(delay) == words


# Families without a place.


def test_a_refused_family_is_demand_not_met_by_commune_half_day_and_age(coordinator, claire):
    ff.make_referral("refused", provider=claire, slots=[(1, time(7), time(13))])
    found = unmet_demand(of(coordinator))
    assert (found.asked, found.placed, found.pending, found.unmet) == (1, 0, 0, 1)
    commune = str(claire.commune)
    assert found.rows == [
        (commune, "mardi", "matin", 1, 1, 0, 0, 1),
        (commune, "mardi", "après-midi", 1, 1, 0, 0, 1),
    ]
    assert found.atypical == 1 and found.communes == [(commune, 1)]


def test_a_family_counts_once_however_many_places_it_asked(coordinator, service):
    household = ff.make_household()
    adviser = ff.make_adviser(household.agency)
    for name in ("Claire Morel", "Rosa Lopes"):
        provider = ff.make_network_member(name, service=service)
        ff.make_referral("refused", provider=provider, household=household, adviser=adviser)
    found = unmet_demand(of(coordinator))
    assert (found.asked, found.unmet) == (1, 1)


@pytest.mark.parametrize(
    ("status", "counted"),
    [("accepted", "placed"), ("sent", "pending"), ("waiting_list", "unmet"), ("expired", "unmet")],
)
def test_a_family_with_a_place_or_an_answer_to_come_is_not_without(
    coordinator, claire, status, counted
):
    ff.make_referral(status, provider=claire)
    found = unmet_demand(of(coordinator))
    assert {name: getattr(found, name) for name in ("placed", "pending", "unmet")} == {
        name: int(name == counted) for name in ("placed", "pending", "unmet")
    }


def test_a_family_of_her_commune_that_asked_elsewhere_is_counted(coordinator, claire, other_caf):
    far = f.make_facility("Les Lointains", caf=other_caf, commune=f.make_commune("93048", "M"))
    household = ff.make_household(commune=claire.commune)
    ff.make_referral("refused", provider=ff.make_labelled(far), household=household)
    found = unmet_demand(of(coordinator))
    assert found.communes == [(str(claire.commune), 1)]


def test_a_coordinator_counts_her_communes_only(coordinator, claire, neighbour, caf_agent):
    ff.make_referral("refused", provider=claire)
    assert unmet_demand(of(coordinator)).asked == 1
    assert [name for name, _ in unmet_demand(of(neighbour)).communes] == []
    assert figure(network_figures(of(coordinator), AT).people, "Membres du réseau").count == 1
    assert figure(network_figures(of(caf_agent), AT).people, "Membres du réseau").count == 1


# Masking.


def test_small_parts_of_a_total_are_never_masked_alone():
    assert masked_parts([20, 15, 3], 11) == [20, None, None]
    assert masked_parts([20, 0, 3, 4], 11) == [20, 0, None, None]
    assert masked_parts([20, 15], 11) == [20, 15]
    [one, two] = mask([Figure("a", 20, 24), Figure("b", 4, 24)], 11)
    assert (one.count, two.count) == (None, None)


def test_elected_members_read_no_small_count(client, coordinator, claire):
    for _ in range(3):
        ff.make_referral("refused", provider=claire)
    client.force_login(coordinator)
    page = text_of(client.get(reverse("reporting:network_elected"), YEAR))
    assert "plus petits que 11" in page and "non publié" in page
    assert "Claire" not in page and "Diallo" not in page
    own = text_of(client.get(DEMAND, YEAR))
    assert "Mardi matin" in own and "non publié" not in own


def test_what_is_masked_is_not_given_back_by_its_parts(coordinator, claire, service):
    for number in range(3):
        ff.make_network_member(f"Autre {number}", service=service)
    make_placement(claire, slots=[(1, time(9), time(15))])
    month = make_declaration(claire)
    declarations.submit_as_planned(month, by=coordinator, on=date(2026, 11, 2))
    ff.make_referral("refused", provider=claire, slots=[(1, time(7), time(13))])
    found = network_figures(of(coordinator), AT, least=4)
    october = next(m for m in found.months if m.month.month == 10)
    assert (october.planned, october.declared) == (None, None)
    assert not found.situations and not found.reasons and not found.left
    demand = unmet_demand(of(coordinator), least=4)
    assert (demand.asked, demand.placed, demand.pending, demand.unmet) == (None,) * 4
    assert not (demand.rows or demand.communes or demand.halves or demand.ages)
    assert demand.atypical is None


@pytest.mark.pdf
def test_the_elected_members_have_a_pdf(client, coordinator, claire):
    client.force_login(coordinator)
    answer = client.get(reverse("reporting:network_elected_pdf"), YEAR)
    assert answer.content.startswith(b"%PDF")
    wrong = client.get(reverse("reporting:network_elected_pdf"), {"du": "2027-99-99"})
    assert wrong.status_code == 404


# The pages.


def test_the_page_keeps_period_and_commune_in_its_address(client, coordinator, claire):
    client.force_login(coordinator)
    page = client.get(FIGURES, YEAR | {"commune": claire.commune_id})
    text = text_of(page)
    assert "Du 1ᵉʳ janvier 2026 au 30 novembre 2026" in text
    assert "Commune : " in text and page.context["chosen"]


@pytest.mark.parametrize(
    "query",
    [
        {"du": "2026-05-01", "au": "2026-04-01"},
        {"du": "x"},
        {"au": "2100-01-01"},
        {"du": "2001-01-01"},
        {"commune": "93048"},
    ],
)
def test_a_wrong_period_or_a_foreign_commune_is_explained(client, coordinator, claire, query):
    f.make_commune("93048", "Montreuil")
    client.force_login(coordinator)
    for url in (FIGURES, DEMAND, reverse("reporting:network_elected")):
        assert "Précisez la période" in text_of(client.get(url, query))
    for name in ("network_figures_export", "network_demand_export"):
        assert client.get(reverse(f"reporting:{name}", args=["csv"]), query).status_code == 404


def test_no_family_is_named_anywhere(client, coordinator, claire):
    ff.make_referral("refused", provider=claire)
    client.force_login(coordinator)
    for url in (FIGURES, DEMAND):
        page = text_of(client.get(url, YEAR))
        assert "Diallo" not in page and "Issa" not in page


def test_the_files_hold_what_the_pages_show(client, coordinator, claire):
    ff.make_referral("refused", provider=claire)
    client.force_login(coordinator)
    csv = client.get(reverse("reporting:network_demand_export", args=["csv"]), YEAR)
    lines = csv.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2 + 1 and "mardi;matin;1" in lines[1]
    xlsx = client.get(reverse("reporting:network_figures_export", args=["xlsx"]), YEAR)
    rows = list(openpyxl.load_workbook(io.BytesIO(xlsx.content)).active.values)
    assert rows[4][:3] == ("Assistantes maternelles", "Membres du réseau", "1")
    assert client.get(reverse("reporting:network_demand_export", args=["odt"])).status_code == 404


@pytest.mark.parametrize("persona", ["adviser", "director"])
def test_others_have_no_network_to_count(request, client, persona):
    client.force_login(request.getfixturevalue(persona))
    assert client.get(FIGURES).status_code == 404


@pytest.mark.parametrize("url", [FIGURES, DEMAND])
def test_figures_ask_as_much_for_three_as_for_thirty(client, coordinator, service, url):
    client.force_login(coordinator)

    def add(number):
        one = ff.make_network_member(f"Autre {number}", service=service)
        ff.make_referral("refused", provider=one)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            client.get(url)
        return len(asked)

    for number in range(3):
        add(number)
    queries()
    few = queries()
    for number in range(3, 15):
        add(number)
    assert queries() == few
    assert timezone.localdate() <= UNTIL or few  # the usual period is the last twelve months
