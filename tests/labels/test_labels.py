"""The label: its dates, its life, its certificate, its pages."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse

from avip.models import Document
from avip.workflow import StepRefused
from labels import workflow
from labels.documents import certificate_context, verification_url
from labels.models import Label, LabelApplication
from labels.tasks.labels import expire_labels
from labels.workflow import LABEL
from tests import factories as f
from tests.labels.factories import ON, Status, make_application

S = Label.Status


def make_label(provider, *, status=S.ACTIVE, starts_on=ON, ends_on=date(2029, 3, 1), **fields):
    return Label.objects.create(
        provider=provider,
        caf=provider.caf,
        granted_on=starts_on,
        starts_on=starts_on,
        ends_on=ends_on,
        status=status,
        **fields,
    )


@pytest.fixture
def granted(facility, director, caf_agent, caf_manager):
    application = make_application(
        Status.GRANTED, facility, by=director, agent=caf_agent, decider=caf_manager
    )
    return Label.objects.get(application=application)


def test_a_label_runs_from_the_decision_for_the_length_of_the_rules(granted):
    assert granted.starts_on == granted.granted_on == ON
    assert granted.ends_on == date(2029, 3, 1)
    assert [change.step for change in granted.history.all()] == ["grant"]


def test_the_rules_of_the_decision_are_kept_with_it(granted):
    values = granted.application.decision_values
    assert values["label_duration_months"]["value"] == 36
    assert values["quota_rate"]["value"] == "0.20"
    assert "L. 214-7" in values["quota_rate"]["reference"]


def test_a_local_length_is_used_from_its_first_day(facility, caf_agent, caf_manager, caf):
    from labels.models import LocalRule

    LocalRule.objects.create(
        caf=caf,
        key="label_duration_months",
        valid_from=ON,
        value=24,
        reference="Comité du 1er mars",
        motive="Essai",
        set_by=caf_manager,
        recorded_at="2026-01-01T00:00:00Z",
    )
    make_application(Status.GRANTED, facility, agent=caf_agent, decider=caf_manager)
    assert Label.objects.get().ends_on == date(2028, 3, 1)


def test_reservations_are_written_on_the_label(facility, caf_agent, caf_manager):
    make_application(
        Status.GRANTED_WITH_RESERVATIONS, facility, agent=caf_agent, decider=caf_manager
    )
    assert Label.objects.get().reservations == "Vu."


def test_the_dossier_completes_the_record_of_a_new_creche(caf, caf_agent, caf_manager):
    provider = f.make_facility("Neuve", caf=caf, capacity=None)
    provider.opening_hours.all().delete()
    make_application(Status.GRANTED, provider, agent=caf_agent, decider=caf_manager)
    provider.facility.refresh_from_db()
    assert provider.facility.licensed_capacity == 24
    assert provider.opening_hours.count() == 5


def test_the_certificate_prints_what_the_committee_approved(
    facility, other_facility, caf_agent, caf_manager
):
    siret = f.make_siret()
    approved = {
        "facility_name": "Les Rameurs réunis",
        "siret": siret,
        "address": "5 quai des Rames",
        "facility_type": "multi",
        "funding": "paje",
        "licensed_capacity": 40,
        "in_qpv": True,
    }
    make_application(Status.GRANTED, facility, agent=caf_agent, decider=caf_manager, **approved)
    printed = certificate_context(Label.objects.get())
    assert printed["provider"].name == "Les Rameurs réunis"
    record = printed["facility"]
    assert (record.siret, record.address) == (siret, "5 quai des Rames")
    assert (record.type, record.funding, record.licensed_capacity) == ("multi", "paje", 40)
    assert record.in_qpv


def test_a_siret_taken_meanwhile_stays_with_the_other_creche(
    facility, other_facility, caf_agent, caf_manager
):
    own, taken = facility.facility.siret, other_facility.facility.siret
    make_application(Status.GRANTED, facility, agent=caf_agent, decider=caf_manager, siret=taken)
    facility.facility.refresh_from_db()
    assert facility.facility.siret == own
    assert facility.facility.licensed_capacity == 24


def test_a_refusal_changes_nothing_of_the_record(facility, caf_agent, caf_manager):
    make_application(
        Status.REFUSED, facility, agent=caf_agent, decider=caf_manager, licensed_capacity=40
    )
    facility.facility.refresh_from_db()
    assert facility.facility.licensed_capacity == 24


def test_two_labels_never_overlap(facility):
    make_label(facility)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_label(facility, starts_on=date(2027, 1, 1), ends_on=date(2030, 1, 1))


def test_a_label_ends_after_it_starts(facility):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_label(facility, ends_on=ON - timedelta(days=1))


def test_a_second_first_label_is_refused_while_one_runs(facility, caf_agent, caf_manager):
    application = make_application(Status.READY, facility, agent=caf_agent)
    make_label(facility)
    with pytest.raises(StepRefused, match="déjà un label"):
        workflow.record_decision(
            application, by=caf_manager, on=ON, decision="grant", reasons="", decided_on=ON
        )


def test_a_renewal_follows_the_label_it_renews(facility, caf_agent, caf_manager):
    held = make_label(facility, starts_on=date(2023, 6, 1), ends_on=date(2026, 5, 31))
    application = make_application(Status.READY, facility, agent=caf_agent)
    LabelApplication.objects.update(kind=LabelApplication.Kind.RENEWAL, current_label=held)
    application.refresh_from_db()
    workflow.record_decision(
        application, by=caf_manager, on=ON, decision="grant", reasons="", decided_on=ON
    )
    assert Label.objects.get(application=application).starts_on == date(2026, 6, 1)
    expire_labels(date(2026, 6, 1))
    assert Label.objects.get(application=None).status == S.RENEWED


@pytest.mark.parametrize(
    ("on", "status"), [(date(2029, 3, 1), S.ACTIVE), (date(2029, 3, 2), S.EXPIRED)]
)
def test_a_label_is_closed_the_day_after_its_last_day(facility, on, status):
    label = make_label(facility)
    expire_labels(on)
    expire_labels(on)
    label.refresh_from_db()
    assert label.status == status
    assert label.history.count() == (status == S.EXPIRED)


@pytest.mark.parametrize("status", [S.WITHDRAWN, S.EXPIRED, S.RELINQUISHED, S.RENEWED])
def test_a_label_that_is_over_moves_no_more(facility, caf_manager, director, status):
    label = make_label(facility, status=status)
    for name in LABEL.steps:
        for by in (caf_manager, director, None):
            with (
                pytest.raises((StepRefused, PermissionDenied)),
                LABEL.take(name, label, by=by, on=date(2030, 1, 1)),
            ):
                pass


def test_the_responsable_suspends_and_lifts_the_agent_does_not(facility, caf_agent, caf_manager):
    label = make_label(facility)
    with pytest.raises(PermissionDenied):
        workflow.take_label_step("suspend", label, by=caf_agent, on=ON)
    workflow.take_label_step("suspend", label, by=caf_manager, on=ON, reasons="Travaux.")
    assert not Label.objects.running_on(ON).exists()
    workflow.take_label_step("lift", label, by=caf_manager, on=ON)
    assert Label.objects.running_on(ON).exists()


def test_a_label_is_withdrawn_only_after_a_formal_notice(facility, caf_manager):
    label = make_label(facility)
    with pytest.raises(StepRefused):
        workflow.take_label_step("withdraw", label, by=caf_manager, on=ON)
    month = timedelta(days=30)
    workflow.give_notice(label, by=caf_manager, on=ON, reasons="Quota.", reply_by=ON + month)
    after = ON + month + timedelta(days=1)
    with pytest.raises(StepRefused, match="jusqu’au 01/04/2026"):
        workflow.take_label_step("withdraw", label, by=caf_manager, on=ON + month)
    workflow.take_label_step("withdraw", label, by=caf_manager, on=after, reasons="Sans réponse.")
    assert label.status == S.WITHDRAWN


def test_the_certificate_says_the_facts_and_where_to_check_them(granted, settings):
    from django.template.loader import render_to_string

    html = render_to_string("labels/pdf/certificate.html", certificate_context(granted))
    assert verification_url(granted) == f"{settings.BASE_URL}/verifier/{granted.code}/"
    assert html.count(verification_url(granted)) >= 2
    assert "Les Petits Rameurs" in html and "Caf de Paris" in html
    assert "20\xa0%" in html and "2\xa0mars\xa02026" in html
    assert "data:image/svg+xml" in html


def test_the_certificate_is_read_by_those_who_see_the_label(
    client, granted, director, other_director, other_facility, caf_agent, other_caf_agent
):
    make_label(other_facility)  # the neighbours have one of their own
    url = reverse("labels:certificate", args=[granted.pk])
    client.force_login(director)
    assert "en préparation" in client.get(url, follow=True).content.decode()
    document = Document.objects.write(filename="attestation.pdf", data=b"%PDF-1.7")
    Label.objects.filter(pk=granted.pk).update(certificate=document)
    for person, status in [
        (director, 200),
        (caf_agent, 200),
        (other_director, 404),
        (other_caf_agent, 404),
    ]:
        client.force_login(person)
        assert client.get(url).status_code == status
        detail = client.get(reverse("labels:label_detail", args=[granted.pk]))
        assert detail.status_code == status


def test_the_labels_of_a_caf_are_listed_first_to_end_first(client, caf, caf_agent, other_facility):
    for name, year in [("Tard", 2030), ("Tôt", 2027)]:
        make_label(f.make_facility(name, caf=caf), ends_on=date(year, 1, 1))
    make_label(other_facility)
    client.force_login(caf_agent)
    response = client.get(reverse("labels:label_list"))
    assert [str(label.provider) for label in response.context["labels"]] == ["Tôt", "Tard"]
    none = client.get(reverse("labels:label_list"), {"status": "withdrawn"})
    assert "Aucun label ne correspond" in none.content.decode()


def test_the_list_is_filtered_by_the_end_of_the_label_and_exported(client, caf, caf_agent):
    today = date.today()
    for name, days in [("Bientôt", 20), ("=cmd", 80), ("Loin", 400)]:
        ends_on = today + timedelta(days=days)
        make_label(f.make_facility(name, caf=caf), ends_on=ends_on)
    client.force_login(caf_agent)
    page = client.get(reverse("labels:label_list"), {"ends": "1"})
    assert [str(label.provider) for label in page.context["labels"]] == ["Bientôt"]
    export = client.get(reverse("labels:label_export", args=["csv"]), {"ends": "3"})
    text = export.content.decode("utf-8-sig")
    assert "Bientôt" in text and "Loin" not in text
    assert "\n=cmd" not in text  # no cell is ever a formula
    xlsx = client.get(reverse("labels:label_export", args=["xlsx"]))
    assert xlsx.content.startswith(b"PK")
    assert client.get(reverse("labels:label_export", args=["pdf"])).status_code == 404
