"""What waits in the childminders' network: questions, arrivals, licences, a service left alone."""

from dateutil.relativedelta import relativedelta
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from avip.jobs import SCHEDULES
from labels.models import NetworkMember
from partners.models import Childminder, Membership, MunicipalService, Provider
from reporting.waits.wait import LATER, MONTH, PERSON, Item, Wait, is_caf

N = NetworkMember.Status
LIST = "families:network_list"


def leads(reach):
    """Coordinates childminders: a municipal service, or a Caf where there is none."""
    return bool(reach.services or reach.cafs)


def works_for_a_provider(reach):
    """A childminder, or somebody of a crèche: never an operator alone."""
    return bool(reach.providers)


def led_by(user, prefix=""):
    """The rows about childminders whom this person coordinates."""
    service = f"{prefix}childminder__service"
    return Q(**{f"{service}__in": user.reach.services}) | Q(
        **{f"{service}__isnull": True, f"{prefix}caf__in": user.reach.cafs}
    )


def _members():
    return NetworkMember.objects.select_related("provider__childminder")


def _licences_near_their_end(today):
    furthest = today + relativedelta(months=max(SCHEDULES["licence_end_warning_months"]))
    return (
        _members()
        .filter(status=N.MEMBER, provider__childminder__licence_until__lte=furthest)
        .order_by("provider__childminder__licence_until")
    )


def _arrived():
    """Childminders who left another Caf's network by moving here, and were not asked yet."""
    moved = NetworkMember.objects.filter(
        provider=OuterRef("pk"), status=N.LEFT, leave_reason=NetworkMember.LeaveReason.MOVED
    ).exclude(caf=OuterRef("caf"))
    here = NetworkMember.objects.filter(provider=OuterRef("pk")).exclude(status=N.LEFT)
    return (
        Provider.objects.filter(Exists(moved), ~Exists(here), kind=Provider.Kind.CHILDMINDER)
        .select_related("commune")
        .order_by("name")
    )


def _left_alone(today):
    """Services that coordinate childminders and where nobody works any more."""
    people = Membership.objects.in_force(today).filter(service=OuterRef("pk"))
    followed = Childminder.objects.filter(service=OuterRef("pk"))
    return MunicipalService.objects.filter(Exists(followed), ~Exists(people)).order_by("name")


def _page(member):
    return reverse("families:provider_detail", args=[member.provider_id])


def _licence_item(title, url, action):
    def item(member):
        return Item(
            title=title(member),
            detail="Finie, elle ne prend plus de nouvelle famille\xa0; le reste continue.",
            url=url(member),
            action=action,
            deadline=member.provider.childminder.licence_until,
        )

    return item


NETWORK = [
    Wait(
        PERSON,
        LIST,
        works_for_a_provider,
        lambda user, today: (
            _members()
            .filter(status=N.ASKED, provider__in=user.reach.providers)
            .order_by("created_at")
        ),
        lambda member: Item(
            title="Souhaitez-vous rejoindre le réseau\xa0?",
            detail="Lisez d’abord ce que cela change et ne change pas.",
            url=reverse("families:network_wish", args=[member.provider_id]),
            action="Lire et répondre",
        ),
    ),
    Wait(
        MONTH,
        LIST,
        leads,
        lambda user, today: _arrived().filter(led_by(user)),
        lambda provider: Item(
            title=f"{provider.name} arrive dans votre réseau",
            detail=f"Elle a déménagé à {provider.commune}\xa0: demandez-lui si elle le souhaite.",
            url=provider.get_absolute_url(),
            action="Voir sa page",
        ),
    ),
    Wait(
        MONTH,
        LIST,
        is_caf,
        lambda user, today: _left_alone(today).filter(caf__in=user.reach.cafs),
        lambda service: Item(
            title=f"{service} n’a plus personne",
            detail="Ses assistantes maternelles n’ont plus de coordination\xa0: vous recevez ses "
            "messages jusqu’à ce que quelqu’un y soit invité.",
            url=f"{reverse('partners:team')}",
            action="Inviter quelqu’un",
        ),
    ),
    # A municipal service reads its wishes with the label's waits: here, where there is none.
    Wait(
        LATER,
        LIST,
        is_caf,
        lambda user, today: (
            _members()
            .filter(
                provider__childminder__service__isnull=True,
                caf__in=user.reach.cafs,
                status__in=[N.WISH, N.LICENCE_CHECKED],
            )
            .order_by("created_at")
        ),
        lambda member: Item(
            title=f"{member.provider} souhaite rejoindre le réseau",
            detail=f"{member.get_status_display()}, dans une commune sans service",
            url=_page(member),
            action="Vérifier l’agrément" if member.status == N.WISH else "Faire entrer",
        ),
    ),
    Wait(
        LATER,
        LIST,
        leads,
        lambda user, today: (
            _members()
            .filter(led_by(user, "provider__"), status=N.ASKED, ask_expires_at__date__lt=today)
            .order_by("ask_expires_at")
        ),
        lambda member: Item(
            title=f"{member.provider} n’a pas répondu à votre question",
            detail="Son lien ne sert plus.",
            url=_page(member),
            action="Voir sa page",
        ),
    ),
    Wait(
        LATER,
        LIST,
        leads,
        lambda user, today: _licences_near_their_end(today).filter(led_by(user, "provider__")),
        _licence_item(
            lambda member: f"L’agrément de {member.provider} finit",
            lambda member: reverse("families:childminder_update", args=[member.provider_id]),
            "Noter le nouveau",
        ),
    ),
    Wait(
        LATER,
        LIST,
        works_for_a_provider,
        lambda user, today: _licences_near_their_end(today).filter(
            provider__in=user.reach.providers
        ),
        _licence_item(lambda member: "Votre agrément finit", _page, "Voir ma page"),
    ),
]
