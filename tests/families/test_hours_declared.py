"""A childminder’s month: as planned in one press, day by day, above the cap, its statement."""

from datetime import date, time

import pytest
from django.urls import reverse

from avip import outbox
from avip.models import AccessLog, Outbox
from avip.workflow import StepRefused
from families.hours import check_hours
from families.models import Alert
from families.monthly import lock_declared_months
from families.statements import statement_context
from families.workflow import declarations
from partners.models import Closure, User
from reporting.todo import todo
from tests import factories as f
from tests.families import factories as ff
from tests.families.declared import (
    AT,
    ON,
    fresh,
    make_declaration,
    make_labelled_facility,
    make_placement,
)

pytestmark = pytest.mark.django_db
# 6 h on Tuesdays and Thursdays: 54 h in October 2026, four hours above the cap.
TWICE_A_WEEK = [(1, time(9), time(15)), (3, time(9), time(15))]
ONCE_A_WEEK = [(1, time(9), time(15))]  # 24 h


def text_of(response):
    return " ".join(response.content.decode().replace("\xa0", " ").split())


@pytest.fixture
def claire(service):
    provider = ff.make_network_member(service=service)
    f.make_user("Claire", "Morel", member_of=provider, quality="assistante maternelle")
    return provider


@pytest.fixture
def herself(claire):
    return User.objects.get(memberships__provider=claire)


@pytest.fixture
def month(claire):
    make_placement(claire, slots=ONCE_A_WEEK)
    return make_declaration(claire)


def step(declaration, name="as_planned"):
    return reverse("families:declaration_step", args=[declaration.pk, name])


def statement(declaration):
    return reverse("families:declaration_statement", args=[declaration.pk])


def test_one_press_declares_the_month_as_planned(client, herself, month):
    client.force_login(herself)
    page = text_of(client.get(month.get_absolute_url()))
    assert "Comme prévu : 24 h" in page and "Mardi 6, 13, 20 et 27 : 6 h" in page
    answer = client.post(step(month))
    assert answer.url == f"{month.get_absolute_url()}?fait=1"
    found = fresh(month)
    assert (found.status, found.hours_total) == ("submitted", 24)
    assert found.lines.get().declared_minutes == 24 * 60
    assert "est déclaré" in text_of(client.get(answer.url))


def test_a_second_press_says_that_it_is_done(client, herself, month):
    client.force_login(herself)
    client.post(step(month))
    page = text_of(client.post(step(month), follow=True))
    assert "n’est plus possible" in page
    assert fresh(month).history.filter(step="submit").count() == 1


def test_the_press_waits_for_her_on_the_page_she_lands_on(client, herself, month):
    client.force_login(herself)
    page = text_of(client.get(reverse("reporting:todo")))
    assert "Déclarez vos heures : octobre 2026" in page
    assert "24 h prévues" in page
    assert f'action="{step(month)}"' in page


def test_a_facility_does_not_declare_as_planned():
    declaration = make_declaration(make_labelled_facility())
    with pytest.raises(StepRefused, match="Comptez"):
        declarations.submit_as_planned(declaration, by=ff.director_of(declaration.provider), on=ON)


def test_leave_noted_meanwhile_is_not_declared(herself, claire, month):
    Closure.objects.create(
        provider=claire, kind="leave", first_day=date(2026, 10, 6), last_day=date(2026, 10, 13)
    )
    declarations.submit_as_planned(fresh(month), by=herself, on=ON, at=AT)
    assert fresh(month).hours_total == 12


def test_the_coordinator_declares_for_her(client, coordinator, month):
    client.force_login(coordinator)
    client.post(step(month))
    assert fresh(month).history.get(step="submit").user == coordinator


@pytest.mark.parametrize("persona", ["adviser", "director", "other_caf_agent"])
def test_a_stranger_does_not_find_her_month(request, client, month, persona):
    client.force_login(request.getfixturevalue(persona))
    assert client.get(month.get_absolute_url()).status_code == 404
    assert client.post(step(month)).status_code == 404
    assert client.get(statement(month)).status_code == 404
    assert fresh(month).status == "open"


def test_the_caf_reads_her_hours_and_no_name_and_declares_nothing(client, caf_agent, month):
    child = month.lines.get().placement.child
    client.force_login(caf_agent)
    page = text_of(client.get(month.get_absolute_url()))
    assert "24 h" in page and child.first_name not in page
    assert "Comme prévu" not in page
    client.post(step(month))
    assert fresh(month).status == "open"


# Day by day.


def test_day_by_day_only_the_total_is_kept(client, herself, month):
    client.force_login(herself)
    url = f"{month.get_absolute_url()}?jours=1"
    page = text_of(client.get(url))
    line = month.lines.get()
    assert page.count(f'name="line_{line.pk}_') == 5  # four Tuesdays, and what was added
    days = {f"line_{line.pk}_{day}": "6 h" for day in ("06", "13", "20", "27")}
    posted = days | {f"line_{line.pk}_13": "0", f"line_{line.pk}_more": "2 h 30"}
    client.post(url, posted | {"seen": month.revision})
    assert fresh(month).lines.get().declared_minutes == 18 * 60 + 150


