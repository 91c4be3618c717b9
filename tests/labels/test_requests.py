"""« Demander le label » without an account: nothing opens before the mailbox is proved."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.jobs import SCHEDULES
from avip.models import Outbox
from avip.workflow import StepRefused
from labels import workflow
from labels.models import LabelApplication, LabelRequest
from labels.requests import attach_person, confirm_request
from partners.models import Facility, Membership, User
from partners.tokens import make_token
from tests import factories as f
from tests.labels.factories import ON, Status, make_confirmed_request, make_label_request

FORM = reverse("labels:request_confirm_form")
NEW_PASSWORD = "une phrase que je retiens"


def answers(**changed):
    return {
        "facility_name": "Les Mousses",
        "siret": f.make_siret(),
        "postal_code": "75020",
        "first_name": "Zoé",
        "last_name": "Martin",
        "email": "zoe@mousses.example.fr",
    } | changed


@pytest.fixture
def page(caf):
    f.make_commune()
    return reverse("labels:request", args=[caf.pk])


def open_link(client, label_request):
    token = make_token("labels.request", label_request.pk)
    return client.get(reverse("labels:request_confirm", args=[token]), follow=True)


def test_the_answer_is_the_same_whether_the_address_is_known_or_not(client, page, director):
    first = client.post(page, answers(), follow=True)
    second = client.post(page, answers(email=director.email), follow=True)
    assert first.content == second.content
    assert "Regardez vos courriels" in first.content.decode()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"siret": "73282932000075"}, "Ce numéro SIRET n’existe pas"),
        ({"postal_code": "13001"}, "Aucune commune suivie par la Caf de Paris"),
        ({"postal_code": "750"}, "cinq chiffres"),
        ({"email": "zoe"}, "adresse"),
    ],
)
def test_a_wrong_answer_is_refused_in_words(client, page, changed, said):
    response = client.post(page, answers(**changed))
    assert said in response.content.decode()
    assert not LabelRequest.objects.exists()


def test_one_address_receives_few_mails_a_day(client, page):
    for _ in range(SCHEDULES["label_requests_per_day"] + 2):
        client.post(page, answers())
    assert LabelRequest.objects.count() == SCHEDULES["label_requests_per_day"]


def test_the_mail_carries_the_link_and_nothing_opens_before_it(client, page, mailoutbox):
    client.post(page, answers())
    label_request = LabelRequest.objects.get()
    outbox.deliver(Outbox.objects.get(kind="labels.request_link").pk)
    assert make_token("labels.request", label_request.pk) in mailoutbox[0].body
    assert label_request.token_sha256 not in mailoutbox[0].body
    assert not Facility.objects.exists() and not User.objects.exists()


def test_reading_the_link_changes_nothing(client, caf):
    label_request = make_label_request(caf)
    response = open_link(client, label_request)
    assert response.redirect_chain == [(FORM, 302)]
    assert "Choisissez un mot de passe" in response.content.decode()
    assert not User.objects.exists()


def test_the_session_keeps_no_secret_and_no_cache_keeps_the_page(client, caf):
    response = open_link(client, make_label_request(caf))
    label_request = LabelRequest.objects.get()
    assert client.session["label_request"] == label_request.token_sha256
    assert "no-store" in response["Cache-Control"]


def test_a_password_opens_the_creche_and_a_draft_that_waits_for_the_caf(client, caf, caf_agent):
    label_request = make_label_request(caf)
    open_link(client, label_request)
    response = client.post(
        FORM,
        {"commune": "75120", "quality": "directrice", "password": NEW_PASSWORD},
        follow=True,
    )
    application = LabelApplication.objects.get()
    person = User.objects.get(email="zoe@mousses.example.fr")
    assert response.context["user"] == person
    assert application.attached_at is None
    assert application.provider.facility.siret == label_request.siret
    membership = person.memberships.get()
    assert (membership.provider, membership.quality) == (application.provider, "directrice")
    assert membership.is_admin
    assert "confirmer que vous travaillez" in response.content.decode()
    assert Outbox.objects.filter(kind="labels.to_attach", recipient_id=str(caf_agent.pk)).exists()


def test_a_weak_password_is_refused(client, caf):
    open_link(client, make_label_request(caf))
    response = client.post(FORM, {"commune": "75120", "quality": "directrice", "password": "court"})
    assert "14 caractères" in response.content.decode()
    assert not User.objects.exists()


def test_a_link_opens_one_dossier_only(client, caf):
    label_request = make_confirmed_request(caf)
    assert "déjà confirmée" in open_link(client, label_request).content.decode()
    with pytest.raises(StepRefused):
        confirm_request(label_request, commune=f.make_commune(), quality="d", on=ON)


def test_an_expired_link_opens_nothing(client, caf):
    label_request = make_label_request(caf)
    LabelRequest.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert "n’est plus valable" in open_link(client, label_request).content.decode()
    data = {"commune": "75120", "quality": "directrice", "password": NEW_PASSWORD}
    client.post(FORM, data)
    assert not User.objects.exists()


def test_the_holder_of_an_account_signs_in_first_and_keeps_her_password(client, caf, director):
    label_request = make_label_request(caf, email=director.email)
    assert "Vous avez déjà un compte" in open_link(client, label_request).content.decode()
    client.post(FORM, {"commune": "75120", "quality": "d", "password": NEW_PASSWORD})
    assert not LabelApplication.objects.exists()
    client.force_login(director)
    open_link(client, label_request)
    client.post(FORM, {"commune": "75120", "quality": "directrice"})
    assert LabelApplication.objects.get().opened_by == director
    director.refresh_from_db()
    assert director.check_password(f.PASSWORD)


def test_the_link_of_somebody_else_opens_nothing_here(client, caf, director):
    client.force_login(director)
    label_request = make_label_request(caf)
    assert "pour une autre adresse" in open_link(client, label_request).content.decode()


def test_a_known_siret_gives_no_access_until_the_caf_says_so(
    client, caf, facility, director, caf_agent
):
    label_request = make_label_request(caf, siret=facility.facility.siret)
    open_link(client, label_request)
    response = client.post(
        FORM, {"commune": "75120", "quality": "adjointe", "password": NEW_PASSWORD}, follow=True
    )
    assert "Votre Caf est prévenue" in response.content.decode()
    person = User.objects.get(email="zoe@mousses.example.fr")
    assert not person.memberships.exists() and not LabelApplication.objects.exists()

    client.force_login(caf_agent)
    queue = client.get(reverse("labels:application_list")).content.decode()
    assert "À rattacher" in queue and "Zoé Martin" in queue
    client.post(reverse("labels:request_answer", args=[label_request.pk, "rattacher"]))
    membership = person.memberships.get()
    assert membership.provider == facility
    assert not membership.is_admin  # the crèche has an administrator already
    assert LabelApplication.objects.get().attached_at


def test_the_neighbouring_caf_cannot_attach(client, caf, facility, other_caf, other_caf_agent):
    label_request = make_confirmed_request(caf, siret=facility.facility.siret)
    make_confirmed_request(other_caf, email="luc@voisins.example.fr")  # one of its own
    client.force_login(other_caf_agent)
    url = reverse("labels:request_answer", args=[label_request.pk, "rattacher"])
    assert client.post(url).status_code == 404
    assert not Membership.objects.filter(provider=facility).exists()


def test_a_known_siret_of_another_caf_is_answered_by_that_caf(caf, other_facility, other_caf):
    label_request = make_confirmed_request(caf, siret=other_facility.facility.siret)
    assert label_request.caf == other_caf


def test_the_caf_answers_once(caf, facility, caf_agent):
    label_request = make_confirmed_request(caf, siret=facility.facility.siret)
    attach_person(label_request, by=caf_agent, on=ON)
    with pytest.raises(StepRefused):
        attach_person(label_request, by=caf_agent, on=ON)


def test_the_caf_may_turn_somebody_down(client, caf, facility, caf_agent):
    label_request = make_confirmed_request(caf, siret=facility.facility.siret)
    client.force_login(caf_agent)
    client.post(reverse("labels:request_answer", args=[label_request.pk, "ecarter"]))
    assert not Membership.objects.filter(provider=facility).exists()
    assert not LabelRequest.objects.to_attach().exists()


def test_the_caf_attaches_the_author_of_a_draft_or_sets_it_aside(client, caf, caf_agent):
    application = make_confirmed_request(caf).application
    client.force_login(caf_agent)
    page = client.get(application.get_absolute_url()).content.decode()
    assert "Zoé Martin" in page and "zoe@mousses.example.fr" in page
    client.post(reverse("labels:application_step", args=[application.pk, "attach"]))
    application.refresh_from_db()
    assert application.attached_at

    other = make_confirmed_request(caf, email="faux@example.fr").application
    client.post(
        reverse("labels:application_dismiss", args=[other.pk]),
        {"reasons": "Inconnue de la crèche."},
    )
    other.refresh_from_db()
    assert other.status == Status.WITHDRAWN


def test_the_attached_director_is_told_with_the_link_to_her_dossier(caf, caf_agent, mailoutbox):
    application = make_confirmed_request(caf).application
    workflow.attach(application, by=caf_agent, on=ON)
    outbox.deliver(Outbox.objects.get(kind="labels.attached").pk)
    assert application.get_absolute_url() in mailoutbox[-1].body
