"""The shell around every page: who is signed in, where they may go, what waits there."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from partners.models import User
from reporting.guide import help_url
from reporting.todo import counts

# (label, URL name, who sees it), in the order of the menu.
ENTRIES = [
    ("Familles", "families:household_list", lambda reach: reach.agencies),
    ("Chercher une place", "families:search", lambda reach: reach.agencies),
    (
        "Ma place",
        "families:my_place",
        lambda reach: reach.providers and not reach.runs_facilities,
    ),
    (
        "Demandes de place",
        "families:referral_list",
        lambda reach: reach.agencies or reach.providers or reach.operators or reach.services,
    ),
    (
        "Suivis proposés",
        "families:takeup_list",
        lambda reach: reach.agencies or reach.providers or reach.operators or reach.services,
    ),
    (
        "Contrats",
        "families:contract_list",
        lambda reach: (
            reach.agencies or reach.providers or reach.operators or reach.services or reach.cafs
        ),
    ),
    ("Entretiens", "families:interview_list", lambda reach: reach.agencies),
    (
        "Point du mois",
        "families:declaration_list",
        lambda reach: reach.providers or reach.operators or reach.services,
    ),
    ("Réseau", "families:network_list", lambda reach: reach.services),
    (
        "Demandes de label",
        "labels:application_list",
        lambda reach: reach.cafs or reach.runs_facilities,
    ),
    ("Comités", "labels:committee_list", lambda reach: reach.cafs),
    (
        "Labels",
        "labels:label_list",
        lambda reach: reach.cafs or reach.runs_facilities or reach.national,
    ),
    ("Pilotage", "reporting:caf_dashboard", lambda reach: reach.cafs or reach.national),
    ("Réunions", "labels:meeting_list", lambda reach: reach.cafs or reach.runs_facilities),
    ("Règles en vigueur", "labels:rules", lambda reach: reach.cafs),
    ("Équipe et accès", "partners:team", lambda reach: not reach.national),
]

# For who has no entry to the first, what waits there is counted under the second, which links it.
REACHED_FROM = {
    "families:match_list": "families:contract_list",
    "families:network_list": "families:contract_list",
    "families:takeup_list": "families:contract_list",
}


def shell(request):
    """Context of the layout: `shell` (nav, who, org, impersonating, demo) and, to sign
    in, `personas`.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"shell": {"nav": [], "demo": settings.DEMO}, "personas": personas(request)}
    # Messages and mails are rendered with the request too: only the layout pays for the counts.
    return {"shell": SimpleLazyObject(lambda: _signed_in(request, user))}


def _signed_in(request, user):
    reach = user.reach
    waiting = counts(user, timezone.now())
    entries = [("À traiter", "reporting:todo")] + [
        (label, name) for label, name, seen_by in ENTRIES if seen_by(reach)
    ]
    if user.is_staff:
        entries.append(("Voir comme une personne", "partners:support"))
    shown = {name for _, name in entries}
    for page, entry in REACHED_FROM.items():
        if page not in shown and page in waiting:
            waiting[entry] = waiting.get(entry, 0) + waiting.pop(page)
    current = request.resolver_match.view_name if request.resolver_match else ""
    nav = [
        {
            "label": label,
            "url": reverse(name),
            "count": sum(waiting.values()) if name == "reporting:todo" else waiting.get(name),
            "current": name == current,
        }
        for label, name in entries
    ]
    mine = user.memberships_today
    return {
        "nav": nav,
        "who": f"{user}, {mine[0].quality}" if mine and mine[0].quality else str(user),
        "org": ", ".join(str(m.organisation or "National") for m in mine[:2]),
        "impersonating": str(user) if getattr(user, "is_hijacked", False) else None,
        "demo": settings.DEMO,
        "help": help_url(reach, current),
    }


def personas(request):
    """The people one may become in one click on the sign-in page of the demonstration,
    and there alone.
    """
    if not settings.DEMO or request.path != reverse("account_login"):
        return []
    return [
        {
            "id": person.pk,
            "name": str(person),
            "role": person.memberships_today[0].quality if person.memberships_today else "support",
            "org": str(person.memberships_today[0].organisation or "")
            if person.memberships_today
            else "",
        }
        for person in User.objects.personas()
    ]
