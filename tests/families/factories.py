"""Families, places, referrals, contracts in few words, walked to a state by the workflow."""

from datetime import UTC, date, datetime, time, timedelta

from families.models import (
    Child,
    Household,
    OfferDay,
    OfferSlot,
    Parent,
    PlaceOffer,
    Signatory,
    Signature,
)
from families.places import keys_of
from families.workflow import contracts, referrals
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


def make_planning(provider, week, *, dates=(), from_on=date(2025, 1, 1), **fields):
    """The place of a childminder at these hours (weekday, starts, ends), but on these dates."""
    slots = [OfferSlot(weekday=day, starts=starts, ends=ends) for day, starts, ends in week]
    offer = make_offer(provider, half_days=keys_of(slots), from_on=from_on, **fields)
    for slot in slots:
        slot.offer = offer
    OfferSlot.objects.bulk_create(slots)
    OfferDay.objects.bulk_create(
        OfferDay(offer=offer, day=day, starts=starts, ends=ends) for day, starts, ends in dates
    )
    return offer


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
    if status in {"to_validate", "to_dispatch"} or status == "sent" and referral.status == "sent":
        return
    director = director_of(referral.provider)
    if referral.provider.is_childminder:
        validate(referral, by=director, on=on, at=at)
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
        case "hours_proposed":
            propose_hours(referral, on=on, at=at)
        case "shortlisted":
            shortlist(referral, on=on, at=at)
        case "expired":
            referrals.expire(referral, on=on, at=at)
        case "placed":
            referrals.mark_placed(referral, on=on)


def validate(referral, *, by=None, on=ON, at=AT, **given):
    """The coordinator validates; the tariff was talked over the same day."""
    by = by or coordinator_of(referral.provider)
    talked = {"tariff_talked_on": on} | given
    referrals.validate(referral, by=by, on=on, at=at, **talked)


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


def propose_hours(referral, *, by=None, on=ON, at=AT, slots=SIX_HOURS_TWICE, from_on=None):
    """Whoever answers proposes other hours."""
    referrals.propose_hours(
        referral,
        by=by or director_of(referral.provider),
        on=on,
        at=at,
        slots=slots,
        from_on=from_on or referral.from_on,
        contact_name="Nadia Benali",
    )


def shortlist(referral, *, by=None, on=ON, at=AT, commission_on=date(2026, 1, 20)):
    """The commission of the facility will decide."""
    referral.provider.facility.admits = "commission"
    referral.provider.facility.save(update_fields=["admits"])
    referrals.shortlist(
        referral,
        by=by or director_of(referral.provider),
        on=on,
        at=at,
        commission_on=commission_on,
    )


def make_stay(status="sent", *, days=None, is_urgent=True, provider=None, on=ON, at=AT, **fields):
    """An accueil ponctuel in this state: the morning of the day after, unless said otherwise."""
    provider = provider or make_labelled(f.make_facility())
    household = fields.pop("household", None) or make_household()
    adviser = fields.pop("adviser", None) or make_adviser(household.agency)
    referral = referrals.send(
        household,
        provider=provider,
        children=household.children.all(),
        kind="occasional",
        is_urgent=is_urgent,
        days=days or [(on + timedelta(days=1), time(9), time(12))],
        by=adviser,
        on=on,
        at=at,
        **fields,
    )
    if status in {"accepted", "confirmed", "stayed"}:
        if provider.is_childminder:
            validate(referral, on=on, at=at)
        accept(referral, on=on, at=at)
    if status in {"confirmed", "stayed"}:
        referrals.confirm(referral, by=adviser, on=on, at=at, how="par téléphone")
    if status == "stayed":
        referrals.close_stay(referral, on=on + timedelta(days=9), at=at)
    return referral


def make_contract(
    status="to_sign", *, referral=None, start_on=None, slots=None, on=ON, at=AT, **fields
):
    """A contract in this state, proposed by its adviser from a confirmed referral, signed by all.

    `fields` go to the referral: provider, household, adviser, children…
    """
    referral = referral or make_referral("confirmed", on=on, at=at, **fields)
    version = contracts.propose(
        referral,
        by=referral.adviser,
        on=on,
        at=at + timedelta(hours=2),
        start_on=start_on or referral.from_on,
        slots=slots or [(s.weekday, s.starts, s.ends) for s in referral.slots.all()],
        envelope_minutes=24 * 60,
    )
    contract = version.contract
    if status in {"active", "ended", "terminated"}:
        sign_all(version, on=on, at=at + timedelta(hours=3))
    match status:
        case "cancelled":
            contracts.cancel(contract, by=referral.adviser, on=on, at=at)
        case "lapsed":
            contracts.lapse(contract, on=contract.start_on + timedelta(days=31), at=at)
        case "ended":
            contracts.end(contract, on=contract.end_on + timedelta(days=1), at=at)
        case "terminated":
            contracts.terminate(
                contract, by=referral.adviser, on=contract.start_on, reason="autre accueil"
            )
    contract.refresh_from_db()
    return contract


def sign_all(version, *, on=ON, at=AT, but=()):
    """Every party signs, except these roles; the parent on site, her identity attested by
    her adviser.
    """
    for role in (Signatory.Role.CARE, Signatory.Role.PARENT, Signatory.Role.ADVISER):
        if role not in but:
            for signatory in version.signatories.filter(role=role):
                sign_as(signatory, on=on, at=at)
    version.refresh_from_db()
    return version


def sign_as(signatory, *, on=ON, at=AT, **proof):
    """One party signs in the plainest way it has."""
    version = signatory.version
    contract = version.contract
    method, by = Signature.Method.ACCOUNT, contract.adviser
    if signatory.role == Signatory.Role.PARENT:
        method = Signature.Method.ON_SITE_ATTESTED
    elif signatory.role == Signatory.Role.CARE:
        by = director_of(contract.provider)
        if contract.provider.is_childminder:
            method = Signature.Method.ON_SITE_ATTESTED
    return contracts.sign(
        version,
        signatory=signatory,
        method=method,
        text_sha256=version.text_sha256,
        by=by,
        on=on,
        at=at,
        **proof,
    )
