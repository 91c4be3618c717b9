"""What the page of a childminder says of the network, and offers to who reads it."""

from django.urls import reverse

from avip.templatetags.words import fr_date
from families.models import PlaceOffer
from labels.models import NetworkMember
from labels.permissions import may_leave_network
from labels.workflow.network import NETWORK, way_to_ask
from partners.invitations import organisations_open_to
from partners.models import Childminder, Membership
from partners.permissions import coordinates_childminder, runs_provider
from partners.phone_access import link_of_childminder
from partners.validators import is_mobile

N = NetworkMember.Status
NOT_YET = (N.ASKED, N.DECLINED)
BY_FORM = {"ask", "wish", "leave"}  # these have buttons of their own


def network_box(provider, member, user, today) -> dict:
    """The box « Dans le réseau »: where she stands, why a step waits, what may be done now."""
    leads, herself = coordinates_childminder(user, provider), runs_provider(user, provider)
    if not (leads or herself):
        return {}
    member = member if member and member.caf_id == provider.caf_id else None
    steps = _steps(member, user, today) if member else []
    links = [*_wishing(provider, member), *_leaving(member, user, herself)]
    return {
        "member": member,
        "said": _said(member, today) if member else [],
        "blocked": _blocked(member, user, today) if member else [],
        "steps": [*(_asking(provider, member, user, today) if leads else []), *steps],
        "links": links,
        "coordinates": leads,
        "herself": herself,
        "access": _access(provider, member, user, today) if leads else None,
    }


def house_of(provider, today) -> list:
    """The others of her maison d’assistants maternels, each with her own place."""
    licence = provider.childminder
    if not licence.house:
        return []
    rows = Childminder.objects.filter(
        house__iexact=licence.house, provider__commune=provider.commune_id
    )
    rows = rows.exclude(pk=licence.pk).select_related("provider").order_by("provider__name")
    offering = set(
        PlaceOffer.objects.running_on(today)
        .filter(provider__in=[row.pk for row in rows])
        .values_list("provider", flat=True)
    )
    return [(row.provider, row.pk in offering) for row in rows]


def _said(member, today):
    """One sentence for each date that counts."""
    words = []
    if member.status == N.ASKED and member.asked_at:
        words.append(f"La question lui a été posée le {fr_date(member.asked_at)}.")
        if member.ask_expires_at.date() < today:
            words.append("Elle n’a pas répondu, et son lien ne sert plus.")
        else:
            words.append(f"Son lien sert jusqu’au {fr_date(member.ask_expires_at)}.")
    if member.status == N.DECLINED:
        words.append("Elle ne souhaite pas rejoindre le réseau pour l’instant.")
    if member.wish_on and member.status not in NOT_YET:
        words.append(f"Souhait reçu {member.get_wish_how_display()}, le {fr_date(member.wish_on)}.")
    if member.licence_checked_on:
        words.append(f"Agrément vérifié le {fr_date(member.licence_checked_on)}.")
    if member.joined_on:
        words.append(f"Membre depuis le {fr_date(member.joined_on)}.")
    if member.left_on:
        words.append(
            f"Partie le {fr_date(member.left_on)}\xa0: {member.get_leave_reason_display()}."
        )
    return words


def _steps(member, user, today):
    return [
        {
            "name": name,
            "label": step.label,
            "primary": name != "decline",
            "url": reverse("families:network_step", args=[member.pk, name]),
        }
        for name, step in NETWORK.available(member, user, today).items()
        if name not in BY_FORM
    ]


def _blocked(member, user, today):
    blocked = NETWORK.blocked(member, user, today)
    return [reason for name, why in blocked.items() if name != "ask" for reason in why]


def _asking(provider, member, user, today):
    """The question, when it may be asked: never yet, declined, or left unanswered."""
    fresh = member is None or member.status == N.LEFT
    if not way_to_ask(provider) or not (fresh or "ask" in NETWORK.available(member, user, today)):
        return []
    label = "Lui demander si elle souhaite rejoindre le réseau" if fresh else "Lui redemander"
    url = reverse("families:network_ask", args=[provider.pk])
    return [{"name": "ask", "label": label, "primary": fresh, "url": url}]


def _wishing(provider, member):
    if member and member.status not in (*NOT_YET, N.LEFT):
        return []
    return [("wish", reverse("families:network_wish", args=[provider.pk]))]


def _leaving(member, user, herself):
    if member is None or member.status in NetworkMember.OUT or not may_leave_network(user, member):
        return []
    return [("leave", reverse("families:network_leave", args=[member.pk]))]


def _access(provider, member, user, today):
    """How she comes in by herself: an invitation by mail, a link by SMS, or neither yet."""
    people = Membership.objects.in_force(today).filter(provider=provider).select_related("user")
    person = next((m.user for m in people), None)
    link = link_of_childminder(provider)
    in_network = member is not None and member.status not in NetworkMember.OUT
    if person is None and not in_network:
        return None
    return {
        "has_account": person is not None,
        "email": person.email if person else "",
        "link": link if person else None,
        "may_phone": person is None and in_network and is_mobile(provider.phone),
        "may_invite": person is None and provider in organisations_open_to(user),
    }
