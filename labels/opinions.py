"""What the members of a committee think, counted: opinions of each dossier, and the quorum."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from avip.templatetags.words import and_list, count_of
from labels.models import LabelCommittee, Opinion

V = Opinion.Value
# How a count reads, the opinion in one word or two.
SPOKEN = {
    V.FAVOURABLE: "favorable",
    V.RESERVED: "avec réserves,avec réserves",
    V.UNFAVOURABLE: "défavorable",
    V.ABSTAINS: "abstention",
    V.INTERESTED: "membre intéressé,membres intéressés",
}


@dataclass(frozen=True)
class Counts:
    """The opinions of one dossier, and how many members count for it."""

    by_value: Counter
    voters: int

    def __str__(self):
        given = [count_of(self.by_value[v], SPOKEN[v]) for v in SPOKEN if self.by_value[v]]
        return and_list(given) or "aucun avis"


def counts_of(committee, items) -> dict:
    """{item id: Counts}, in two queries however long the agenda.

    An interested member counts for no quorum of that dossier.
    """
    here = set(committee.members.filter(is_present=True).values_list("pk", flat=True))
    given = defaultdict(dict)
    rows = Opinion.objects.filter(item__in=[item.pk for item in items])
    for item_id, member_id, value in rows.values_list("item_id", "member_id", "value"):
        given[item_id][member_id] = value
    return {item.pk: _counts(committee, here, given[item.pk]) for item in items}


def _counts(committee, here, values):
    interested = {member for member, value in values.items() if value == V.INTERESTED}
    answered = committee.kind == LabelCommittee.Kind.WRITTEN
    voters = (set(values) if answered else here) - interested
    return Counts(Counter(values.values()), len(voters))


def taking_part(committee) -> int:
    """Members present at the session, or who have answered the consultation."""
    if committee.kind == LabelCommittee.Kind.WRITTEN:
        return committee.members.filter(opinions__isnull=False).distinct().count()
    return committee.members.filter(is_present=True).count()
