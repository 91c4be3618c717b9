"""First label, renewal, amendment: what each opens, what it asks for, what its grant changes."""

from datetime import date, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from avip.models import Document
from avip.workflow import StepRefused
from labels import filing, workflow
from labels.checks import application_missing
from labels.models import Label, LabelApplication, SupportingDocument
from labels.workflow import running_label
from partners.models import User
from tests import factories as f
from tests.labels.factories import AT, ON, WORDS, Proposal, Status, a_pdf, make_application

Kind = LabelApplication.Kind
LATER = date(2026, 6, 1)
FIGURES = {"quota_2025": {"label": "Part d’enfants Avip en 2025", "value": "24 % <b>"}}


@pytest.fixture
def label(facility, director, caf_agent):
    """A label granted on 2 March 2026, for 36 months."""
    application = make_application(Status.GRANTED, facility, by=director, agent=caf_agent)
    return Label.objects.get(application=application)


def amendment(facility, director, *blocks, on=LATER):
    return filing.open_application(facility, kind=Kind.AMENDMENT, blocks=blocks, by=director, on=on)


def decided(application, director, agent, decision=Proposal.GRANT, on=LATER, **words):
    """Submitted, reviewed and decided on that day."""
    at = AT + (on - ON)
    for kind in {item.field for item in application_missing(application, on)}:
        SupportingDocument.objects.create(
            application=application,
            kind=kind,
            document=Document.objects.write(filename=f"{kind}.pdf", data=a_pdf()),
        )
    decider = f.make_user("Marc", "D", member_of=application.caf)
    day = {"on": on, "at": at}
    workflow.submit(application, by=director, **day)
    workflow.start_review(application, by=agent, **day)
    workflow.declare_ready(application, by=agent, proposal=decision, reasons="Vu.", **day)
    words = WORDS.get(decision, {}) | words | day
    workflow.record_decision(
        application, by=decider, decision=decision, reasons="Vu.", decided_on=on, **words
    )
    return application


def test_a_renewal_opens_with_the_answers_the_label_was_granted_on(facility, director, label):
    renewal = filing.open_application(facility, kind=Kind.RENEWAL, by=director, on=LATER)
    assert renewal.current_label == label
    assert (renewal.planned_children, renewal.opens) == (30, time(7, 30))
    assert renewal.commitments.count() == label.application.commitments.count()
    missing = application_missing(renewal, LATER)
    assert {item.section for item in missing} == {"documents"}


def test_the_renewal_of_a_label_taken_over_opens_with_the_record_of_the_creche(facility, director):
    Label.objects.create(
        provider=facility,
        caf=facility.caf,
        taken_over=True,
        granted_on=ON,
        starts_on=ON,
        ends_on=date(2028, 1, 1),
    )
    renewal = filing.open_application(facility, kind=Kind.RENEWAL, by=director, on=LATER)
    assert renewal.licensed_capacity == 24
    assert renewal.facility_name == facility.name


def test_a_renewal_granted_follows_the_label_it_renews(facility, director, caf_agent, label):
    renewal = filing.open_application(facility, kind=Kind.RENEWAL, by=director, on=LATER)
    decided(renewal, director, caf_agent)
    following = running_label(facility, LATER)
    assert following.starts_on == label.ends_on + timedelta(days=1)
    assert following.approved["licensed_capacity"] == 24
    with pytest.raises(StepRefused, match="déjà renouvelé"):
        filing.open_application(facility, kind=Kind.RENEWAL, by=director, on=LATER)


def test_a_renewal_begun_in_time_may_be_handed_over_after_the_end(
    facility, director, caf_agent, label
):
    renewal = filing.open_application(facility, kind=Kind.RENEWAL, by=director, on=LATER)
    after = label.ends_on + timedelta(days=3)
    workflow.expire(label, on=after)
    decided(renewal, director, caf_agent, on=after)
    assert running_label(facility, after).starts_on == after


def test_after_the_end_of_the_label_a_renewal_gives_way_to_a_first_request(
    facility, director, label
):
    after = label.ends_on + timedelta(days=1)
    with pytest.raises(StepRefused, match="faites une nouvelle première demande"):
        filing.open_application(facility, kind=Kind.RENEWAL, by=director, on=after)
    assert filing.open_application(facility, by=director, on=after).kind == Kind.FIRST


def test_no_first_request_beside_an_open_renewal(facility, director, label):
    filing.open_application(facility, kind=Kind.RENEWAL, by=director, on=LATER)
    after = label.ends_on + timedelta(days=1)
    with pytest.raises(StepRefused, match="reprenez-le"):
        filing.open_application(facility, by=director, on=after)


