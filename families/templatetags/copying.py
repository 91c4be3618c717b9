"""The block « Copier pour mon logiciel » of the pages of a file."""

from django import template
from django.utils import timezone

from families import contract_page, plain_text

register = template.Library()
BLOCK = "families/_copy_text.html"


@register.inclusion_tag(BLOCK)
def copy_contract(contract, named):
    """The contract, with names for its parties alone."""
    standing = contract_page.standing(contract)
    on = timezone.localdate()
    return {"text": plain_text.contract_as_text(contract, standing, on, named=named)}


@register.inclusion_tag(BLOCK)
def copy_referral(sight):
    """A request, as this person sees it."""
    return {"text": plain_text.referral_as_text(sight, timezone.localdate())}


@register.inclusion_tag(BLOCK)
def copy_household(household):
    """The file of a family."""
    return {"text": plain_text.household_as_text(household, timezone.localdate())}
