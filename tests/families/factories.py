"""Families, places and referrals in few words; a referral in a state is walked there by the workflow."""

from datetime import UTC, date, datetime, time, timedelta

from families.models import Child, Household, Parent, PlaceOffer
from families.workflow import referrals
from labels.models import Label, NetworkMember
from labels.workflow.network import check_licence, express_wish, join_network
from partners.models import User
from tests import factories as f

# Mondays of the past, so that the effects of a step are due; a place is asked three weeks ahead.
ON = date(2026, 1, 12)
AT = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
FROM_ON = date(2026, 2, 2)
TUESDAY, THURSDAY = 1, 3
NEED = [(0, time(8, 30), time(12)), (1, time(8, 30), time(17))]
SIX_HOURS_TWICE = [(TUESDAY, time(9), time(15)), (THURSDAY, time(9), time(15))]
FOUR_HOURS_ONCE = [(TUESDAY, time(9), time(13))]
EVERY_HALF_DAY = [f"{day}-{half}" for day in range(5) for half in ("am", "pm")]


def make_adviser(agency=None, **fields):
    return f.make_user(
        "Karim", "Belkacem", member_of=agency or f.make_agency(), quality="conseiller", **fields
    )


def make_household(
    agency=None,
    *,
    adviser=None,
    parent="Fatoumata Diallo",
    phone="0600000001",
    births=(date(2025, 6, 15),),
    **fields,
):
    """A family followed by the agency: one parent, one child by birth date."""
    agency = agency or f.make_agency()
    commune = fields.pop("commune", None) or f.make_commune()
    defaults = {
        "adviser": adviser,
        "caf": f.make_caf(),
        "commune": commune,
        "situation": Household.Situation.JOB_SEEKER,
        "notice_given_on": date(2025, 9, 1),
        "notice_channel": Household.NoticeChannel.IN_PERSON,
    }
    household = Household.objects.create(agency=agency, **defaults | fields)
    first_name, _, last_name = parent.partition(" ")
    Parent.objects.create(
        household=household, first_name=first_name, last_name=last_name, phone=phone
    )
    for number, birth_date in enumerate(births):
        Child.objects.create(
            household=household,
            first_name=["Issa", "Alma", "Noé"][number % 3],
            birth_date=birth_date,
        )
    return household


def make_labelled(provider):
    """A label in force for as long as any test lasts."""
    Label.objects.create(
        provider=provider,
        caf=provider.caf,
        granted_on=date(2024, 1, 1),
        starts_on=date(2024, 1, 1),
        ends_on=date(2040, 12, 31),
    )
    return provider


def make_network_member(
    name="Claire Morel", *, service=None, status=NetworkMember.Status.MEMBER, **fields
):
    """A childminder in the network, walked there by a coordinator of her service."""
    fields = {"licence_from": date(2024, 1, 1), "licence_until": date(2035, 12, 31)} | fields
    provider = f.make_childminder(name, service=service, **fields)
    coordinator = coordinator_of(provider)
    on = date(2025, 9, 1)
    member = express_wish(provider, by=coordinator, on=on)
    if status in {NetworkMember.Status.LICENCE_CHECKED, NetworkMember.Status.MEMBER}:
        check_licence(member, by=coordinator, on=on)
    if status == NetworkMember.Status.MEMBER:
        join_network(member, by=coordinator, on=on)
    return provider


def make_offer(provider, *, places=1, half_days=None, from_on=date(2025, 1, 1), **fields):
    return PlaceOffer.objects.create(
        provider=provider,
        places=places,
        half_days=half_days or EVERY_HALF_DAY,
        from_on=from_on,
        **fields,
    )


def coordinator_of(provider):
    service = provider.childminder.service
    return User.objects.filter(memberships__service=service).first() or f.make_user(
        "Anne", "Petit", member_of=service, quality="coordinatrice"
    )


def director_of(provider):
    """Whoever answers for this provider."""
    if provider.is_childminder:
        return coordinator_of(provider)
    return User.objects.filter(memberships__provider=provider).first() or f.make_user(
        "Nadia", "Benali", member_of=provider, quality="directrice"
    )


def make_referral(
    status="sent",
    *,
    provider=None,
    household=None,
    adviser=None,
    children=None,
    slots=None,
    from_on=FROM_ON,
    on=ON,
    at=AT,
    **fields,
):
    """A referral in this state, each step taken by the person whose step it is."""
    provider = provider or make_labelled(f.make_facility())
    household = household or make_household(adviser.memberships.first().agency if adviser else None)
    adviser = adviser or household.adviser or make_adviser(household.agency)
    referral = referrals.send(
        household,
        provider=provider,
        children=household.children.all() if children is None else children,
        slots=slots or (FOUR_HOURS_ONCE if provider.is_childminder else NEED),
        from_on=from_on,
        by=adviser,
        on=on,
        at=at,
        **fields,
    )
    walk(referral, status, by=adviser, on=on, at=at + timedelta(hours=1))
    return referral


def walk(referral, status, *, by, on=ON, at=AT):
    """Take this referral from where it was sent to `status`."""
    if status == "to_validate" or status == "sent" and referral.status == "sent":
        return
    director = director_of(referral.provider)
    if referral.provider.is_childminder:
        referrals.validate(referral, by=director, on=on, at=at)
    if status in {"accepted", "confirmed", "declined", "placed"}:
        accept(referral, on=on, at=at)
    if status in {"confirmed", "placed"}:
        referrals.confirm(referral, by=by, on=on, at=at, how="par téléphone")
    match status:
        case "refused":
            referrals.refuse(referral, by=director, on=on, at=at, reason="full")
        case "waiting_list":
            referrals.put_on_waiting_list(referral, by=director, on=on, at=at)
        case "declined":
            referrals.decline(referral, by=by, on=on, at=at)
        case "cancelled":
            referrals.cancel(referral, by=by, on=on, at=at)
        case "expired":
            referrals.expire(referral, on=on, at=at)
        case "placed":
            referrals.mark_placed(referral, on=on)


def accept(referral, *, by=None, on=ON, at=AT):
    """Whoever answers for the provider accepts, with the first appointment."""
    referrals.accept(
        referral,
        by=by or director_of(referral.provider),
        on=on,
        at=at,
        first_appointment_at=datetime(2026, 1, 26, 9, 0, tzinfo=UTC),
        contact_name="Nadia Benali",
        papers="carnet de santé à montrer",
    )
