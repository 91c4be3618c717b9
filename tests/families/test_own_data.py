"""What a parent may read and keep: her family's file, and nobody else's contact details."""

import io
import json

import pikepdf
import pytest

from families.models import Parent
from families.own_data import as_json, as_pdf, own_data
from tests.families import factories as f

pytestmark = pytest.mark.django_db


def test_everything_held_about_the_family_is_there():
    contract = f.make_contract("active")
    text = as_json(own_data(contract.household.parents.get()))
    data = json.loads(text)
    assert list(data) == [
        "Vous",
        "Votre famille",
        "Vos enfants",
        "Vos demandes de place",
        "Vos contrats",
    ]
    for fact in ("Fatoumata Diallo", "0600000001", "Issa", contract.provider.public_name):
        assert fact in text


def test_the_other_parents_contact_details_are_not_hers():
    contract = f.make_contract("active")
    Parent.objects.create(
        household=contract.household,
        first_name="Moussa",
        last_name="Keita",
        phone="0699999999",
        is_referring=False,
    )
    text = as_json(own_data(contract.household.parents.get(is_referring=True)))
    assert "Moussa" in text and "Keita" not in text and "0699999999" not in text


def test_another_family_is_not_in_it():
    contract = f.make_contract("active")
    f.make_household(contract.agency, parent="Yasmine Autre", phone="0600000009")
    assert "Yasmine" not in as_json(own_data(contract.household.parents.get()))


@pytest.mark.pdf
def test_the_same_is_read_as_a_tagged_pdf():
    contract = f.make_contract("active")
    pdf = as_pdf(contract.household.parents.get(), at=f.AT)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert opened.Root.MarkInfo.Marked and opened.Root.Lang == "fr"
        assert opened.docinfo["/Title"] == "Mes données"
