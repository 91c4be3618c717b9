"""The public pages and the command: what anybody may know of a document, and nothing more."""

import hashlib
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from avip.jobs import SCHEDULES
from avip.models import Document
from avip.pdf import render_pdf
from avip.templatetags.words import fr_date
from families import seal, verification
from families.models import AvipContract
from families.workflow import contracts
from labels.models import Label
from tests import factories as f
from tests.families import factories as ff

pytestmark = [pytest.mark.django_db, pytest.mark.pdf]

ENTRY = "/verifier/"


@pytest.fixture(scope="module")
def files():
    """Two sealed documents: for these pages, what they say does not matter."""
    return {
        field: seal.seal(render_pdf("pdf/_base.html", {"title": field, "caf": "Caf de Paris"}))
        for field in ["sealed_pdf", "evidence_pdf"]
    }


@pytest.fixture
def contract(files):
    """In force today, and sealed."""
    today = timezone.localdate()
    start_on = today - timedelta(days=today.weekday() + 7)
    at = timezone.now() - timedelta(days=30)
    contract = ff.make_contract(
        "active", on=start_on - timedelta(days=14), at=at, from_on=start_on, start_on=start_on
    )
    contract.versions.update(
        **{
            field: Document.objects.write(filename=f"{field}.pdf", data=data)
            for field, data in files.items()
        }
    )
    return AvipContract.objects.get(pk=contract.pk)


def sealed_bytes(contract, field="sealed_pdf"):
    return bytes(getattr(contract.versions.get(), field).data)


def page_of(client, code):
    return client.get(reverse("families:verify", args=[code]))


def text_of(response):
    return " ".join(response.content.decode().replace("\xa0", " ").split())


def bring(client, data, name="document.pdf"):
    return client.post(ENTRY, {"file": SimpleUploadedFile(name, data, "application/pdf")})


def test_anybody_may_look(client):
    assert client.get(ENTRY).status_code == 200


def test_a_running_contract_is_valid_with_its_dates_and_fingerprint(client, contract):
    page = text_of(page_of(client, contract.code))
    assert "valide" in page and "il est en cours" in page
    assert contract.versions.get().sealed_pdf.sha256 in page
    for day in [contract.start_on, contract.end_on]:
        assert fr_date(day).replace("\xa0", " ") in page


def test_the_page_of_a_contract_names_nobody(client, contract):
    response = page_of(client, contract.code)
    version = contract.versions.get()
    private = {str(contract.provider), str(contract.agency), str(contract.pk), str(version.pk)}
    private |= {child.first_name for child in contract.children.all()}
    for signatory in version.signatories.all():
        private |= set(signatory.name.split())
    page = text_of(response)
    assert not [word for word in private if word in page]


@pytest.mark.parametrize("typed", [str.lower, lambda code: f" {code[:4]}-{code[4:8]} {code[8:]} "])
def test_a_code_is_recognised_however_it_is_typed(client, contract, typed):
    response = client.post(ENTRY, {"code": typed(contract.code)})
    assert response.status_code == 302
    assert response.url == reverse("families:verify", args=[contract.code])


def test_an_unknown_code_gets_a_neutral_sentence(client):
    response = page_of(client, "ABCDEFGHJKLMNPQR")
    assert response.status_code == 404
    assert "Aucun document ne porte le code ABCDEFGHJKLMNPQR" in text_of(response)


def test_a_code_that_is_no_code_is_shown_as_text(client):
    response = page_of(client, "<script>alert(1)<")
    assert response.status_code == 404
    assert "<script>alert" not in response.content.decode()


def test_a_contract_not_signed_by_all_is_not_in_force(client):
    contract = ff.make_contract("to_sign")
    page = text_of(page_of(client, contract.code))
    assert "pas en vigueur" in page
    assert fr_date(contract.start_on).replace("\xa0", " ") not in page


def test_a_finished_contract_says_since_when_and_not_why(client):
    contract = ff.make_contract("terminated")
    page = text_of(page_of(client, contract.code))
    assert "terminé" in page
    assert fr_date(contract.ended_on).replace("\xa0", " ") in page
    assert contract.end_reason and contract.end_reason not in page
    assert "arrêté avant la fin" not in page


def test_a_contract_past_its_last_day_is_finished_even_before_the_nightly_check(contract):
    after = contract.end_on + timedelta(days=1)
    assert verification.say_contract(contract, contract.end_on).word == "valide"
    assert verification.say_contract(contract, after).word == "terminé"


def test_a_contract_that_has_not_begun_says_when_it_will(contract):
    before = contract.start_on - timedelta(days=1)
    assert "Il commence le" in verification.say_contract(contract, before).sentence


