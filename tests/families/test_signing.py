"""Who may sign, what proves it, what is refused."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from avip.models import Document
from avip.workflow import StepRefused
from families import signing
from families.models import Signatory, Signature
from families.workflow import contracts
from tests import factories as base
from tests.families import factories as f

pytestmark = pytest.mark.django_db

Method, Role = Signature.Method, Signatory.Role


@pytest.fixture
def version():
    return f.make_contract().version


def who(version, role):
    signatory = version.signatories.get(role=role)
    signatory.version = version
    return signatory


def sign(version, signatory, **fields):
    defaults = {
        "method": Method.ACCOUNT,
        "text_sha256": version.text_sha256,
        "on": f.ON,
        "at": f.AT,
    }
    return contracts.sign(version, signatory=signatory, **defaults | fields)


def proved_code(signatory, *, at=f.AT, by=None, link=None, channel="sms"):
    code = signing.send_code(signatory, channel=channel, by=by, at=at, link=link)
    assert signing.try_code(code, signing.code_digits(code), at=at) == ""
    code.refresh_from_db()
    return code


def test_each_signs_for_its_own_party_alone(version):
    adviser, director = version.contract.adviser, f.director_of(version.contract.provider)
    for role, by in ((Role.CARE, adviser), (Role.ADVISER, director)):
        with pytest.raises(PermissionDenied):
            sign(version, who(version, role), by=by)
    for role in (Role.PARENT,):
        with pytest.raises(PermissionDenied):
            sign(version, who(version, role), by=adviser)
    assert not Signature.objects.exists()


def test_a_colleague_signs_for_an_absent_adviser_under_her_own_name(version):
    colleague = base.make_user(
        "Odile", "Marchand", member_of=version.contract.agency, quality="conseillère"
    )
    signature = sign(version, who(version, Role.ADVISER), by=colleague)
    assert signature.signatory.name == "Karim Belkacem"
    assert signature.user == colleague
    assert signature.evidence["by"] == {
        "user": str(colleague.pk),
        "name": "Odile Marchand",
        "quality": "conseillère",
        "organisation": version.contract.agency.name,
    }


def test_a_person_of_two_parties_signs_once(version):
    adviser = version.contract.adviser
    base.make_membership(adviser, version.contract.provider)
    adviser = type(adviser).objects.get(pk=adviser.pk)
    sign(version, who(version, Role.ADVISER), by=adviser)
    with pytest.raises(StepRefused, match="autre partie"):
        sign(version, who(version, Role.CARE), by=adviser)


def test_a_second_press_gives_the_first_signature(version):
    director = f.director_of(version.contract.provider)
    care = who(version, Role.CARE)
    first = sign(version, care, by=director)
    assert sign(version, care, by=director, at=f.AT + timedelta(seconds=1)) == first
    version.refresh_from_db()
    assert (version.care_signed, Signature.objects.count()) == (1, 1)
    colleague = base.make_user("Rose", "Autre", member_of=version.contract.provider)
    with pytest.raises(StepRefused, match="Nadia Benali a déjà signé"):
        sign(version, care, by=colleague)


def test_a_second_press_on_the_last_signature_is_quiet_too(version):
    f.sign_all(version, but=[Role.CARE])
    director, care = f.director_of(version.contract.provider), who(version, Role.CARE)
    assert sign(version, care, by=director) == sign(version, care, by=director)
    assert version.contract.placements.count() == 1


def test_another_text_is_not_signed(version):
    director = f.director_of(version.contract.provider)
    with pytest.raises(StepRefused, match="Le texte a changé"):
        sign(version, who(version, Role.CARE), by=director, text_sha256="0" * 64)
    version.refresh_from_db()
    assert version.care_signed == 0


def test_somebody_of_another_contract_is_no_signatory(version):
    other = f.make_contract().version
    with pytest.raises(PermissionDenied):
        sign(version, who(other, Role.ADVISER), by=version.contract.adviser)


def test_strangers_and_borrowed_accounts_never_sign(version, other_adviser, caf_agent):
    borrowed = type(version.contract.adviser).objects.get(pk=version.contract.adviser.pk)
    borrowed.is_hijacked = True
    for by in (other_adviser, caf_agent, borrowed):
        with pytest.raises(PermissionDenied):
            sign(version, who(version, Role.ADVISER), by=by)
        with pytest.raises(PermissionDenied):
            sign(version, who(version, Role.PARENT), by=by, method=Method.ON_SITE_ATTESTED)
    for act in (signing.send_code, signing.issue_link):
        with pytest.raises(PermissionDenied):
            target = who(version, Role.PARENT)
            if act is signing.issue_link:
                act(version.contract, target.parent, channel="email", by=borrowed, at=f.AT)
            else:
                act(target, channel="sms", by=borrowed, at=f.AT)


def test_nothing_is_signed_after_the_term(version):
    with pytest.raises(StepRefused, match="aurait pris fin"):
        sign(
            version,
            who(version, Role.ADVISER),
            by=version.contract.adviser,
            on=version.end_on + timedelta(days=1),
        )


def test_on_site_with_a_code_and_an_interpreter(version):
    adviser, parent = version.contract.adviser, who(version, Role.PARENT)
    code = proved_code(parent, by=adviser)
    signature = sign(
        version,
        parent,
        by=adviser,
        method=Method.ON_SITE_CODE,
        code=code,
        interpreter="Mme Sow, soninké",
        ip="192.0.2.1",
        user_agent="Firefox",
    )
    assert (signature.attested_by, signature.interpreter) == (adviser, "Mme Sow, soninké")
    evidence = signature.evidence
    assert evidence["consent"] == "J’ai lu et je suis d’accord"
    assert evidence["code"]["channel"] == "sms" and evidence["code"]["tries"] == 1
    assert evidence["code"]["sent_to"].endswith("01")
    assert (evidence["ip"], evidence["time_zone"]) == ("192.0.2.1", "Europe/Paris")
    assert evidence["text_sha256"] == version.text_sha256


def test_on_site_without_a_proved_code_is_refused(version):
    adviser, parent = version.contract.adviser, who(version, Role.PARENT)
    sent = signing.send_code(parent, channel="sms", by=adviser, at=f.AT)
    other = who(f.make_contract().version, Role.PARENT)
    for code in (None, sent, proved_code(other)):
        with pytest.raises(StepRefused, match="code"):
            sign(version, parent, by=adviser, method=Method.ON_SITE_CODE, code=code)


def test_a_childminder_without_account_signs_with_her_coordinator():
    version = f.make_contract(provider=f.make_network_member()).version
    coordinator = f.coordinator_of(version.contract.provider)
    with pytest.raises(PermissionDenied):
        sign(version, who(version, Role.CARE), by=coordinator)
    with pytest.raises(PermissionDenied):
        sign(
            version,
            who(version, Role.CARE),
            by=version.contract.adviser,
            method=Method.ON_SITE_ATTESTED,
        )
    signature = sign(
        version, who(version, Role.CARE), by=coordinator, method=Method.ON_SITE_ATTESTED
    )
    assert signature.attested_by == coordinator


def test_a_childminder_with_an_account_signs_in_it():
    provider = f.make_network_member()
    herself = base.make_user("Claire", "Morel", member_of=provider)
    version = f.make_contract(provider=provider).version
    assert sign(version, who(version, Role.CARE), by=herself).user == herself


def test_a_paper_needs_its_scan(version):
    adviser, parent = version.contract.adviser, who(version, Role.PARENT)
    with pytest.raises(StepRefused, match="scan"):
        sign(version, parent, by=adviser, method=Method.PAPER)
    scan = Document.objects.write(filename="contrat.pdf", data=b"%PDF-1.7 signe")
    signature = sign(
        version, parent, by=adviser, method=Method.PAPER, scan=scan, original_held_by="la crèche"
    )
    assert signature.evidence["original_held_by"] == "la crèche"
    assert signature.evidence["scan_sha256"] == scan.sha256


def test_a_code_wrong_five_times_is_dead(version):
    parent = who(version, Role.PARENT)
    code = signing.send_code(parent, channel="sms", by=None, at=f.AT)
    wrong = "000000" if signing.code_digits(code) != "000000" else "000001"
    answers = [signing.try_code(code, wrong, at=f.AT) for _ in range(5)]
    assert answers[0].endswith("4\xa0essais.") and "plus servir" in answers[4]
    assert "plus valable" in signing.try_code(code, signing.code_digits(code), at=f.AT)


def test_a_code_serves_once_and_ten_minutes(version):
    parent = who(version, Role.PARENT)
    code = signing.send_code(parent, channel="sms", by=None, at=f.AT)
    late = f.AT + timedelta(minutes=10)
    assert "plus valable" in signing.try_code(code, signing.code_digits(code), at=late)
    digits = " ".join(signing.code_digits(code))
    assert signing.try_code(code, digits, at=f.AT) == ""
    assert "plus valable" in signing.try_code(code, digits, at=f.AT)


def test_a_new_code_kills_the_former_and_three_leave_an_hour(version):
    parent = who(version, Role.PARENT)
    first = signing.send_code(parent, channel="sms", by=None, at=f.AT)
    second = signing.send_code(parent, channel="sms", by=None, at=f.AT)
    assert "plus valable" in signing.try_code(first, signing.code_digits(first), at=f.AT)
    third = signing.send_code(parent, channel="sms", by=None, at=f.AT + timedelta(minutes=20))
    with pytest.raises(StepRefused, match="11\xa0h"):
        signing.send_code(parent, channel="sms", by=None, at=f.AT + timedelta(minutes=30))
    assert len({second.code_hash, third.code_hash}) == 2
    assert signing.send_code(parent, channel="sms", by=None, at=f.AT + timedelta(hours=1))


def test_the_database_keeps_neither_code_nor_link(version):
    parent = who(version, Role.PARENT)
    code = signing.send_code(parent, channel="sms", by=None, at=f.AT)
    assert signing.code_digits(code) not in code.code_hash
    parent.parent.email = "fatoumata@example.fr"
    parent.parent.save()
    link = signing.issue_link(
        version.contract, parent.parent, channel="email", by=version.contract.adviser, at=f.AT
    )
    token = signing.link_token(link)
    assert len(token) == 43 and token not in str(link.__dict__)


def test_one_telephone_alone_never_gets_both_link_and_code(version):
    parent = who(version, Role.PARENT).parent
    for channel in ("sms", "email"):
        with pytest.raises(StepRefused, match="deux chemins"):
            signing.issue_link(
                version.contract, parent, channel=channel, by=version.contract.adviser, at=f.AT
            )


@pytest.mark.parametrize("workflow", ["CONTRACT", "VERSION"])
def test_no_step_is_taken_from_another_state(workflow, version):
    """Every (step, state) that the table does not list is refused, and changes nothing."""
    table = getattr(contracts, workflow)
    dossier = version.contract if workflow == "CONTRACT" else version
    adviser = version.contract.adviser
    pairs = 0
    for name, step in table.steps.items():
        by = None if step.allowed(None, dossier) else adviser
        for state in type(dossier).Status.values:
            if state in step.sources:
                continue
            pairs += 1
            with pytest.raises(StepRefused, match="n’est plus possible"):
                _from(dossier, state, table, name, by)
    listed = sum(len(step.sources) for step in table.steps.values())
    assert pairs == len(table.steps) * len(type(dossier).Status.values) - listed


def _from(dossier, state, table, name, by):
    """Take the step as if the row were in that state; the row itself is left alone."""
    model = type(dossier)
    seen = model.objects.get(pk=dossier.pk)

    def pretend(*args, **kwargs):
        model.refresh_from_db(seen, *args, **kwargs)
        object.__setattr__(seen, "status", state)

    seen.refresh_from_db = pretend
    with table.take(name, seen, by=by, on=f.ON):
        raise AssertionError("the step was taken")
