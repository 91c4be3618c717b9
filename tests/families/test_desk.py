"""The coordinator’s desk: places, hours of two months, silences, filters, map, file, sheets."""

import io
from datetime import timedelta

import openpyxl
import pytest
from dateutil.relativedelta import relativedelta
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from families.desk import places_of
from families.models import MonthlyDeclaration, PlaceOffer, Referral
from families.offers import ASK_US
from labels.models import NetworkMember
from tests import factories as f
from tests.families import factories as ff
from tests.families.declared import make_placement

pytestmark = pytest.mark.django_db
NETWORK = reverse("families:network_list")
TODAY = timezone.localdate


def text_of(response):
    return " ".join(response.content.decode().replace("\xa0", " ").split())


@pytest.fixture
def claire(service, coordinator):
    return ff.make_network_member(service=service)


@pytest.fixture
def other(service, coordinator):
    return ff.make_network_member("Rosa Lopes", service=service, house="MAM Les Tilleuls")


@pytest.fixture
def neighbour(other_caf):
    """A coordinator of another commune, with a childminder of her own."""
    montreuil = f.make_commune("93048", "Montreuil", lat=48.8638, lon=2.4485)
    service = f.make_service("RPE de Montreuil", caf=other_caf, communes=[montreuil])
    person = f.make_user("Lise", "Voisine", member_of=service, quality="coordinatrice")
    ff.make_network_member("Sonia Haddad", service=service)
    return person


def shown(client, **filters):
    page = client.get(NETWORK, filters)
    return {str(member.provider) for member in page.context["members"]}


def kind_of(provider):
    return places_of([provider.pk], TODAY())[provider.pk].kind


# The state of a place.


def _held_half_days(offer):
    return sorted({f"{hold.weekday}-{hold.half_day}" for hold in offer.holds.all()})


def test_a_place_is_said_as_it_stands(claire):
    assert kind_of(claire) == "none"
    offer = ff.make_offer(claire, half_days=["1-am", "1-pm", "3-am", "3-pm"])
    assert kind_of(claire) == "open"
    now = timezone.now()
    ff.make_referral(
        "accepted", provider=claire, on=TODAY(), at=now, from_on=TODAY() + timedelta(days=9)
    )
    PlaceOffer.objects.filter(pk=offer.pk).update(half_days=_held_half_days(offer))
    assert kind_of(claire) == "held"
    PlaceOffer.objects.filter(pk=offer.pk).update(paused_from=TODAY())
    assert kind_of(claire) == "paused"
    PlaceOffer.objects.filter(pk=offer.pk).update(
        paused_until=TODAY() - timedelta(days=1), paused_from=TODAY() - timedelta(days=9)
    )
    assert kind_of(claire) == "held"


def test_filters_narrow_the_list(client, coordinator, claire, other):
    client.force_login(coordinator)
    ff.make_offer(claire)
    assert shown(client) == {"Claire Morel", "Rosa Lopes"}
    assert shown(client, place="open") == {"Claire Morel"}
    assert shown(client, place="none") == {"Rosa Lopes"}
    assert shown(client, house="MAM Les Tilleuls") == {"Rosa Lopes"}
    assert shown(client, commune=claire.commune_id) == {"Claire Morel", "Rosa Lopes"}


def test_a_licence_that_ends_soon_or_has_ended_is_found(client, coordinator, claire, other):
    client.force_login(coordinator)
    claire.childminder.licence_until = TODAY() + timedelta(days=20)
    claire.childminder.save()
    other.childminder.licence_until = TODAY() - timedelta(days=1)
    other.childminder.save()
    assert shown(client, licence="bientot") == {"Claire Morel"}
    assert shown(client, licence="echu") == {"Rosa Lopes"}
    assert "Agrément finit bientôt" in text_of(client.get(NETWORK))


@pytest.mark.parametrize("silence", ["asked", "answer", "month"])
def test_who_has_not_answered_is_found(client, coordinator, claire, other, silence):
    client.force_login(coordinator)
    assert shown(client, silent="oui") == set()
    if silence == "asked":
        NetworkMember.objects.filter(provider=claire).update(status="asked")
    elif silence == "answer":
        ff.make_referral("sent", provider=claire)
        assert Referral.objects.get().answer_due_at < timezone.now()
    else:
        MonthlyDeclaration.objects.create(
            provider=claire,
            caf=claire.caf,
            month=TODAY().replace(day=1) - relativedelta(months=2),
            created_at=timezone.now() - timedelta(days=30),
        )
    assert shown(client, silent="oui") == {"Claire Morel"}


def test_a_wrong_filter_shows_everybody_and_never_breaks(client, coordinator, claire):
    client.force_login(coordinator)
    for query in ("?place=x", "?commune=x", "?licence=1'", "?house=%00", "?page=99"):
        assert client.get(NETWORK + query).status_code in {200, 404}


def test_hours_of_this_month_and_of_the_next_are_gauged(client, coordinator, claire):
    client.force_login(coordinator)
    ff.make_referral("accepted", provider=claire)
    page = text_of(client.get(NETWORK))
    assert page.count("<meter") == 2
    assert "sur 50 h, il reste" in page


def test_the_list_asks_as_much_for_three_as_for_thirty(client, coordinator, service, claire):
    client.force_login(coordinator)

    def add(number):
        one = ff.make_network_member(f"Autre {number}", service=service)
        ff.make_offer(one)
        ff.make_referral("accepted", provider=one)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            client.get(NETWORK, {"place": "held"})
        return len(asked)

    add(1), add(2)
    queries()
    few = queries()
    for number in range(3, 15):
        add(number)
    assert queries() == few


# The map.


