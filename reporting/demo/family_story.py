"""Chapter two: families are oriented, sign, are cared for, find work; every state is shown."""

import random
from datetime import date, time, timedelta

from dateutil.relativedelta import relativedelta
from django.utils import timezone

from families.models import AvipContract, Child, Household, Parent, PlaceOffer, Signatory, Signature
from families.proposal import last_day_before_school
from families.workflow import contracts, outcomes, referrals
from families.workflow.contract_steps import PLACEMENT
from labels import workflow as labels
from labels.models import Label, NetworkMember
from labels.rules import rules_for
from reporting.demo import names
from reporting.demo.label_story import at_ten

MORNING, AFTERNOON = (time(8, 30), time(12, 30)), (time(13, 30), time(17))
# (weekday, starts, ends): a week of care; crèches first, then what fits a childminder's month.
WEEKS = [
    [(0, time(8, 30), time(16, 30)), (1, time(8, 30), time(16, 30)), (3, *MORNING)],
    [(0, *MORNING), (1, *MORNING), (3, *MORNING), (4, *MORNING)],
    [(1, time(9), time(17)), (3, time(9), time(17))],
    [(0, time(8, 30), time(17)), (2, *AFTERNOON), (4, time(8, 30), time(17))],
]
CHILDMINDER_WEEK = [(1, time(9), time(14)), (3, time(9), time(14))]
Outcome = AvipContract.Outcome
OUTCOMES = [
    Outcome.CDI, Outcome.TRAINING, Outcome.NONE, Outcome.CDD_LONG, Outcome.CDD_SHORT, Outcome.NONE,
    Outcome.TRAINING, Outcome.CDI, Outcome.INTERIM, Outcome.NONE, Outcome.MOVED, Outcome.BUSINESS,
]  # fmt: skip