def test_a_stored_file_that_changed_is_said_to_be_altered(contract):
    """The database refuses it; a thief of the disk would not ask."""
    version = contract.versions.get()
    altered = bytes(version.sealed_pdf.data).replace(b"/Lang (fr)", b"/Lang (en)")
    fake = Document.objects.create(
        filename="x.pdf",
        content_type="application/pdf",
        data=altered,
        sha256=hashlib.sha256(altered).hexdigest(),
        size=len(altered),
    )
    contract.versions.update(sealed_pdf=fake)
    assert verification.say_contract(contract, contract.start_on).word == "altéré"


def test_a_seal_that_cannot_be_checked_is_not_called_altered(contract, monkeypatch):
    """The certificate was replaced and the former one not kept with it."""
    monkeypatch.setattr(seal, "sealing_certificates", list)
    assert verification.say_contract(contract, contract.start_on).word == "à vérifier"


def test_the_original_is_recognised_and_leads_to_its_state(client, contract):
    for field in ["sealed_pdf", "evidence_pdf"]:
        page = text_of(bring(client, sealed_bytes(contract, field)))
        assert "Ce fichier est l’original" in page and "il est en cours" in page


def test_a_modified_file_is_recognised(client, contract):
    data = sealed_bytes(contract)
    for altered in [data.replace(b"/Lang (fr)", b"/Lang (en)"), data + b"\n"]:
        assert altered != data
        assert "Ce fichier a été modifié" in text_of(bring(client, altered))


def test_a_file_of_somebody_else_is_unknown(client):
    page = text_of(bring(client, b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"))
    assert "Ce fichier nous est inconnu" in page


def test_a_file_on_the_page_of_a_code_is_read_too(client, contract):
    address = reverse("families:verify", args=[contract.code])
    file = SimpleUploadedFile("x.pdf", sealed_bytes(contract), "application/pdf")
    assert "Ce fichier est l’original" in text_of(client.post(address, {"file": file}))


def test_nothing_given_and_too_big_a_file_are_said(client, contract):
    assert "Donnez le code du document" in text_of(client.post(ENTRY, {}))
    too_big = b"%PDF-" + b"0" * (SCHEDULES["upload_max_megabytes"] * 1024 * 1024)
    assert "Ce fichier pèse plus de" in text_of(bring(client, too_big))
    assert "Ce n’est pas un PDF" in text_of(bring(client, b""))


@pytest.fixture
def label():
    provider = f.make_facility()
    today = timezone.localdate()
    return Label.objects.create(
        provider=provider,
        caf=provider.caf,
        granted_on=today - timedelta(days=40),
        starts_on=today - timedelta(days=30),
        ends_on=today + timedelta(days=900),
        certificate=Document.objects.write(filename="attestation.pdf", data=b"%PDF-1.7 a"),
    )


def test_a_label_says_the_crèche_its_dates_and_its_state(client, label):
    page = text_of(page_of(client, label.code))
    assert "valide" in page and str(label.provider) in page
    assert label.certificate.sha256 in page
    assert "Ce fichier est l’original" in text_of(bring(client, b"%PDF-1.7 a"))


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("suspended", "Ce label est suspendu"),
        ("withdrawn", "Ce label a été retiré"),
        ("relinquished", "La crèche a rendu ce label"),
        ("expired", "arrivé à son terme"),
        ("renewed", "Un label plus récent"),
        ("notice_given", "Ce label est en cours"),  # a formal notice is not public
    ],
)
def test_each_end_of_a_label_has_its_sentence(label, status, said):
    label.status = status
    assert said in verification.say_label(label, timezone.localdate()).sentence


def test_a_label_past_its_last_day_is_over(label):
    assert verification.say_label(label, label.ends_on).word == "valide"
    assert verification.say_label(label, label.ends_on + timedelta(days=1)).word == "terminé"


def test_a_renewal_and_its_first_contract_have_each_their_code(contract):
    renewal = contracts.renew(contract, by=contract.adviser, on=contract.end_on).contract
    assert renewal.code != contract.code
    assert verification.find(renewal.code, contract.end_on).word == "pas en vigueur"
    assert verification.find(contract.code, contract.end_on).word == "valide"


def test_the_command_gives_the_same_verdict(contract, tmp_path, capsys):
    original, altered = tmp_path / "original.pdf", tmp_path / "altered.pdf"
    original.write_bytes(sealed_bytes(contract))
    altered.write_bytes(sealed_bytes(contract) + b" ")
    call_command("verify_contract", original)
    assert "Ce fichier est l’original" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        call_command("verify_contract", altered)
    assert stopped.value.code == 1
    assert "Ce fichier a été modifié" in capsys.readouterr().out