@pytest.mark.parametrize("kind", [Kind.RENEWAL, Kind.AMENDMENT])
def test_without_a_label_there_is_nothing_to_renew_or_amend(facility, director, kind):
    with pytest.raises(StepRefused, match="n’a pas de label"):
        filing.open_application(facility, kind=kind, blocks=["hours"], by=director, on=ON)


def test_an_amendment_opens_only_what_was_ticked(client, facility, director, label):
    dossier = amendment(facility, director, "referent", "hours")
    assert dossier.blocks == ["hours", "referent"]
    client.force_login(director)

    def section(name):
        return client.get(reverse("labels:application_section", args=[dossier.pk, name]))

    assert section("horaires").status_code == 200
    assert section("referent").status_code == 200
    assert section("documents").status_code == 200  # the règlement follows the hours
    assert section("capacite").status_code == section("engagements").status_code == 404
    page = client.get(dossier.get_absolute_url()).content.decode()
    assert "Brouillon, pas encore déposé" in page and "Modification du label" in page
    check = client.get(reverse("labels:application_check", args=[dossier.pk])).content.decode()
    assert "Joignez le règlement" in check and "Engagements de la charte" not in check


def test_an_amendment_asks_what_changes(facility, director, label):
    with pytest.raises(StepRefused, match="Cochez ce qui change"):
        amendment(facility, director)


def test_a_draft_amendment_taken_up_again_opens_what_is_ticked_besides(facility, director, label):
    first = amendment(facility, director, "hours")
    again = amendment(facility, director, "referent")
    assert again == first
    assert again.blocks == ["hours", "referent"]


def test_an_amendment_granted_writes_what_it_changes_alone(facility, director, caf_agent, label):
    dossier = amendment(facility, director, "capacity", "manager")
    values = {"licensed_capacity": 40, "director_name": "Léa Neuve"}
    filing.save_section(dossier, by=director, seen=None, values=values)
    # Answers outside what was ticked change nothing, wherever they come from.
    LabelApplication.objects.filter(pk=dossier.pk).update(
        facility_name="Autre nom", family_referent_name="Autre référent", address="Ailleurs"
    )
    dossier.refresh_from_db()
    decided(dossier, director, caf_agent)
    facility.refresh_from_db()
    facility.facility.refresh_from_db()
    label.refresh_from_db()
    assert facility.name == "Les Petits Rameurs"
    assert facility.facility.address == "3 rue des Rames"
    assert facility.facility.licensed_capacity == label.approved["licensed_capacity"] == 40
    assert label.approved["director_name"] == "Léa Neuve"
    assert label.approved["family_referent_name"] == "Lina Roux"
    assert Label.objects.count() == 1
    # The next renewal starts from what was amended.
    renewal = filing.open_application(facility, kind=Kind.RENEWAL, by=director, on=LATER)
    assert (renewal.licensed_capacity, renewal.director_name) == (40, "Léa Neuve")
    assert renewal.facility_name == "Les Petits Rameurs"


def test_the_reservations_of_an_amendment_are_followed_with_those_of_the_label(
    facility, director, caf_agent, label
):
    Label.objects.filter(pk=label.pk).update(
        reservations="Afficher la charte.", reservations_due_on=date(2027, 12, 1)
    )
    dossier = amendment(facility, director, "referent")
    reserved = Proposal.GRANT_WITH_RESERVATIONS
    decided(dossier, director, caf_agent, reserved, reservations_due_on=date(2027, 10, 1))
    label.refresh_from_db()
    assert label.reservations == "Afficher la charte.\n\nVu."
    assert label.reservations_due_on == date(2027, 10, 1)
    assert label.reservations_lifted_on is None


def test_amended_hours_become_the_hours_of_the_creche(facility, director, caf_agent, label):
    dossier = amendment(facility, director, "hours")
    values = {"open_days": [0, 1], "opens": time(6), "closes": time(20)}
    filing.save_section(dossier, by=director, seen=None, values=values)
    decided(dossier, director, caf_agent)
    hours = facility.opening_hours.values_list("weekday", "opens", "closes")
    assert list(hours) == [(0, time(6), time(20)), (1, time(6), time(20))]
    label.refresh_from_db()
    assert (label.approved["opens"], label.approved["open_days"]) == ("06:00", [0, 1])


def test_a_refused_amendment_changes_nothing(facility, director, caf_agent, label):
    dossier = amendment(facility, director, "capacity")
    filing.save_section(dossier, by=director, seen=None, values={"licensed_capacity": 40})
    decided(dossier, director, caf_agent, Proposal.REFUSE)
    label.refresh_from_db()
    assert label.approved["licensed_capacity"] == 24
    assert label.status == Label.Status.ACTIVE