class FamilyStory:
    """Walks families through the functions the pages use, at dates of the past."""

    def __init__(self, world, today):
        self.world, self.today = world, today
        self.random = random.Random(20160501)
        self.count = 0

    def adviser_near(self, provider):
        """The first crèche and the childminders work with the first adviser: their lists meet."""
        advisers = self.world.advisers
        if provider == self.world.facilities[0] or provider.is_childminder:
            return advisers[0]
        return advisers[self.count % len(advisers)]

    def household(self, on, *, adviser, provider):
        """A family known to an adviser since that day, living near a provider."""
        self.count += 1
        number = self.count
        agency = adviser.memberships_today[0].agency
        household = Household.objects.create(
            agency=agency,
            adviser=adviser,
            caf=self.world.caf,
            commune=provider.commune,
            situation=self.random.choice(Household.Situation.values),
            single_parent=number % 5 < 2,
            in_qpv=number % 3 == 0,
            rsa=number % 4 == 0,
            attested_by=adviser,
            attested_on=on,
            notice_given_on=on,
            notice_channel=Household.NoticeChannel.IN_PERSON,
            created_at=at_ten(on),
            edited_at=at_ten(on),
        )
        Parent.objects.create(
            household=household,
            first_name=names.FIRST_NAMES[number % len(names.FIRST_NAMES)],
            last_name=names.LAST_NAMES[number * 7 % len(names.LAST_NAMES)],
            phone=f"06 99 {number // 100:02d} {number % 100:02d} 00",
            email="" if number % 3 else f"parent{number:03d}@demonstration.example.fr",
        )
        Child.objects.create(
            household=household,
            first_name=names.CHILDREN[number % len(names.CHILDREN)],
            birth_date=on - relativedelta(months=self.random.randint(8, 20)),
        )
        return household

    def sent(self, provider, start_on, week, *, on=None):
        """A referral on its way, twenty days before the first day of care."""
        on = on or start_on - timedelta(days=20)
        household = self.household(on, adviser=self.adviser_near(provider), provider=provider)
        return referrals.send(
            household,
            provider=provider,
            children=household.children.all(),
            slots=week,
            from_on=start_on,
            by=household.adviser,
            on=on,
            at=at_ten(on),
        )

    def accepted(self, provider, start_on, week, *, on=None):
        referral = self.sent(provider, start_on, week, on=on)
        day = timezone.localtime(referral.sent_at).date()
        director = self.world.directors[provider.pk]
        if provider.is_childminder:
            who = {"by": self.world.coordinator, "on": day, "at": at_ten(day)}
            referrals.validate(referral, tariff_talked_on=day, **who)
        referrals.accept(
            referral,
            by=director,
            on=day,
            at=at_ten(day) + timedelta(hours=5),
            first_appointment_at=at_ten(start_on - timedelta(days=3)),
            contact_name=str(director),
            papers="carnet de santé à montrer, justificatif d’assurance",
        )
        return referral

    def confirmed(self, provider, start_on, week, *, on=None):
        referral = self.accepted(provider, start_on, week, on=on)
        day = timezone.localtime(referral.sent_at).date() + timedelta(days=1)
        referrals.confirm(
            referral, by=referral.adviser, on=day, at=at_ten(day), how="par téléphone"
        )
        return referral

    def proposed(self, provider, start_on, week, *, on=None):
        referral = self.confirmed(provider, start_on, week, on=on)
        day = timezone.localtime(referral.confirmed_at).date() + timedelta(days=1)
        version = contracts.propose(
            referral,
            by=referral.adviser,
            on=day,
            at=at_ten(day),
            start_on=start_on,
            slots=week,
            envelope_minutes=25 * 60,
            settling_in_days=3,
        )
        return version

    def sign(
        self,
        version,
        day,
        roles=(Signatory.Role.CARE, Signatory.Role.PARENT, Signatory.Role.ADVISER),
    ):
        """Each of these parties signs that day, an hour apart."""
        contract = version.contract
        director = self.world.directors[contract.provider_id]
        for hour, role in enumerate(roles, start=1):
            signatory = version.signatories.get(role=role)
            by, method = {
                Signatory.Role.CARE: (director, Signature.Method.ACCOUNT),
                Signatory.Role.ADVISER: (contract.adviser, Signature.Method.ACCOUNT),
                Signatory.Role.PARENT: (contract.adviser, Signature.Method.ON_SITE_ATTESTED),
            }[role]
            proof = {"identity_seen": True} if role == Signatory.Role.PARENT else {}
            contracts.sign(
                version,
                signatory=signatory,
                method=method,
                text_sha256=version.text_sha256,
                by=by,
                on=day,
                at=at_ten(day) + timedelta(hours=hour),
                **proof,
            )
        version.contract.refresh_from_db()
        return version.contract

    def in_force(self, provider, start_on, week):
        """A contract signed by all a week before its first day."""
        version = self.proposed(provider, start_on, week)
        return self.begun(self.sign(version, start_on - timedelta(days=7)))

    def begun(self, contract):
        """Care begins on its first day, when that day has come."""
        day = contract.start_on
        for placement in contract.placements.all():
            if day <= self.today:
                with PLACEMENT.take("start", placement, by=None, on=day, at=at_ten(day)):
                    pass
        return contract

    def renewed(self, contract):
        """The next contract of the chain, signed by all before the first one ends."""
        day = contract.end_on - timedelta(days=8)
        version = contracts.renew(contract, by=contract.adviser, on=day, at=at_ten(day))
        return self.begun(self.sign(version, day + timedelta(days=1)))

    def over(self, contract, outcome=""):
        """Its last day has passed; what became of the family is noted, or still to note."""
        day = contract.end_on + timedelta(days=1)
        contracts.end(contract, on=day, at=at_ten(day))
        if outcome:
            noted = min(day + timedelta(days=4), self.today)
            outcomes.record(
                contract, by=contract.adviser, on=noted, at=at_ten(noted), outcome=outcome
            )
        return contract


