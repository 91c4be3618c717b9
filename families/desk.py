"""The coordinator's desk: each childminder's place, hours of two months, and who is silent."""

from datetime import date, datetime, timedelta

from dateutil.relativedelta import relativedelta
from django.db.models import Exists, OuterRef, Q

from avip.jobs import SCHEDULES
from avip.templatetags.words import count_of, short_date
from families.hours_page import gauge, say_hours
from families.models import Alert, MonthlyDeclaration, Placement, PlaceOffer, Referral
from families.place_states import KINDS, NONE, OPEN, PLACES, TAKEN, PlaceState, with_state
from families.situations import planned_in_month
from labels.models import NetworkMember
from labels.rules import rules_for
from partners.models import Caf, Commune, MunicipalService

COLUMNS = (
    "Assistante maternelle",
    "Commune",
    "Maison d’assistants maternels",
    "Réseau",
    "Place",
    "Agrément jusqu’au",
    "Heures prévues ce mois-ci",
    "Heures prévues le mois prochain",
    "Plafond par mois",
    "Sans nouvelles",
)


def home_of(user):
    """(service, Caf) for which this person runs a network; no service: the Caf does."""
    reach = user.reach
    services = MunicipalService.objects.filter(pk__in=reach.services).select_related("caf")
    service = services.order_by("name").first()
    return service, service.caf if service else Caf.objects.visible_to(user).first()


def places_of(provider_ids, on: date) -> dict:
    """By provider, the state of her place; of several offers, the one that is most free."""
    found = {}
    for offer in with_state(PlaceOffer.objects.filter(provider__in=provider_ids), on):
        best = found.setdefault(offer.provider_id, offer.state)
        if KINDS.index(offer.state.kind) < KINDS.index(best.kind):
            found[offer.provider_id] = offer.state
    placed = Placement.objects.during(on, date.max).exclude(status=Placement.Status.ENDED)
    taken = set(placed.filter(provider__in=provider_ids).values_list("provider", flat=True))
    for pk in provider_ids:
        if pk not in found:
            kind = TAKEN if pk in taken else NONE
            found[pk] = PlaceState(kind, PLACES[kind])
    return found


def with_silences(members, at: datetime):
    """These members, each with what she has not answered: the question, a family, her month."""
    late = timedelta(days=SCHEDULES["declaration_due_day"])
    asked = Referral.objects.filter(
        provider=OuterRef("provider"), status=Referral.Status.SENT, answer_due_at__lt=at
    )
    months = MonthlyDeclaration.objects.filter(
        provider=OuterRef("provider"),
        status=MonthlyDeclaration.Status.OPEN,
        created_at__lt=at - late,
        month__lt=at.date().replace(day=1),
    )
    return members.annotate(late_answer=Exists(asked), late_month=Exists(months))


def silent(members, at: datetime):
    """Those from whom something is awaited past its day."""
    unanswered = Q(status=NetworkMember.Status.ASKED) | Q(late_answer=True) | Q(late_month=True)
    return with_silences(members, at).filter(unanswered)


def silences(member) -> list[str]:
    """What is awaited from her, in words; nothing of who is no longer here."""
    if not member.is_still_here:
        return []
    said = {
        "ne s’est pas prononcée": member.status == NetworkMember.Status.ASKED,
        "une famille attend sa réponse": member.late_answer,
        "un mois à déclarer": member.late_month,
    }
    return [words for words, is_so in said.items() if is_so]


def licence_words(childminder, on: date) -> str:
    """« échu », « finit bientôt », or nothing: her licence on that day."""
    if childminder.licence_until < on:
        return "échu"
    soon = on + relativedelta(months=SCHEDULES["licence_ends_soon_months"])
    return "finit bientôt" if childminder.licence_until <= soon else ""


def complete(members, on: date) -> list:
    """These members with `place`, `months` (two gauges), `licence`, `silences`, `over`.

    A fixed number of queries, however many they are.
    """
    members = list(members)
    providers = [member.provider for member in members]
    months = on.replace(day=1), on.replace(day=1) + relativedelta(months=1)
    planned = {month: planned_in_month(providers, month) for month in months}
    places = places_of([provider.pk for provider in providers], on)
    caps = {caf: rules_for(caf, on) for caf in {provider.caf for provider in providers}}
    alerts = Alert.objects.open().filter(kind=Alert.Kind.HOURS, provider__in=places)
    over = dict(alerts.values_list("provider", "text"))
    for member in members:
        pk, cap = member.provider_id, caps[member.provider.caf].childminder_hours_month_cap
        member.place = places[pk]
        member.cap = cap
        member.months = [
            {"month": month, "minutes": minutes[pk], "gauge": gauge(minutes[pk], cap)}
            for month, minutes in planned.items()
        ]
        member.licence = licence_words(member.provider.childminder, on)
        member.silences = silences(member)
        member.over = over.get(pk, "") if member.is_in_network else ""
    return members


def cells_of(member) -> list:
    """One line of the exported list: of who left, that she did; of who is out, no place."""
    this_month, following = member.months
    here, inside, childminder = (
        member.is_still_here,
        member.is_in_network,
        member.provider.childminder,
    )
    return [
        str(member.provider),
        str(member.provider.commune) if here else "",
        childminder.house if here else "",
        member.get_status_display(),
        member.place.words if inside else "",
        short_date(childminder.licence_until) if here else "",
        say_hours(this_month["minutes"]) if inside else "",
        say_hours(following["minutes"]) if inside else "",
        say_hours(member.cap * 60) if inside else "",
        ", ".join(member.silences),
    ]


def communes_on_map(members, on: date) -> list[dict]:
    """What the map draws: the centre of each commune, how many live there, how many are free."""
    rows = list(members.still_here().values_list("provider", "provider__commune"))
    places = places_of([provider for provider, _ in rows], on)
    found = {}
    for provider, commune in rows:
        found.setdefault(commune, []).append(places[provider].kind)
    centres = Commune.objects.in_bulk(list(found))
    return [
        {
            "id": str(pk),
            "name": str(centres[pk]),
            "commune": _say_commune(kinds),
            "at": [round(centres[pk].lat, 5), round(centres[pk].lon, 5)],
        }
        for pk, kinds in found.items()
        if centres[pk].lat is not None
    ]


def _say_commune(kinds):
    free = kinds.count(OPEN)
    people = count_of(len(kinds), "assistante maternelle,assistantes maternelles")
    return f"{people}, {count_of(free, 'place libre,places libres,aucune place libre')}"
