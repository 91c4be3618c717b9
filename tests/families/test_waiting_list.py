"""The order of a waiting list: priority without its reason, then the date of the request."""

from datetime import timedelta

import pytest
from django.urls import reverse

from families.models import Referral
from families.waiting_list import first_waiting, in_order, position_of
from tests import factories as f
from tests.families import factories as ff
from tests.families.pages import signed_in, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def creche():
    return ff.make_labelled(f.make_facility())


@pytest.fixture
def waiting(creche):
    return [
        ff.make_referral(
            "waiting_list",
            provider=creche,
            household=ff.make_household(single_parent=priority),
            at=ff.AT + timedelta(hours=hour),
        )
        for hour, priority in ((0, False), (1, True), (2, True))
    ]


def test_priority_families_come_first_then_the_date_decides(creche, waiting):
    early, first, second = waiting
    assert list(in_order(Referral.objects.all())) == [first, second, early]
    assert first_waiting(creche.pk) == first
    assert [str(position_of(one)) for one in waiting] == ["3ᵉ sur 3", "1ʳᵉ sur 3", "2ᵉ sur 3"]


def test_the_adviser_reads_the_position_and_how_it_is_made(waiting):
    client = signed_in(waiting[0].adviser)
    html = text_of(client.get(waiting[0].get_absolute_url()))
    assert "3ᵉ sur 3" in html and "prioritaires d’abord" in html


def test_the_director_reads_the_order_without_names_nor_reasons(creche, waiting):
    client = signed_in(ff.director_of(creche))
    html = text_of(client.get(reverse("families:waiting_list", args=[creche.pk])))
    assert html.count("prioritaire</") == 2
    assert "Diallo" not in html and "monoparentale" not in html
    ids = [html.index(str(one.pk)) for one in waiting]
    assert ids[1] < ids[2] < ids[0]


def test_a_neighbour_reads_no_list(creche, waiting):
    other = ff.make_labelled(f.make_facility("Ailleurs"))
    client = signed_in(ff.director_of(other))
    own = reverse("families:waiting_list", args=[other.pk])
    assert client.get(own).status_code == 200
    assert client.get(reverse("families:waiting_list", args=[creche.pk])).status_code == 404


def test_the_first_of_the_list_is_accepted_like_any_request(waiting):
    ff.accept(waiting[1])
    assert waiting[1].status == Referral.Status.ACCEPTED
