"""The pages of the parties: what each reads, what each may press."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from avip.models import AccessLog
from avip.templatetags.words import fr_date
from families.documents import make_sealed_contract
from families.models import AvipContract, CoordinationPoint, Interview, Signatory, Signature
from families.workflow import contracts
from tests import factories as base
from tests.families import factories as f
from tests.families.pages import signed_in, text_of, url, what_the_form_sends

pytestmark = pytest.mark.django_db


def test_the_parties_read_the_name_and_the_caf_does_not(live):
    parent = live.household.parents.get()
    people = [live.adviser, f.director_of(live.provider)]
    for person in people:
        page = text_of(signed_in(person).get(live.get_absolute_url()))
        assert str(parent) in page and "Issa" in page
    caf_agent = base.make_user(member_of=live.caf)
    client = signed_in(caf_agent)
    for page in (
        client.get(live.get_absolute_url()),
        client.get(reverse("families:contract_list")),
    ):
        assert page.status_code == 200
        for secret in (parent.last_name, parent.short_name, "Issa", parent.phone):
            assert secret not in text_of(page)
    for name in (
        "contract_text",
        "contract_pdf",
        "contract_evidence",
        "contract_sign",
        "contract_renew",
    ):
        assert client.get(url(name, live)).status_code == 403


def test_a_foreign_contract_does_not_exist(live):
    other = f.make_contract()
    client = signed_in(other.adviser)
    signatory = live.version.signatories.get(role=Signatory.Role.PARENT)
    for name in (
        "contract_detail",
        "contract_text",
        "contract_sign",
        "contract_pdf",
        "contract_renew",
    ):
        assert client.get(url(name, live)).status_code == 404
    for name in ("sign_on_site", "sign_attested", "sign_on_paper", "contract_send_link"):
        assert client.get(url(name, live, signatory.pk)).status_code == 404
        # A signatory of another contract, under one's own.
        assert client.get(url(name, other, signatory.pk)).status_code == 404
    assert (
        client.get(reverse("families:contract_propose", args=[live.referral_id])).status_code == 404
    )


def test_the_file_is_read_in_sixteen_queries(db, of_today, django_assert_max_num_queries):
    """Every trade that sees it; what most contracts lack is asked only where it exists."""
    contract, today = f.make_contract("active", **of_today), of_today["on"]
    people = [contract.adviser, f.director_of(contract.provider)]
    for person in [*people, base.make_user(member_of=contract.caf)]:
        client = signed_in(person)
        client.get(contract.get_absolute_url())
        with django_assert_max_num_queries(16):
            client.get(contract.get_absolute_url())
    client = signed_in(contract.adviser)
    point = CoordinationPoint(contract=contract, held_on=today, by=contract.adviser)
    point.save(force_insert=True)
    Interview.objects.create(
        contract=contract, planned_at=timezone.now() + timedelta(days=2), by=contract.adviser
    )
    with django_assert_max_num_queries(18):
        page = text_of(client.get(contract.get_absolute_url()))
    assert fr_date(today) in page and "prévu le" in page


def test_the_list_keeps_its_filter_and_its_number_of_queries(live):
    client = signed_in(live.adviser)
    page = client.get(reverse("families:contract_list"), {"status": "to_sign"})
    assert live.household.parents.get().short_name in text_of(page)
    assert "0\xa0signature sur 3" in text_of(page)
    empty = client.get(reverse("families:contract_list"), {"status": "ended"})
    assert "Aucun contrat ne correspond" in text_of(empty)
    for _ in range(4):
        f.make_contract(household=f.make_household(live.agency, adviser=live.adviser))
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("families:contract_list"))
    AvipContract.objects.exclude(pk=live.pk).update(agency=base.make_agency())
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("families:contract_list"))
    assert len(many) == len(one)


def test_a_proposal_is_prefilled_and_signed_by_nobody_yet(of_today):
    referral = f.make_referral("confirmed", **of_today)
    client = signed_in(referral.adviser)
    address = reverse("families:contract_propose", args=[referral.pk])
    sent = what_the_form_sends(client.get(address))
    assert sent["envelope_hours"] == 12 and sent["start_on"] == of_today["from_on"]
    answer = client.post(address, sent | {"starts_5_0": "", "ends_0_0": "23:00"})
    assert "dépasse l’ouverture" in text_of(answer)
    assert answer.context["form"]["ends_0_0"].value() == "23:00"  # what was typed is kept
    answer = client.post(address, sent, follow=True)
    contract = AvipContract.objects.get()
    assert answer.redirect_chain[-1][0] == contract.get_absolute_url()
    # Pressed again, the contract that exists is shown.
    assert client.post(address, sent).url == contract.get_absolute_url()
    assert AvipContract.objects.count() == 1


@pytest.mark.parametrize("persona", ["director", "childminder", "coordinator", "adviser"])
def test_a_place_not_confirmed_yet_shows_no_proposal_and_no_name(of_today, persona):
    if persona in ("childminder", "coordinator"):
        referral = f.make_referral("sent", provider=f.make_network_member(), **of_today)
    else:
        referral = f.make_referral("sent", **of_today)
    person = {
        "director": lambda: f.director_of(referral.provider),
        "childminder": lambda: base.make_user("Claire", "Morel", member_of=referral.provider),
        "coordinator": lambda: f.coordinator_of(referral.provider),
        "adviser": lambda: referral.adviser,
    }[persona]()
    client = signed_in(person)
    address = reverse("families:contract_propose", args=[referral.pk])
    for answer in (client.get(address), client.post(address, {})):
        assert answer.status_code == 302 and answer.url == referral.get_absolute_url()
    page = text_of(client.get(address, follow=True))
    assert "quand la famille a confirmé sa place" in page
    if persona != "adviser":
        assert "Issa" not in page and "Diallo" not in page and "Fatoumata" not in page


def test_reading_a_proposal_is_logged(of_today):
    referral = f.make_referral("confirmed", **of_today)
    client = signed_in(referral.adviser)
    client.get(reverse("families:contract_propose", args=[referral.pk]))
    assert AccessLog.objects.get().object_id == referral.pk


def test_a_stale_proposal_says_by_whom_and_keeps_what_was_typed(of_today):
    referral = f.make_referral("confirmed", **of_today)
    client = signed_in(referral.adviser)
    address = reverse("families:contract_propose", args=[referral.pk])
    sent = what_the_form_sends(client.get(address))
    stale = client.post(address, sent | {"seen": int(sent["seen"]) - 1, "settling_in_days": 4})
    assert "modifié entre-temps par Karim Belkacem" in text_of(stale)
    again = stale.context["form"]
    assert (again["settling_in_days"].value(), again["seen"].value()) == ("4", referral.revision)


def test_a_renewal_from_its_page(today):
    past = today - timedelta(days=75 + today.weekday())
    then = timezone.now() - timedelta(days=100)
    contract = f.make_contract("active", on=past - timedelta(days=14), at=then, from_on=past)
    client = signed_in(contract.adviser)
    assert "renouveler" in text_of(client.get(contract.get_absolute_url()))
    sent = what_the_form_sends(client.get(url("contract_renew", contract)))
    client.post(url("contract_renew", contract), sent)
    assert contract.renewals.get().status == "to_sign"
    refused = client.post(url("contract_renew", contract), sent)
    assert "existe déjà" in text_of(refused)


def test_signing_asks_the_password_at_the_last_minute_and_loses_nothing(live):
    client = signed_in(live.adviser)
    page = client.get(url("contract_sign", live))
    assert page.status_code == 200 and "L’essentiel" in text_of(page)
    sent = {"text_sha256": live.version.text_sha256, "consent": "on"}
    asked = client.post(url("contract_sign", live), sent, REMOTE_ADDR="192.0.2.9")
    assert asked.url.startswith(reverse("account_reauthenticate"))
    assert not Signature.objects.exists()
    wrong = client.post(asked.url, {"password": "faux", "next": url("contract_sign", live)})
    assert wrong.status_code == 200 and not Signature.objects.exists()
    done = client.post(asked.url, {"password": base.PASSWORD, "next": url("contract_sign", live)})
    assert done.url == live.get_absolute_url()
    signature = Signature.objects.get()
    assert (signature.method, signature.user) == ("account", live.adviser)
    assert signature.evidence["ip"] == "192.0.2.9"
    # Pressed twice: quiet.
    assert client.post(url("contract_sign", live), sent).status_code == 302
    assert Signature.objects.count() == 1


def test_a_text_changed_meanwhile_and_a_forgotten_tick(live):
    client = signed_in(live.adviser)
    sent = {"text_sha256": "0" * 64, "consent": "on"}
    asked = client.post(url("contract_sign", live), sent)
    page = client.post(asked.url, {"password": base.PASSWORD, "next": url("contract_sign", live)})
    assert "Le texte a changé" in text_of(page)
    page = client.post(url("contract_sign", live), {"text_sha256": live.version.text_sha256})
    assert "Cochez cette case" in text_of(page)
    assert not Signature.objects.exists()


def test_support_in_a_borrowed_account_never_signs(live):
    support = base.make_user("Sam", "Support")
    type(support).objects.filter(pk=support.pk).update(is_staff=True)
    client = Client()
    client.force_login(support)
    borrow = {"email": live.adviser.email, "reason": "demande 12"}
    assert client.post(reverse("partners:support"), borrow).status_code == 302
    page = client.get(live.get_absolute_url())
    assert page.status_code == 200 and "Lire et signer" not in text_of(page)
    parent = live.version.signatories.get(role=Signatory.Role.PARENT)
    assert client.get(url("contract_sign", live)).status_code == 403
    for name in ("sign_on_site", "sign_attested", "sign_on_paper", "contract_send_link"):
        assert client.post(url(name, live, parent.pk)).status_code == 403
    assert client.post(url("sign_on_site_code", live, parent.pk)).status_code == 403
    assert client.post(url("contract_step", live, "cancel")).status_code == 403
    assert not Signature.objects.exists()


def test_cancelling_from_the_page(live):
    client = signed_in(live.adviser)
    client.post(url("contract_step", live, "cancel"))
    live.refresh_from_db()
    assert live.status == "cancelled"
    again = client.post(url("contract_step", live, "cancel"), follow=True)
    assert "n’est plus possible" in text_of(again)
    assert "Annuler ce contrat" not in text_of(again)


@pytest.mark.pdf
def test_documents_come_to_the_parties_once_they_are_made(live):
    client = signed_in(live.adviser)
    waiting = client.get(url("contract_pdf", live), follow=True)
    assert "pas encore prêt" in text_of(waiting)
    version = f.sign_all(live.version, on=timezone.localdate(), at=timezone.now())
    assert "se prépare" in text_of(client.get(live.get_absolute_url()))
    make_sealed_contract(version)
    for name in ("contract_pdf", "contract_evidence"):
        answer = client.get(url(name, live))
        assert answer.content.startswith(b"%PDF") and "attachment" in answer["Content-Disposition"]


def test_the_page_of_each_state_says_who_must_act(live):
    director = f.director_of(live.provider)
    client = signed_in(director)
    assert "lire le texte et le signer" in text_of(client.get(live.get_absolute_url()))
    f.sign_as(live.version.signatories.get(role=Signatory.Role.CARE), on=timezone.localdate())
    page = text_of(client.get(live.get_absolute_url()))
    assert "faire signer Fatoumata Diallo, sur place, par un lien ou sur papier" in page
    f.sign_as(live.version.signatories.get(role=Signatory.Role.PARENT), on=timezone.localdate())
    assert "À Karim Belkacem" in text_of(client.get(live.get_absolute_url()))
    contracts.cancel(live, by=director, on=timezone.localdate())
    assert "annulé" in text_of(client.get(live.get_absolute_url()))