def test_the_label_remembers_what_the_committee_approved(label):
    assert label.approved == {
        "facility_name": "Les Petits Rameurs",
        "siret": label.provider.facility.siret,
        "address": "3 rue des Rames",
        "facility_type": "collective",
        "funding": "psu",
        "licensed_capacity": 24,
        "opens": "07:30",
        "closes": "18:30",
        "open_days": [0, 1, 2, 3, 4],
        "operator_name": "Ville de Paris",
        "director_name": "Nadia Benali",
        "family_referent_name": "Lina Roux",
        "planned_avip_children": 7,
    }


def test_a_label_that_ended_meanwhile_is_no_longer_amended(facility, director, label):
    dossier = amendment(facility, director, "referent")
    workflow.expire(label, on=label.ends_on + timedelta(days=1))
    dossier = LabelApplication.objects.get(pk=dossier.pk)
    with pytest.raises(StepRefused, match="n’est plus en cours"):
        workflow.submit(dossier, by=director, on=label.ends_on + timedelta(days=1))


def test_the_application_opens_a_renewal_once_with_its_figures(
    client, facility, director, caf_agent, label
):
    renewal = filing.open_renewal(label, FIGURES, by=None, on=LATER, at=AT)
    assert filing.open_renewal(label, {}, by=None, on=LATER) == renewal
    assert renewal.attached_at == AT and renewal.opened_by is None
    client.force_login(director)
    page = client.get(renewal.get_absolute_url()).content.decode()
    assert "Ce que nous savons déjà" in page and "24 % &lt;b&gt;" in page
    workflow.withdraw(renewal, by=director, on=LATER)
    assert filing.open_renewal(label, FIGURES, by=None, on=LATER) == renewal
    assert LabelApplication.objects.filter(kind=Kind.RENEWAL).count() == 1


def test_the_caf_reads_the_figures_of_a_renewal_handed_over(
    client, facility, director, caf_agent, label
):
    renewal = filing.open_renewal(label, FIGURES, by=None, on=LATER, at=AT)
    decided(renewal, director, caf_agent)
    client.force_login(caf_agent)
    page = client.get(renewal.get_absolute_url()).content.decode()
    assert "Part d’enfants Avip en 2025" in page


def test_a_renewal_opened_by_hand_is_given_its_figures(facility, director, label):
    renewal = filing.open_application(facility, kind=Kind.RENEWAL, by=director, on=LATER)
    filing.open_renewal(label, FIGURES, by=None, on=LATER)
    renewal.refresh_from_db()
    assert renewal.given_figures == FIGURES


def test_nobody_else_opens_a_renewal(label, other_director):
    with pytest.raises(PermissionDenied):
        filing.open_renewal(label, {}, by=other_director, on=LATER)


def test_the_page_offers_what_is_possible_and_says_why_the_rest_is_not(client, director, label):
    client.force_login(director)
    url = reverse("labels:application_create")
    page = client.get(url).content.decode()
    assert "Renouvellement." in page and "Modification." in page
    assert "Première demande." not in page and "déjà un label" in page
    refused = client.post(url, {"kind": "amendment"}).content.decode()
    assert "Cochez ce qui change" in refused
    client.post(url, {"kind": "amendment", "blocks": ["hours"]})
    dossier = LabelApplication.objects.get(kind=Kind.AMENDMENT)
    page = client.get(url).content.decode()
    assert dossier.get_absolute_url() in page and "Reprendre" in page
    client.post(url, {"kind": "amendment", "blocks": ["referent"]})
    dossier.refresh_from_db()
    assert dossier.blocks == ["hours", "referent"]


def test_an_operator_sees_all_its_creches_and_files_for_one(client, caf):
    operator = f.make_operator()
    creches = [f.make_facility(f"Crèche {n}", caf=caf, operator=operator) for n in range(3)]
    manager = f.make_user("Philippe", "Girard", member_of=operator)
    client.force_login(manager)
    for url in (reverse("labels:application_list"), reverse("labels:application_create")):
        page = client.get(url).content.decode()
        assert all(creche.name in page for creche in creches)
    client.post(f"{reverse('labels:application_create')}?creche={creches[1].pk}", {"kind": "first"})
    assert LabelApplication.objects.get().provider == creches[1]


@pytest.mark.parametrize("name", ["application_list", "application_create"])
def test_the_creches_of_an_operator_cost_the_same_whatever_their_number(
    client, caf, django_assert_max_num_queries, name
):
    operator = f.make_operator()
    manager = f.make_user("Philippe", "Girard", member_of=operator)
    client.force_login(manager)

    def queries_with(number):
        for n in range(number):
            creche = f.make_facility(f"Crèche {number}-{n}", caf=caf, operator=operator)
            filing.open_application(creche, by=User.objects.get(pk=manager.pk), on=ON)
        with django_assert_max_num_queries(60) as counted:
            assert client.get(reverse(f"labels:{name}")).status_code == 200
        return len(counted)

    assert queries_with(3) == queries_with(27)