def tell(world, today, size):
    """Childminders join; families of a whole year; then one dossier in each state of today."""
    story = FamilyStory(world, today)
    members = _network(story)
    _offers(story)
    made = 0
    turn = 0
    started = dict(Label.objects.values_list("provider", "starts_on"))
    while made < size.contracts:
        provider, week = _next_provider(story, members, turn)
        turn += 1
        made += _chain(story, provider, week, turn, started.get(provider.pk), size.months)
    _today(story, members)
    _endings(story, members)
    _neighbour(story)


def _next_provider(story, members, turn):
    if members and turn % 9 == 4:
        return members[turn // 9 % len(members)], CHILDMINDER_WEEK
    # The crèche of the first persona fills up, so that her own figure is worth a look.
    index = 0 if turn % 8 == 2 else turn % len(story.world.facilities)
    return story.world.facilities[index], WEEKS[turn % len(WEEKS)]


def _chain(story, provider, week, turn, labelled_on, months):
    """One family's path, begun some weeks or months ago; how many contracts it took."""
    age = (turn * 37) % (months * 30) if turn % 3 == 0 else (turn * 23) % 170
    start_on = story.today - timedelta(days=max(age, 10))
    start_on -= timedelta(days=start_on.weekday())
    if provider.is_childminder:
        labelled_on = story.today - relativedelta(months=months)
        theirs = AvipContract.objects.filter(provider=provider, end_on__gte=start_on.replace(day=1))
        if theirs.filter(start_on__lte=start_on + relativedelta(months=7)).exists():
            return 0
    if labelled_on is None or start_on - timedelta(days=21) < labelled_on:
        return 0
    contract = story.in_force(provider, start_on, week)
    outcome = OUTCOMES[turn % len(OUTCOMES)]
    if contract.end_on >= story.today:
        return 1
    if turn % 5 == 0:
        story.over(contract, outcome)
        return 1
    second = story.renewed(contract)
    story.over(contract)
    if second.end_on < story.today:
        story.over(second, outcome if turn % 7 else "")
    return 2


def _network(story):
    """All but the last two are members; those two are on their way."""
    day = story.today - relativedelta(years=1, months=1)
    members = []
    *joined, checked, wishing = story.world.childminders
    for provider in [*joined, checked, wishing]:
        member = labels.express_wish(provider, by=story.world.coordinator, on=day, at=at_ten(day))
        if provider is wishing:
            continue
        labels.check_licence(member, by=story.world.coordinator, on=day, at=at_ten(day))
        if provider is checked:
            continue
        labels.join_network(member, by=story.world.coordinator, on=day, at=at_ten(day))
        members.append(provider)
    return members


def _offers(story):
    """Every third crèche keeps numbered places."""
    for index, provider in enumerate(story.world.facilities[::3]):
        PlaceOffer.objects.create(
            provider=provider,
            places=provider.facility.licensed_capacity,
            from_on=date(story.today.year - 2, 1, 1),
            half_days=[f"{day}-{half}" for day in range(5) for half in ("am", "pm")],
            note="" if index % 2 else "entrées possibles chaque lundi",
        )


def _today(story, members):
    """What waits for each of the personas this morning."""
    today, world = story.today, story.world
    soon = today + timedelta(days=21 - today.weekday())  # a Monday
    first, second, third, *_ = [*world.facilities, *world.facilities, *world.facilities]
    recent = today - timedelta(days=1)
    story.sent(first, soon, WEEKS[1], on=recent)
    story.sent(second, soon, WEEKS[2], on=recent)
    story.accepted(third, soon, WEEKS[0], on=recent)
    story.confirmed(first, soon, WEEKS[0], on=today - timedelta(days=3))
    refused = story.sent(second, soon, WEEKS[3], on=today - timedelta(days=4))
    referrals.refuse(
        refused,
        by=world.directors[second.pk],
        on=today - timedelta(days=3),
        at=at_ten(today - timedelta(days=3)),
        reason="full",
    )
    waiting = story.sent(third, soon, WEEKS[1], on=today - timedelta(days=6))
    referrals.put_on_waiting_list(
        waiting,
        by=world.directors[third.pk],
        on=today - timedelta(days=5),
        at=at_ten(today - timedelta(days=5)),
    )
    story.sign(
        story.proposed(first, soon, WEEKS[3], on=today - timedelta(days=6)),
        today - timedelta(days=1),
    )
    unsigned = story.proposed(first, soon, WEEKS[2], on=today - timedelta(days=5))
    story.sign(unsigned, today - timedelta(days=2), roles=[Signatory.Role.ADVISER])
    story.proposed(second, soon, WEEKS[1], on=today - timedelta(days=4))
    if members:
        story.sent(members[-1], soon, CHILDMINDER_WEEK, on=recent)


def _endings(story, members):
    """The ways a request or a contract may end that nobody waits for."""
    today, world = story.today, story.world
    provider = world.facilities[1]
    later = today + timedelta(days=21 - today.weekday())
    past = today - timedelta(days=30)
    for verb in (referrals.cancel, referrals.decline):
        referral = story.accepted(provider, later, WEEKS[1], on=today - timedelta(days=8))
        day = today - timedelta(days=7)
        verb(referral, by=referral.adviser, on=day, at=at_ten(day))
    referrals.expire(
        story.sent(provider, later, WEEKS[1], on=today - timedelta(days=12)),
        on=today - timedelta(days=2),
        at=at_ten(today - timedelta(days=2)),
    )
    _second_choice(story, provider, later)
    cancelled = story.proposed(provider, later, WEEKS[1], on=today - timedelta(days=9)).contract
    day = today - timedelta(days=3)
    contracts.cancel(cancelled, by=cancelled.adviser, on=day, at=at_ten(day))
    unsigned = story.proposed(provider, today - timedelta(days=50), WEEKS[1]).contract
    contracts.lapse(unsigned, on=today - timedelta(days=10), at=at_ten(today - timedelta(days=10)))
    stopped = story.in_force(provider, past - timedelta(days=past.weekday()), WEEKS[1])
    contracts.terminate(
        stopped, by=stopped.adviser, on=day, at=at_ten(day), reason="La famille déménage."
    )
    kept = story.in_force(world.facilities[0], today - timedelta(days=60), WEEKS[0])
    placement = kept.placements.get()
    contracts.keep_place(
        placement,
        by=world.directors[kept.provider_id],
        on=today - timedelta(days=5),
        at=at_ten(today - timedelta(days=5)),
        until=last_day_before_school(placement.child.birth_date, rules_for(kept.caf, today)),
    )
    if members:
        member = NetworkMember.objects.get(provider=members.pop())
        day = today - timedelta(days=40)
        who = {"by": world.coordinator, "on": day, "at": at_ten(day)}
        labels.leave_network(member, **who, reasons="Retraite")


def _second_choice(story, provider, start_on):
    """A family asked two crèches; one said yes, the other request has no object any more."""
    day = story.today - timedelta(days=6)
    referral = story.accepted(provider, start_on, WEEKS[3], on=day)
    other = story.world.facilities[0]
    household = referral.household
    referrals.send(
        household,
        provider=other,
        children=household.children.all(),
        slots=WEEKS[3],
        from_on=start_on,
        by=household.adviser,
        on=day,
        at=at_ten(day),
    )
    day = story.today - timedelta(days=5)
    referrals.confirm(referral, by=household.adviser, on=day, at=at_ten(day), how="en agence")


def _neighbour(story):
    """The other Caf has a family and a request of its own."""
    world = story.world
    household = story.household(
        story.today - timedelta(days=2),
        adviser=world.neighbour_adviser,
        provider=world.neighbour_facilities[0],
    )
    household.caf = world.neighbour
    household.save(update_fields=["caf"])
    referrals.send(
        household,
        provider=world.neighbour_facilities[0],
        children=household.children.all(),
        slots=WEEKS[1],
        from_on=story.today + timedelta(days=21),
        by=world.neighbour_adviser,
        on=story.today - timedelta(days=2),
        at=at_ten(story.today - timedelta(days=2)),
    )
