"""The one way to change a status: locked, checked, saved and recorded, or nothing at all."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from avip.models import AccessLog, Document
from avip.workflow import Step, StepRefused, Workflow, edit, system
from labels.models import NetworkMember, NetworkMemberStatusChange
from tests import factories as f

pytestmark = pytest.mark.django_db

ON = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def coordinates(by, member):
    return by is not None and member.provider.childminder.service_id in by.reach.services


def ready(member, on):
    if on >= ON:
        return []
    return ["Revenez en mars.", "Apportez l’agrément."]


NETWORK = Workflow(
    check=Step("Vérifier", ("wish",), "licence_checked", coordinates, ready, done="Vérifié"),
    note=Step("Annoter", ("wish", "licence_checked"), "", coordinates, done="Annoté"),
    leave=Step("Sortir", ("wish", "licence_checked"), "left", system),
)


@pytest.fixture
def member(childminder):
    return NetworkMember.objects.create(provider=childminder, caf=childminder.caf, status="wish")


def stored(member):
    return NetworkMember.objects.get(pk=member.pk)


def check(member, by, on=ON, **fields):
    with NETWORK.take("check", member, by=by, on=on, at=AT, comment="Vu sur place."):
        for name, value in fields.items():
            setattr(member, name, value)


def test_a_step_changes_the_state_and_says_who_when_from_where_and_why(member, coordinator):
    check(member, coordinator)
    change = stored(member).history.get()
    assert stored(member).status == "licence_checked"
    assert (change.step, change.source, change.target) == ("check", "wish", "licence_checked")
    assert (change.user, change.by, change.at) == (coordinator, "Anne Petit", AT)
    assert change.comment == "Vu sur place."


def test_what_is_filled_in_during_the_step_is_saved_with_it(member, coordinator):
    check(member, coordinator, joined_on=ON)
    assert stored(member).joined_on == ON


def test_what_was_set_before_the_step_is_lost_for_what_the_database_says(member, coordinator):
    NetworkMember.objects.update(joined_on=ON)
    member.joined_on = date(1999, 1, 1)
    check(member, coordinator)
    assert stored(member).joined_on == ON


def test_each_change_makes_a_revision_with_its_author(member, coordinator):
    check(member, coordinator)
    found = stored(member)
    assert (found.revision, found.edited_by, found.edited_at) == (1, "Anne Petit", AT)


def test_the_application_signs_nothing(member):
    with NETWORK.take("leave", member, by=None, on=ON):
        pass
    assert stored(member).edited_by == ""
    assert stored(member).history.get().by == "l’application"


def test_a_coordinator_of_elsewhere_may_not(member, other_caf):
    commune = f.make_commune("93048", "Montreuil")
    elsewhere = f.make_service("RPE de Montreuil", caf=other_caf, communes=[commune])
    f.make_childminder("Une autre", service=elsewhere)
    stranger = f.make_user("Léa", "Roy", member_of=elsewhere)
    with pytest.raises(PermissionDenied):
        check(member, stranger)
    assert stored(member).status == "wish"
    assert not stored(member).history.exists()


def test_only_the_application_takes_its_own_steps(member, coordinator):
    with pytest.raises(PermissionDenied), NETWORK.take("leave", member, by=coordinator, on=ON):
        pass


def test_a_step_already_taken_is_refused_in_words(member, coordinator):
    check(member, coordinator)
    with pytest.raises(StepRefused) as refusal:
        check(stored(member), coordinator)
    assert refusal.value.reasons == (
        "«\xa0Vérifier\xa0» n’est plus possible\xa0: agrément vérifié.",
    )
    assert stored(member).history.count() == 1


def test_a_page_left_open_is_refused_by_what_happened_since(member, coordinator):
    stale = stored(member)
    check(member, coordinator)
    with pytest.raises(StepRefused):
        check(stale, coordinator)


def test_every_reason_why_not_is_given(member, coordinator):
    with pytest.raises(StepRefused) as refusal:
        check(member, coordinator, on=ON - timedelta(days=1))
    assert refusal.value.reasons == ("Revenez en mars.", "Apportez l’agrément.")


def test_a_failure_during_the_step_leaves_nothing(member, coordinator):
    with pytest.raises(ZeroDivisionError), NETWORK.take("check", member, by=coordinator, on=ON):
        NetworkMember.objects.filter(pk=member.pk).update(joined_on=ON)
        raise ZeroDivisionError
    found = stored(member)
    assert (found.status, found.joined_on, found.revision) == ("wish", None, 0)
    assert not found.history.exists()


def test_support_under_somebody_elses_name_takes_no_step(member, coordinator):
    coordinator.is_hijacked = True
    assert NETWORK.available(member, coordinator, ON) == {}
    with pytest.raises(PermissionDenied):
        check(member, coordinator)
    with pytest.raises(PermissionDenied), edit(member, by=coordinator, seen=None, fields=[]):
        pass


def test_the_buttons_are_the_steps_that_would_be_taken(member, coordinator, caf_agent):
    assert set(NETWORK.available(member, coordinator, ON)) == {"check", "note"}
    assert set(NETWORK.available(member, caf_agent, ON)) == set()
    assert set(NETWORK.available(member, None, ON)) == {"leave"}


def test_what_is_missing_is_said_before_the_button_is_there(member, coordinator):
    before = ON - timedelta(days=1)
    assert set(NETWORK.available(member, coordinator, before)) == {"note"}
    assert NETWORK.blocked(member, coordinator, before) == {
        "check": ["Revenez en mars.", "Apportez l’agrément."]
    }


def test_a_step_without_a_target_records_and_leaves_the_state(member, coordinator):
    with NETWORK.take("note", member, by=coordinator, on=ON):
        pass
    change = stored(member).history.get()
    assert (change.source, change.target, stored(member).status) == ("wish", "wish", "wish")


# Changing fields without a step.


def test_editing_saves_the_named_fields_alone(member, coordinator):
    with edit(member, by=coordinator, seen=0, fields=["joined_on"], at=AT):
        member.joined_on, member.left_on = ON, ON
    found = stored(member)
    assert (found.joined_on, found.left_on, found.revision) == (ON, None, 1)
    assert (found.edited_by, found.edited_at) == ("Anne Petit", AT)


def test_editing_from_a_stale_page_says_who_changed_it_and_when(member, coordinator):
    check(member, coordinator)
    with pytest.raises(StepRefused) as refusal, edit(member, by=coordinator, seen="0", fields=[]):
        pass
    (reason,) = refusal.value.reasons
    assert "par Anne Petit le 02/03/2026 à 10\xa0h\xa030" in reason  # 9:30 UTC, in Paris
    assert "Votre saisie est conservée" in reason


@pytest.mark.parametrize("seen", ["", "x", "1", "-1", "0; drop"])
def test_a_meddled_revision_is_stale_not_a_crash(member, coordinator, seen):
    with pytest.raises(StepRefused), edit(member, by=coordinator, seen=seen, fields=[]):
        pass


def test_what_the_code_read_itself_needs_no_revision(member, coordinator):
    with edit(member, by=coordinator, seen=None, fields=["joined_on"]):
        member.joined_on = ON
    assert stored(member).joined_on == ON


def test_an_edit_never_writes_an_old_status_back(member, coordinator):
    stale = stored(member)
    check(member, coordinator)
    with edit(stale, by=coordinator, seen=None, fields=["joined_on"]):
        stale.joined_on = ON
    assert stored(member).status == "licence_checked"


# In sets.


def test_a_set_takes_the_step_and_leaves_those_that_may_not(service):
    members = [
        NetworkMember.objects.create(
            provider=f.make_childminder(f"N° {n}", service=service),
            caf=service.caf,
            status="left" if n == 2 else "wish",
            left_on=ON if n == 2 else None,
        )
        for n in range(3)
    ]
    assert NETWORK.take_all("leave", NetworkMember.objects.all(), on=ON, at=AT) == 2
    assert {stored(member).status for member in members} == {"left"}
    assert [stored(member).revision for member in members] == [1, 1, 0]
    changes = NetworkMemberStatusChange.objects.values_list(
        "step", "source", "target", "at", "user"
    )
    assert list(changes) == [("leave", "wish", "left", AT, None)] * 2
    assert NETWORK.take_all("leave", NetworkMember.objects.all(), on=ON) == 0


def test_a_set_leaves_those_with_a_reason_why_not(member):
    late = Workflow(leave=Step("Sortir", ("wish",), "left", system, ready))
    assert late.take_all("leave", NetworkMember.objects.all(), on=ON - timedelta(days=1)) == 0
    assert stored(member).status == "wish"


def test_a_set_is_for_the_steps_of_the_application():
    people = Workflow(check=Step("Vérifier", ("wish",), "licence_checked", lambda by, _: bool(by)))
    with pytest.raises(PermissionDenied):
        people.take_all("check", NetworkMember.objects.all(), on=ON)


def test_a_set_costs_the_same_for_one_and_for_many(service, monkeypatch):
    def queries_for(count):
        for n in range(count):
            provider = f.make_childminder(f"N° {n}", service=service)
            NetworkMember.objects.create(provider=provider, caf=service.caf, status="wish")
        with CaptureQueriesContext(connection) as captured:
            assert NETWORK.take_all("leave", NetworkMember.objects.all(), on=ON) == count
        return len(captured)

    assert queries_for(1) == queries_for(6)


def test_a_set_larger_than_a_batch_is_taken_whole(service, monkeypatch):
    monkeypatch.setattr("avip.workflow.BATCH", 2)
    for n in range(5):
        provider = f.make_childminder(f"N° {n}", service=service)
        NetworkMember.objects.create(provider=provider, caf=service.caf, status="wish")
    assert NETWORK.take_all("leave", NetworkMember.objects.all(), on=ON) == 5


# At the same moment.


@pytest.mark.django_db(transaction=True)
def test_of_eight_people_taking_the_same_step_at_once_one_takes_it(member, coordinator):
    def press(_):
        try:
            check(NetworkMember.objects.get(pk=member.pk), coordinator)
        except StepRefused:
            return "refused"
        finally:
            connection.close()
        return "taken"

    with ThreadPoolExecutor(8) as people:
        results = sorted(people.map(press, range(8)))
    assert results == ["refused"] * 7 + ["taken"]
    assert stored(member).history.count() == stored(member).revision == 1


@pytest.mark.django_db(transaction=True)
def test_of_eight_edits_of_one_page_at_once_one_is_kept(member, coordinator):
    def press(number):
        try:
            mine = NetworkMember.objects.get(pk=member.pk)
            with edit(mine, by=coordinator, seen=0, fields=["joined_on"]):
                mine.joined_on = date(2026, 1, 1 + number)
        except StepRefused:
            return 0
        finally:
            connection.close()
        return 1

    with ThreadPoolExecutor(8) as people:
        assert sum(people.map(press, range(8))) == 1
    assert stored(member).revision == 1


# What the database refuses, whoever asks.


def refused(change):
    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
        change()


def test_the_history_is_written_once(member, coordinator):
    check(member, coordinator)
    change = stored(member).history.get()
    refused(lambda: NetworkMemberStatusChange.objects.update(comment="rien"))
    refused(change.delete)
    assert stored(member).history.get().comment == "Vu sur place."


def test_a_document_is_written_once_with_its_fingerprint():
    document = Document.objects.write(filename="contrat.pdf", data=b"abc")
    assert document.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (document.size, document.content_type) == (3, "application/pdf")
    refused(lambda: Document.objects.update(data=b"xyz"))
    document.data = b"xyz"
    refused(document.save)
    assert bytes(Document.objects.get().data) == b"abc"


def test_the_log_of_readings_is_not_rewritten(caf_agent, director):
    AccessLog.objects.create(user=caf_agent, kind="families.household", object_id=caf_agent.pk)
    refused(lambda: AccessLog.objects.update(user=director))
