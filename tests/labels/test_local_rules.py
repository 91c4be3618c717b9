"""A Caf sets its own rules, from a day on, with a reason; a mistake is corrected for its day."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from avip.workflow import StepRefused
from labels.forms.rules import LocalRuleForm
from labels.local_rules import coming, history, set_value
from labels.models import LocalRule
from labels.rules import RULES, rules_for
from tests.labels.factories import AT, ON

NEXT_YEAR = date(2027, 1, 1)
KEY = "label_duration_months"


def set_it(caf, by, *, key=KEY, value=24, valid_from=NEXT_YEAR, on=ON, at=AT, **fields):
    words = {"reference": "Comité du 1er mars", "motive": "Essai de deux ans."}
    return set_value(
        caf, key, by=by, value=value, valid_from=valid_from, on=on, at=at, **words | fields
    )


@pytest.fixture
def manager(client, caf_manager):
    client.force_login(caf_manager)
    return caf_manager


def answers(**fields):
    return {
        "value": "24",
        "valid_from": (timezone.localdate() + timedelta(days=30)).isoformat(),
        "reference": "Comité du 1er mars",
        "motive": "Essai",
    } | fields


def url(key=KEY, **asked):
    address = reverse("labels:rule_set", args=[key])
    return f"{address}?corrige={asked['corrects']}" if asked else address


def test_a_value_holds_from_its_day_and_says_who_set_it(caf, caf_manager):
    set_it(caf, caf_manager)
    assert rules_for(caf, date(2026, 12, 31)).label_duration_months == 36
    assert rules_for(caf, NEXT_YEAR).label_duration_months == 24
    assert coming(caf, ON)[KEY].value == "24\xa0mois"
    assert history(KEY, caf)[0].set_by == caf_manager


def test_only_the_responsable_of_this_very_caf_sets_its_rules(
    caf, other_caf, caf_agent, caf_manager, director
):
    for person, place in [(caf_agent, caf), (director, caf), (caf_manager, other_caf)]:
        with pytest.raises(PermissionDenied):
            set_it(place, person)
    assert not LocalRule.objects.exists()


def test_a_borrowed_account_sets_nothing(caf, caf_manager):
    caf_manager.is_hijacked = True
    with pytest.raises(PermissionDenied):
        set_it(caf, caf_manager)


@pytest.mark.parametrize(("days", "refused"), [(-1, True), (0, False), (1, False)])
def test_a_new_value_never_begins_in_the_past(caf, caf_manager, days, refused):
    day = ON + timedelta(days=days)
    if refused:
        with pytest.raises(StepRefused, match="corriger"):
            set_it(caf, caf_manager, valid_from=day)
    else:
        set_it(caf, caf_manager, valid_from=day)


def test_a_correction_takes_the_place_of_the_value_for_its_own_past_day(caf, caf_manager):
    set_it(caf, caf_manager, valid_from=ON)
    later = AT + timedelta(days=90)
    set_it(caf, caf_manager, value=30, valid_from=ON, on=ON + timedelta(days=90), at=later)
    assert rules_for(caf, ON).label_duration_months == 30
    assert rules_for(caf, ON, known_at=AT).label_duration_months == 24
    newest, replaced, national = history(KEY, caf)
    assert (newest.is_corrected, replaced.is_corrected) == (False, True)
    assert national.known_at is None


def test_the_same_value_twice_is_recorded_once(caf, caf_manager):
    set_it(caf, caf_manager)
    with pytest.raises(StepRefused, match="déjà fixée"):
        set_it(caf, caf_manager, at=AT + timedelta(seconds=2))
    assert LocalRule.objects.count() == 1


def test_the_legal_side_needs_a_derogation(caf, caf_manager):
    share = {"key": "quota_rate", "value": Decimal("0.1")}
    with pytest.raises(ValidationError, match="dérogation"):
        set_it(caf, caf_manager, **share)
    set_it(caf, caf_manager, **share, derogation_reference="Convention 2026-4")
    assert rules_for(caf, NEXT_YEAR).quota_rate == Decimal("0.1")


def test_a_national_rule_is_out_of_reach(caf, caf_manager):
    with pytest.raises(ValidationError, match="nationale"):
        set_it(caf, caf_manager, key="child_max_age_months", value=48)


@pytest.mark.parametrize("key", [key for key, rule in RULES.items() if rule.local])
def test_the_form_of_each_rule_gives_back_a_value_of_its_type(caf, caf_manager, key):
    national, _, _ = RULES[key].national(ON)
    typed = {bool: "non", Decimal: "33,33", int: "7", tuple: ["job"]}.get(type(national))
    form = LocalRuleForm(
        answers(value=typed or RULES[key].choices[-1], derogation_reference="Convention"), key=key
    )
    assert form.is_valid(), form.errors
    rule = set_value(caf, key, by=caf_manager, on=timezone.localdate(), **form.cleaned_data)
    assert type(rules_for(caf, rule.valid_from).entry(key).value) is type(national)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("quota_rate", "beaucoup"),
        ("quota_rate", "101"),
        ("quota_rate", "-5"),
        ("quota_rate", "20,001"),
        ("quota_mode", "souple"),
        ("quota_counts_retained", "peut-être"),
        ("positive_outcomes", ["lottery"]),
        (KEY, "-3"),
        (KEY, "douze"),
        (KEY, ""),
    ],
)
def test_what_does_not_read_is_refused_beside_its_field(key, value):
    form = LocalRuleForm(answers(value=value), key=key)
    assert not form.is_valid()
    assert list(form.errors) == ["value"]


def test_the_responsable_sets_a_value_on_the_page(client, manager, caf):
    response = client.post(url(), answers(), follow=True)
    assert "La valeur vaudra" in response.content.decode()
    page = client.get(reverse("labels:rules")).content.decode()
    assert "24\xa0mois à partir du" in page
    detail = client.get(reverse("labels:rule_detail", args=[KEY])).content.decode()
    assert "Marc Dubois" in detail and "Essai" in detail and "corrige=" in detail


def test_nothing_typed_is_lost_when_it_is_refused(client, manager):
    yesterday = timezone.localdate() - timedelta(days=1)
    page = client.post(url(), answers(valid_from=yesterday.isoformat(), motive="Mon motif"))
    assert page.status_code == 200
    assert "Mon motif" in page.content.decode() and "à sa propre date" in page.content.decode()
    assert not LocalRule.objects.exists()


def test_a_correction_on_the_page_keeps_its_own_day(client, manager, caf):
    set_it(caf, manager, valid_from=ON, at=AT)
    form = client.get(url(corrects=ON.isoformat())).context["form"]
    assert form.initial["value"] == 24
    client.post(url(corrects=ON.isoformat()), answers(value="30"))
    assert LocalRule.objects.filter(valid_from=ON).count() == 2
    assert rules_for(caf, ON).label_duration_months == 30


@pytest.mark.parametrize("day", ["2026-03-03", "hier", "2026-02-31"])
def test_a_day_without_a_value_cannot_be_corrected(client, manager, caf, day):
    set_it(caf, manager, valid_from=ON)
    assert client.get(url(corrects=day)).status_code == 404


def test_the_agent_and_the_director_read_and_do_not_set(
    client, caf, caf_agent, caf_manager, director
):
    set_it(caf, caf_manager, valid_from=ON)
    for person, sees_who in [(caf_agent, True), (director, False)]:
        client.force_login(person)
        page = client.get(reverse("labels:rule_detail", args=[KEY])).content.decode()
        assert "24\xa0mois" in page
        assert ("Marc Dubois" in page) == ("Essai de deux ans" in page) == sees_who
        assert "Fixer une valeur" not in page
        assert client.get(url()).status_code == client.post(url(), answers()).status_code == 403


def test_the_neighbour_reads_nothing_of_it(client, caf, caf_manager, other_caf_agent):
    set_it(caf, caf_manager, valid_from=ON)
    client.force_login(other_caf_agent)
    page = client.get(reverse("labels:rule_detail", args=[KEY])).content.decode()
    assert "24\xa0mois" not in page and "36\xa0mois" in page


def test_a_rule_of_the_law_says_why_it_has_no_button(client, manager):
    page = client.get(reverse("labels:rule_detail", args=["child_max_age_months"]))
    assert "elle vaut partout" in page.content.decode()
    answer = client.get(url("child_max_age_months"), follow=True)
    assert "Cette règle est nationale" in answer.content.decode()
    assert client.get("/regles/inconnue/").status_code == 404


def test_a_rule_of_the_quota_is_tried_before_it_is_set(client, manager):
    answer = client.post(url("quota_rate"), answers(value="25"))
    assert answer["Location"].startswith("/regles/quota_rate/simuler/")
    assert not LocalRule.objects.exists()


def test_html_in_a_motive_is_text(client, manager, caf):
    set_it(caf, manager, valid_from=ON, motive="<script>alert(1)</script>")
    page = client.get(reverse("labels:rule_detail", args=[KEY])).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;" in page


def test_the_page_of_the_rules_costs_the_same_with_many_values(client, manager, caf):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("labels:rules"))
        return len(captured)

    set_it(caf, manager, valid_from=ON)
    queries()  # the session is written at the first visit
    first = queries()
    for month in range(1, 12):
        for key in (KEY, "contract_duration_months"):
            set_it(caf, manager, key=key, value=month, valid_from=date(2027, month, 1))
    assert queries() == first