def test_a_day_of_more_than_24_hours_is_explained(client, herself, month):
    client.force_login(herself)
    line = month.lines.get()
    days = {f"line_{line.pk}_{day}": "6 h" for day in ("06", "13", "20")}
    posted = days | {f"line_{line.pk}_27": "25 h", "seen": month.revision}
    page = text_of(client.post(f"{month.get_absolute_url()}?jours=1", posted))
    assert "Une journée compte 24 heures" in page and "25 h" in page
    assert fresh(month).status == "open"


# Above the cap.


def test_hours_above_the_cap_are_kept_and_said_without_blame(
    client, herself, coordinator, caf_agent, claire
):
    make_placement(claire, slots=TWICE_A_WEEK)
    month = make_declaration(claire)
    client.force_login(herself)
    page = text_of(client.post(step(month), follow=True))
    assert fresh(month).hours_total == 54
    assert "4 h au-dessus" in page and "gardées telles quelles" in page
    for blame in ("interdit", "infraction", "erreur", "sanction"):
        assert blame not in page.lower()
    assert check_hours(fresh(month), AT) == 4 * 60
    for person in (coordinator, caf_agent):
        assert Alert.objects.visible_to(person).open().filter(kind="hours").count() == 1
    groups = todo(coordinator, AT)
    assert any("plafond" in item.title for _, items in groups for item in items)


def test_the_alert_of_a_neighbour_is_not_mine(other_caf, claire):
    make_placement(claire, slots=TWICE_A_WEEK)
    month = make_declaration(claire)
    declarations.submit_as_planned(
        month, by=User.objects.get(memberships__provider=claire), on=ON, at=AT
    )
    check_hours(month, AT)
    neighbour = f.make_user("Lise", "Voisine", member_of=f.make_service("RPE", caf=other_caf))
    ff.make_network_member("Sonia Haddad", service=neighbour.memberships.get().service)
    assert not Alert.objects.visible_to(neighbour).exists()


# The statement.


@pytest.fixture
def locked(claire, herself, month):
    declarations.submit_as_planned(month, by=herself, on=ON, at=AT)
    lock_declared_months(date(2026, 11, 20))
    return fresh(month)


def make_statements():
    rows = Outbox.objects.filter(kind="families.month_statement")
    return [outbox.deliver(row.pk) for row in rows]


@pytest.mark.pdf
def test_the_statement_is_made_once_when_the_month_is_locked(client, herself, locked):
    assert make_statements() == [True]
    document = fresh(locked).statement
    assert bytes(document.data).startswith(b"%PDF") and document.filename == "releve-2026-10.pdf"
    lock_declared_months(date(2026, 11, 21))
    assert Outbox.objects.filter(kind="families.month_statement").count() == 1
    client.force_login(herself)
    answer = client.get(statement(locked))
    assert answer.content == bytes(document.data)
    assert AccessLog.objects.filter(user=herself, object_id=locked.pk).exists()


def test_the_statement_names_families_by_a_first_name_and_an_initial(locked, herself):
    said = statement_context(locked)
    assert [family["name"] for family in said["families"]] == ["Fatoumata D."]
    assert (said["planned"], said["declared"]) == (24 * 60, 24 * 60)
    assert said["gauge"]["missing"] == "il reste 26\xa0h"
    assert said["declared_by"] == str(herself)


def test_two_children_of_a_family_are_one_line(claire, herself):
    household = ff.make_household(births=(date(2025, 3, 3), date(2024, 12, 1)))
    for child in household.children.all():
        make_placement(claire, slots=ONCE_A_WEEK, child=child)
    [family] = statement_context(make_declaration(claire))["families"]
    assert len(family["children"]) == 2 and family["planned"] == 48 * 60


def test_the_caf_gets_no_statement_the_coordinator_does(
    client, caf_agent, coordinator, locked, herself
):
    client.force_login(caf_agent)
    assert client.get(statement(locked)).status_code == 403
    client.force_login(coordinator)
    assert "en préparation" in text_of(client.get(statement(locked), follow=True))


def test_before_the_lock_there_is_no_statement(client, herself, month):
    client.force_login(herself)
    assert "verrouillé" in text_of(client.get(statement(month), follow=True))


def test_a_facility_has_no_statement(client):
    declaration = make_declaration(make_labelled_facility())
    client.force_login(ff.director_of(declaration.provider))
    assert client.get(statement(declaration)).status_code == 404


def test_a_crash_between_the_lock_and_the_statement_loses_nothing(locked):
    Outbox.objects.filter(kind="families.month_statement").delete()
    lock_declared_months(date(2026, 11, 22))
    assert Outbox.objects.filter(kind="families.month_statement").count() == 1
