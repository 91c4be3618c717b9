"""Calls for projects: their windows, and the day it is where the Caf works."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from avip.workflow import StepRefused
from labels import filing, workflow
from labels.models import CallForProjects, LabelApplication
from labels.requests import attach_person
from tests.labels.factories import (
    AT,
    ON,
    Status,
    make_application,
    make_confirmed_request,
    make_draft,
    make_label_request,
)


def make_call(caf, opens_on=ON, closes_on=date(2026, 3, 31), **fields):
    return CallForProjects.objects.create(
        caf=caf, title="Appel 2026", opens_on=opens_on, closes_on=closes_on, **fields
    )


@pytest.fixture
def by_calls(caf):
    """A Caf that takes first applications in its calls alone."""
    caf.takes_calls_only = True
    caf.save()
    return caf


def test_between_two_calls_no_first_application_opens(by_calls, facility, director):
    make_call(by_calls, date(2026, 9, 1), date(2026, 10, 15))
    with pytest.raises(StepRefused, match=r"du 1ᵉʳ\sseptembre\s2026 au 15\soctobre"):
        filing.open_application(facility, by=director, on=ON)
    assert not LabelApplication.objects.exists()


def test_without_any_date_announced_the_sentence_says_so(by_calls, facility, director):
    with pytest.raises(StepRefused, match="aucune date"):
        filing.open_application(facility, by=director, on=ON)


@pytest.mark.parametrize(
    ("day", "taken"),
    [(date(2026, 3, 1), False), (ON, True), (date(2026, 3, 31), True), (date(2026, 4, 1), False)],
)
def test_a_call_takes_dossiers_from_its_first_to_its_last_day(
    by_calls, facility, director, day, taken
):
    call = make_call(by_calls)
    application = make_draft(facility, by=director)
    if not taken:
        with pytest.raises(StepRefused, match="par appel à projets"):
            workflow.submit(application, by=director, on=day)
        return
    workflow.submit(application, by=director, on=day)
    application.refresh_from_db()
    assert application.call == call


def test_a_caf_that_takes_dossiers_all_year_ties_those_of_a_call_to_it(caf, facility, director):
    call = make_call(caf)
    application = make_application(Status.SUBMITTED, facility, by=director)
    assert application.call == call


def test_a_renewal_waits_for_no_call(by_calls, facility, director, caf_agent):
    make_call(by_calls, ON, ON + timedelta(days=1))
    make_application(Status.GRANTED, facility, by=director, agent=caf_agent)
    renewal = filing.open_application(
        facility, kind=LabelApplication.Kind.RENEWAL, by=director, on=date(2026, 6, 1)
    )
    assert renewal.call is None


def test_the_check_page_says_why_a_complete_dossier_waits(client, by_calls, facility, director):
    application = make_draft(facility, by=director)
    client.force_login(director)
    url = reverse("labels:application_check", args=[application.pk])
    assert "par appel à projets" in client.get(url).content.decode()
    refused = client.post(url)
    assert refused.status_code == 422
    assert "par appel à projets" in refused.content.decode()


@pytest.mark.parametrize(("zone", "open_"), [("Europe/Paris", False), ("America/Cayenne", True)])
def test_a_call_closes_at_midnight_where_the_caf_works(
    client, monkeypatch, by_calls, facility, director, zone, open_
):
    """On 1 April at 2:00 in Paris, it is still 31 March in Guyane."""
    by_calls.time_zone = zone
    by_calls.save()
    make_call(by_calls)
    application = make_draft(facility, by=director)
    client.force_login(director)
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 4, 1, 0, 0, tzinfo=UTC))
    public = client.get(by_calls.get_absolute_url()).content.decode()
    assert ("Demander le label</a>" in public) is open_
    client.post(reverse("labels:application_check", args=[application.pk]))
    application.refresh_from_db()
    assert (application.status == Status.SUBMITTED) is open_


def test_nobody_asks_for_the_label_on_the_public_page_between_two_calls(client, by_calls):
    response = client.get(reverse("labels:request", args=[by_calls.pk]))
    assert response.url == by_calls.get_absolute_url()
    page = client.get(response.url).content.decode()
    assert "par appel à projets" in page and "Demander le label</a>" not in page


def test_a_link_followed_after_the_call_opens_nothing(caf):
    make_label_request(caf)
    caf.takes_calls_only = True
    caf.save()
    with pytest.raises(StepRefused, match="par appel à projets"):
        make_confirmed_request(caf, email="autre@example.fr")
    assert not LabelApplication.objects.exists()


def test_a_person_is_attached_to_her_creche_between_two_calls(by_calls, facility, caf_agent):
    request = make_confirmed_request(by_calls, siret=facility.facility.siret)
    assert attach_person(request, by=caf_agent, on=ON, at=AT) is None
    assert facility.membership_set.filter(user=request.user).exists()


# The page of the Caf.


def call_answers(**answers):
    return {
        "title": "Appel 2026",
        "text": "Les <b>crèches</b> du nord.",
        "opens_on": "2026-03-02",
        "closes_on": "2026-03-31",
    } | answers


def test_the_responsable_opens_a_call_and_the_public_page_shows_its_text(
    client, caf, caf_manager, monkeypatch
):
    client.force_login(caf_manager)
    client.post(reverse("labels:call_create", args=[caf.pk]), call_answers())
    call = CallForProjects.objects.get()
    assert call.caf == caf
    monkeypatch.setattr(timezone, "now", lambda: AT)
    page = client.get(caf.get_absolute_url()).content.decode()
    assert "Appel 2026" in page and "Les &lt;b&gt;crèches&lt;/b&gt; du nord." in page


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"opens_on": "2026-03-31", "closes_on": "2026-04-30"}, "couvre déjà ces dates"),
        ({"opens_on": "2026-06-30", "closes_on": "2026-06-01"}, "ne peut pas précéder"),
        ({"closes_on": "2026-02-31"}, "date valide"),
    ],
)
def test_dates_that_do_not_hold_are_refused_in_words(client, caf, caf_manager, answers, said):
    make_call(caf)
    client.force_login(caf_manager)
    response = client.post(reverse("labels:call_create", args=[caf.pk]), call_answers(**answers))
    assert said in response.content.decode()
    assert CallForProjects.objects.count() == 1


def test_a_call_with_dossiers_keeps_its_opening_day_and_does_not_close_before_them(
    client, caf, caf_manager, facility, director
):
    call = make_call(caf)
    make_application(Status.SUBMITTED, facility, by=director)
    client.force_login(caf_manager)
    url = reverse("labels:call_update", args=[caf.pk, call.pk])
    assert "ce jour ne change plus" in client.get(url).content.decode()
    client.post(url, call_answers(opens_on="2026-01-01", closes_on="2026-05-31"))
    call.refresh_from_db()
    assert (call.opens_on, call.closes_on) == (ON, date(2026, 5, 31))
    CallForProjects.objects.update(opens_on=date(2026, 2, 1))
    refused = client.post(url, call_answers(closes_on="2026-03-01")).content.decode()
    assert "l’appel ne ferme pas avant" in refused


def test_two_calls_written_at_once_do_not_overlap(client, caf, caf_manager, monkeypatch):
    """The database refuses the second, and the page says so."""
    make_call(caf)
    monkeypatch.setattr(CallForProjects, "validate_constraints", lambda self, exclude=None: None)
    client.force_login(caf_manager)
    response = client.post(reverse("labels:call_create", args=[caf.pk]), call_answers())
    assert "couvre déjà ces dates" in response.content.decode()


@pytest.mark.parametrize("name", ["call_create", "question_create"])
def test_an_agent_reads_and_the_responsable_alone_writes(client, caf, caf_agent, name):
    client.force_login(caf_agent)
    edit = reverse("labels:caf_edit", args=[caf.pk])
    page = client.get(edit)
    assert page.status_code == 200 and "Les responsables de votre Caf" in page.content.decode()
    assert client.post(edit, {"public_text": "Autre"}).status_code == 403
    assert client.get(reverse(f"labels:{name}", args=[caf.pk])).status_code == 403
    caf.refresh_from_db()
    assert caf.public_text == ""


def test_another_caf_s_call_does_not_exist(client, caf, caf_manager, other_caf):
    call = make_call(other_caf)
    client.force_login(caf_manager)
    for args in ([other_caf.pk, call.pk], [caf.pk, call.pk]):
        assert client.get(reverse("labels:call_update", args=args)).status_code == 404


def test_a_director_of_another_creche_submits_nothing_in_a_call(caf, facility, other_director):
    make_call(caf)
    application = make_draft(facility)
    with pytest.raises(PermissionDenied):
        workflow.submit(application, by=other_director, on=ON)
