"""Two files that look like one family: found when one is written, told to the Caf alone."""

import unicodedata

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import CharField, F, Func, Q, Value
from django.db.models.functions import Lower, Replace

from avip.workflow import StepRefused, moment
from families.models import Child, Household, HouseholdMatch, Parent
from partners.permissions import is_caf_agent, is_hijacked

Verdict = HouseholdMatch.Verdict


def find_matches(household, *, at=None) -> list[HouseholdMatch]:
    """Files of other agencies with the same child and a parent of the same name or telephone.

    The Caf of this family is told; what it has already answered is not asked again.
    """
    same_child = Q(pk__in=[])
    for child in household.children.all():
        same_child |= Q(birth_date=child.birth_date, plain=plain_name(child.first_name))
    same_parent = Q(pk__in=[])
    for parent in household.parents.all():
        same_parent |= Q(plain=plain_name(parent.last_name))
        if parent.phone:
            same_parent |= Q(phone=parent.phone)
    children = Child.objects.alias(plain=_plain("first_name")).filter(same_child)
    parents = Parent.objects.alias(plain=_plain("last_name")).filter(same_parent)
    others = (
        Household.objects.exclude(agency=household.agency_id)
        .filter(merged_into=None, pk__in=children.values("household"))
        .filter(pk__in=parents.values("household"))
    )
    return [_match(household, other, at) for other in others]


def is_being_checked(household) -> bool:
    """The Caf has still to say whether another file concerns this family."""
    return (
        HouseholdMatch.objects.filter(Q(first=household) | Q(second=household))
        .filter(second__merged_into=None)
        .exclude(verdict=Verdict.DIFFERENT)
        .exists()
    )


def settle(match, *, verdict, by, on, at=None):
    """The Caf says one family or two; one: the agency of the older file is asked to join them."""
    if is_hijacked(by) or not is_caf_agent(by, match):
        raise PermissionDenied
    with transaction.atomic():
        rows = HouseholdMatch.objects.select_for_update(of=("self",), no_key=True)
        match.refresh_from_db(from_queryset=rows)
        if match.verdict:
            raise StepRefused(f"Déjà répondu\xa0: {match.get_verdict_display()}.")
        if verdict not in Verdict:
            raise StepRefused("Dites s’il s’agit d’une seule famille ou de deux.")
        match.verdict, match.settled_by, match.settled_at = verdict, by, moment(at)
        match.save(update_fields=["verdict", "settled_by", "settled_at"])


def plain_name(name) -> str:
    """« Éloïse-Marie » and « eloise marie » are one name."""
    letters = unicodedata.normalize("NFKD", name.lower())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return bare.replace("-", " ").replace("’", " ").replace("'", " ").strip()


def _plain(column):
    """`plain_name` in the database."""
    found = Func(Lower(F(column)), function="unaccent", output_field=CharField())
    for sign in ("-", "’", "'"):
        found = Replace(found, Value(sign), Value(" "))
    return Func(found, function="btrim", output_field=CharField())


def _match(household, other, at):
    first, second = sorted([household, other], key=lambda one: (one.created_at, str(one.pk)))
    match, _ = HouseholdMatch.objects.get_or_create(
        first=first,
        second=second,
        defaults={"caf_id": household.caf_id, "found_at": moment(at)},
    )
    return match
