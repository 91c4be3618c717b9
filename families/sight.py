"""What a person may read of a referral: the agency everything, others what they need to answer."""

from functools import cached_property

from django.utils import timezone

from avip.templatetags.words import age_months, and_list, fr_date
from families.models import Referral
from families.occasional import say_days
from families.permissions import (
    answers,
    dispatches,
    manages,
    meets_childminder,
    orients,
    reads_names,
    validates,
)
from families.wording import say_ages, say_days_of_months, say_schedule
from partners.permissions import is_caf_agent

WAITING = {Referral.Status.SENT, *Referral.NOT_HERS_YET, Referral.Status.SHORTLISTED}


class Sight:
    """One referral as one person sees it; relations are prefetched by the view."""

    def __init__(self, referral, user):
        self.referral, self.user = referral, user
        self.is_agency = orients(user, referral)
        self.is_care = manages(user, referral.provider)
        # Who stands in for a silent coordinator reads the need, never the name.
        self.validates = validates(user, referral)
        counts = self.is_agency or self.is_care or self.validates or dispatches(user, referral)
        self.is_caf_only = not counts
        # A deputy has the request of a silent colleague in hand, not her network.
        self.opens_provider = self.is_agency or self.is_care or is_caf_agent(user, referral)
        self.named = reads_names(user, referral)

    @cached_property
    def parent(self):
        """The referring parent, for those who may read her name."""
        if not self.named:
            return None
        parents = list(self.referral.household.parents.all())
        return next((parent for parent in parents if parent.is_referring), None)

    @property
    def family(self) -> str:
        """« Fatoumata D. », or who asks when the name may not be read."""
        return self.parent.short_name if self.parent else f"Demande de {self.referral.agency}"

    @property
    def provider(self) -> str:
        """A childminder by her full name for her own side, and once she has accepted."""
        provider = self.referral.provider
        known = self.validates or self.referral.status in Referral.NAMED
        known = known or meets_childminder(self.user, provider)
        return provider.name if known else provider.public_name

    @property
    def title(self) -> str:
        """The family for those who may read its name, else what is asked."""
        if self.named:
            return self.family
        if self.is_occasional:
            urgent = "urgent" if self.referral.is_urgent else "ponctuel"
            return f"Accueil {urgent}, {say_days(self.referral.days.all(), timezone.localdate())}"
        return f"Place à partir du {fr_date(self.referral.from_on)}"

    @property
    def subtitle(self) -> str:
        """Where, from when, asked by whom."""
        place = f"{self.provider}, {self.referral.provider.commune}"
        sent = f"demandée le {fr_date(self.referral.sent_at)} par {self.referral.agency}"
        return f"{place} · {sent}"

    @property
    def line(self) -> str:
        """The title of one line of the list: whom it concerns, and where it was sent."""
        return f"{self.title} · {self.provider}" if self.named or self.is_caf_only else self.title

    @property
    def detail(self) -> str:
        """The second line of the list."""
        if self.is_caf_only:
            return str(self.referral.agency)
        need = f"{self.children}, {self.schedule}"
        return need if self.is_agency else f"{need} · {self.referral.agency}"

    @property
    def action(self) -> str:
        """The verb of the line's button."""
        waits = answers(self.user, self.referral) and self.referral.status in WAITING
        return "Répondre" if waits else "Voir"

    @property
    def deadline(self):
        """Until when an answer is due, while it is."""
        return self.referral.answer_due_at if self.referral.status in WAITING else None

    @property
    def is_taken(self) -> bool:
        """Accepted at least: when and where to come may be told."""
        return self.referral.status in Referral.NAMED

    @property
    def address(self) -> str:
        """A crèche's; a childminder's is given with the contract, never before."""
        provider = self.referral.provider
        return "" if provider.is_childminder else provider.facility.address

    @property
    def children(self) -> str:
        """First names and ages, or ages alone."""
        children = self.referral.children.all()
        if not self.named:
            return say_ages(children, self.referral.from_on)
        return and_list(
            f"{child.first_name} ({age_months(child.birth_date, self.referral.from_on)})"
            for child in children
        )

    @property
    def schedule(self) -> str:
        """Of an accueil ponctuel its dates; hours not known yet are settled by the contract."""
        if self.is_occasional:
            return say_days(self.referral.days.all())
        return say_schedule(self.referral.slots.all()) or "horaires à fixer avec le contrat"

    @property
    def given_up(self) -> str:
        """The days without care with which the situation was validated."""
        return say_days_of_months(row.day for row in self.referral.dropped_days.all())

    @property
    def is_occasional(self) -> bool:
        return self.referral.kind == Referral.Kind.OCCASIONAL

    @property
    def shows_priority(self) -> bool:
        """Who answers reads that the family comes first, never why."""
        return not self.is_caf_only and self.referral.household.is_priority