def test_the_map_shows_communes_and_never_where_she_lives(client, coordinator, claire, other):
    type(claire).objects.filter(pk=claire.pk).update(lat=48.1, lon=2.1)  # whatever is typed
    client.force_login(coordinator)
    page = client.get(NETWORK)
    [place] = page.context["places"]
    commune = claire.commune
    assert place["at"] == [round(commune.lat, 5), round(commune.lon, 5)]
    assert place["commune"].startswith("2\xa0assistantes maternelles")
    assert "12 rue des Lilas" not in text_of(page) and "48.1" not in page.content.decode()


# The file.


def test_the_file_holds_exactly_what_is_shown(client, coordinator, claire, other, neighbour):
    client.force_login(coordinator)
    url = reverse("families:network_export", args=["xlsx"])
    answer = client.get(url, {"house": "MAM Les Tilleuls"})
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.values)
    assert [row[0] for row in rows] == ["Assistante maternelle", "Rosa Lopes"]
    text = client.get(reverse("families:network_export", args=["csv"])).content.decode("utf-8-sig")
    assert "Claire Morel" in text and "Sonia" not in text
    assert client.get(reverse("families:network_export", args=["pdf"])).status_code == 404


def test_a_name_that_looks_like_a_formula_stays_text(client, coordinator, claire):
    type(claire).objects.filter(pk=claire.pk).update(name="=1+1 Morel")
    client.force_login(coordinator)
    text = client.get(reverse("families:network_export", args=["csv"])).content.decode("utf-8-sig")
    assert "\n=1+1" not in text and "=1+1 Morel" in text


def test_the_file_of_a_neighbour_is_her_own(client, claire, neighbour):
    client.force_login(neighbour)
    text = client.get(reverse("families:network_export", args=["csv"])).content.decode("utf-8-sig")
    assert "Sonia Haddad" in text and "Claire" not in text


# The sheets.


def test_the_sheet_of_a_wish_fits_the_rule_of_the_day(client, coordinator, claire):
    client.force_login(coordinator)
    page = text_of(client.get(reverse("families:wish_sheet")))
    assert "1 place, jusqu’à 50 heures par mois" in page
    assert "Le parent est votre employeur" in page and "Pajemploi" in page


def test_the_sheets_of_each_childminder_are_one_press_away(client, coordinator, claire, neighbour):
    client.force_login(coordinator)
    page = text_of(client.get(reverse("families:network_sheets")))
    assert reverse("families:place_sheet", args=[claire.pk]) in page and "Sonia" not in page


@pytest.mark.parametrize("persona", ["adviser", "director"])
def test_only_who_runs_a_network_prints_its_sheets(request, client, persona):
    client.force_login(request.getfixturevalue(persona))
    for name in ("network_sheets", "wish_sheet"):
        assert client.get(reverse(f"families:{name}")).status_code == 403


def test_the_sheet_of_her_place_is_for_her_and_her_coordinator(
    client, coordinator, caf_agent, neighbour, claire
):
    url = reverse("families:place_sheet", args=[claire.pk])
    for person, status in ((coordinator, 200), (caf_agent, 403), (neighbour, 404)):
        client.force_login(person)
        assert client.get(url).status_code == status


def test_a_place_with_a_child_is_taken_though_she_described_none(claire):
    make_placement(claire, start_on=TODAY(), end_on=TODAY() + timedelta(days=60))
    assert kind_of(claire) == "taken"


# Who is no longer here.


@pytest.fixture
def gone(claire, neighbour):
    """Claire left this Caf for another one, where she has a place and care that goes on."""
    member = claire.network_memberships.get()
    NetworkMember.objects.filter(pk=member.pk).update(status="left", leave_reason="moved")
    service = neighbour.memberships.get().service
    type(claire).objects.filter(pk=claire.pk).update(
        caf=service.caf, commune=service.communes.get()
    )
    claire.childminder.service = service
    claire.childminder.save()
    ff.make_offer(claire)
    make_placement(claire, start_on=TODAY(), end_on=TODAY() + timedelta(days=60))
    return member


def test_who_moved_away_is_shown_when_asked_for_without_her_new_life(
    client, caf_agent, neighbour, gone
):
    client.force_login(caf_agent)
    assert shown(client) == set()
    answer = client.get(NETWORK, {"status": "left"})
    page = text_of(answer)
    assert "Claire Morel" in page and "Montreuil" not in page and "<meter" not in page
    assert answer.context["places"] == []
    assert shown(client, status="left", place="open") == set()
    assert shown(client, status="left", place="taken") == set()
    client.force_login(neighbour)
    assert "Claire Morel" not in text_of(client.get(NETWORK, {"status": "left"}))
    assert not NetworkMember.objects.visible_to(neighbour).filter(pk=gone.pk).exists()


def test_the_file_says_of_who_moved_away_only_that_she_left(client, caf_agent, gone):
    client.force_login(caf_agent)
    url = reverse("families:network_export", args=["csv"])
    assert "Claire" not in client.get(url).content.decode("utf-8-sig")
    text = client.get(url, {"status": "left"}).content.decode("utf-8-sig")
    [line] = [line for line in text.splitlines() if "Claire" in line]
    cells = [cell.strip('"') for cell in line.replace(";", ",").split(",")]
    assert [cell for cell in cells if cell] == ["Claire Morel", "a quitté le réseau"]


def test_the_desk_says_a_place_as_her_own_page_does(client, coordinator, claire, other):
    PlaceOffer.objects.filter(pk=ff.make_offer(claire).pk).update(until=TODAY() - timedelta(days=1))
    assert kind_of(claire) == "closed"
    client.force_login(coordinator)
    assert shown(client, place="closed") == {"Claire Morel"}
    ff.make_offer(claire, is_blocked=False)
    assert places_of([claire.pk], TODAY())[claire.pk].words == ASK_US
