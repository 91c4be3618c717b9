"""One enters an organisation by invitation and leaves it; it always keeps an administrator.

Refusals are `StepRefused`, with French sentences for the person who asked.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.jobs import SCHEDULES
from avip.templatetags.words import fr_date
from avip.workflow import StepRefused
from partners.models import (
    Agency,
    Invitation,
    Membership,
    MunicipalService,
    Operator,
    Provider,
    User,
)
from partners.models.people import NATIONAL
from partners.permissions import administers, is_hijacked
from partners.tokens import make_token, sha256_of

KINDS = {
    "caf": Membership.Kind.CAF,
    "provider": Membership.Kind.PROVIDER,
    "operator": Membership.Kind.OPERATOR,
    "agency": Membership.Kind.AGENCY,
    "municipalservice": Membership.Kind.SERVICE,
}


def place_in(organisation) -> dict:
    """The columns by which a membership or an invitation names its organisation.

    None is the national level.
    """
    if organisation is None:
        return {"kind": Membership.Kind.NATIONAL}
    kind = KINDS[organisation._meta.model_name]
    return {"kind": kind, kind.value: organisation}


def organisations_of(user) -> list:
    """The organisations `user` belongs to today, then those they run: crèches, childminders."""
    own = [m.organisation for m in user.memberships_today if m.organisation]
    reach = user.reach
    run = Provider.objects.none()
    if reach.operators or reach.services:
        run = Provider.objects.filter(
            Q(facility__operator__in=reach.operators) | Q(childminder__service__in=reach.services)
        ).select_related("facility", "childminder")
    return list(dict.fromkeys([*own, *run]))


def organisations_open_to(user) -> list:
    """Those into which `user` may invite.

    Her own as an administrator and those they run; for a Caf's administrator, also the agencies,
    municipal services and gestionnaires of her territory that nobody administers yet, and its
    crèches without any team: somebody must be the first.
    """
    if is_hijacked(user):
        return []
    mine = [
        organisation for organisation in organisations_of(user) if administers(user, organisation)
    ]
    cafs = [m.caf for m in user.memberships_today if m.caf and m.is_admin]
    if not cafs:
        return mine
    on = timezone.localdate()
    headless = {"agency": set(), "service": set(), "operator": set()}
    for name, ids in headless.items():
        rows = Membership.objects.in_force(on).filter(is_admin=True).exclude(**{name: None})
        ids.update(rows.values_list(name, flat=True))
    departments = [caf.department_code for caf in cafs]
    agencies = Agency.objects.filter(department_code__in=departments)
    services = MunicipalService.objects.filter(caf__in=cafs)
    operators = Operator.objects.filter(facility__provider__caf__in=cafs).distinct()
    staffed = Membership.objects.in_force(on)
    facilities = (
        Provider.objects.filter(kind=Provider.Kind.FACILITY, caf__in=cafs)
        .exclude(pk__in=staffed.exclude(provider=None).values("provider"))
        .exclude(
            facility__operator__isnull=False,
            facility__operator__in=staffed.exclude(operator=None).values("operator"),
        )
    )
    return list(
        dict.fromkeys(
            [
                *mine,
                *agencies.exclude(pk__in=headless["agency"]),
                *services.exclude(pk__in=headless["service"]),
                *operators.exclude(pk__in=headless["operator"]),
                *facilities.select_related("facility"),
            ]
        )
    )


@transaction.atomic
def invite(
    organisation,
    *,
    email,
    first_name,
    last_name,
    by,
    role=Membership.Role.MEMBER,
    quality="",
    is_admin=False,
    at=None,
) -> Invitation:
    """Offer a place in an organisation, by mail. Its first person administers it.

    `by` is None for the commands that open a Caf, or the national level (None).
    """
    if by is not None and organisation not in organisations_open_to(by):
        raise PermissionDenied
    at = at or timezone.now()
    email = email.strip().lower()
    members = Membership.objects.in_force(timezone.localdate(at)).filter(**place_in(organisation))
    if members.filter(user__email=email).exists():
        raise StepRefused(
            f"La personne qui a cette adresse fait déjà partie de « {organisation or NATIONAL} »."
        )
    waiting = Invitation.objects.pending().filter(email=email, **place_in(organisation))
    if waiting.exists():
        raise StepRefused(
            "Une invitation attend déjà cette personne : renvoyez-la depuis « Équipe et accès »."
        )
    invitation = Invitation(
        email=email,
        first_name=first_name.strip(),
        last_name=last_name.strip(),
        invited_by=by,
        role=role,
        quality=quality,
        is_admin=is_admin
        or (organisation is not None and not _has_admin(organisation, timezone.localdate(at))),
        created_at=at,
        **place_in(organisation),
    )
    _open(invitation, at)
    return invitation


@transaction.atomic
def renew(invitation, *, at=None):
    """A new link, to the same address, for as many days as the first; the former link is void."""
    at = at or timezone.now()
    invitation = _lock(invitation)
    if refusal := why_over(invitation):
        raise StepRefused(refusal)
    invitation.generation += 1
    _open(invitation, at)
    return invitation


def _open(invitation, at):
    invitation.token_sha256 = sha256_of(token_of(invitation))
    invitation.expires_at = at + timedelta(days=SCHEDULES["invitation_days"])
    invitation.save()
    outbox.add(
        "partners.invitation", invitation, key=f"{invitation.pk}:{invitation.generation}", at=at
    )


def token_of(invitation) -> str:
    """The secret of the link, made again when a mail leaves; the database keeps its SHA-256."""
    return make_token("invitation", invitation.pk, invitation.generation)


def link_of(invitation) -> str:
    """The address that the invited person opens."""
    return settings.BASE_URL + reverse("partners:invitation", args=[token_of(invitation)])


@transaction.atomic
def withdraw(invitation, *, at=None):
    """The link opens nothing any more; a place already taken is ended, not withdrawn."""
    invitation = _lock(invitation)
    if refusal := why_over(invitation):
        raise StepRefused(refusal)
    invitation.revoked_at = at or timezone.now()
    invitation.save(update_fields=["revoked_at"])


def why_over(invitation) -> str:
    """Why this link will never open anything again, in French; empty while it may."""
    if invitation.accepted_at:
        return f"Cette invitation a déjà servi, le {fr_date(invitation.accepted_at)}."
    if invitation.revoked_at:
        return f"Cette invitation a été retirée le {fr_date(invitation.revoked_at)}."
    return ""


def has_account(invitation) -> bool:
    """Whether the invited address already signs in."""
    return User.objects.filter(email=invitation.email).exists()


@transaction.atomic
def accept(invitation, *, user, at=None) -> Membership:
    """Take the place, once; the account must be that of the invited address."""
    at = at or timezone.now()
    invitation = _lock(invitation)
    if refusal := why_over(invitation):
        raise StepRefused(refusal)
    if not invitation.is_open(at):
        raise StepRefused(
            f"Cette invitation était valable jusqu’au {fr_date(invitation.expires_at)}."
        )
    if is_hijacked(user) or (user.email or "").lower() != invitation.email:
        raise PermissionDenied
    on = timezone.localdate(at)
    place = place_in(invitation.organisation)
    membership = user.memberships.in_force(on).filter(**place).first()
    membership = membership or Membership(user=user, starts_on=on, **place)
    membership.role = invitation.role
    membership.quality = invitation.quality
    membership.is_admin = invitation.is_admin or membership.is_admin
    membership.save()
    invitation.accepted_at = at
    invitation.save(update_fields=["accepted_at"])
    return membership


@transaction.atomic
def open_account(invitation, *, first_name, last_name, password, at=None) -> User:
    """The account of an invited person who has none, and her place in the organisation."""
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                invitation.email, password, first_name=first_name, last_name=last_name
            )
    except IntegrityError:
        raise StepRefused(
            "Un compte existe déjà à cette adresse : connectez-vous pour accepter l’invitation."
        ) from None
    accept(invitation, user=user, at=at)
    return user


@transaction.atomic
def change_place(membership, *, by, on, role, quality, is_admin):
    """What a member does in the organisation; its last administrator remains one."""
    _lock_team(membership, by)
    if membership.is_admin and not is_admin:
        _refuse_last_admin(membership, on)
    membership.role, membership.quality, membership.is_admin = role, quality, is_admin
    membership.save(update_fields=["role", "quality", "is_admin"])


@transaction.atomic
def end_access(membership, *, by, on):
    """This person has no access any more, from now on: her last day was the day before `on`.

    Rights are read again at each request; without another organisation her sessions close too.
    The invitations she sent by this place, and that wait, open nothing any more.
    """
    _lock_team(membership, by)
    if membership.is_admin:
        _refuse_last_admin(membership, on)
    _end(membership, on)
    sent = Invitation.objects.pending().filter(invited_by=membership.user)
    sent.filter(_reached_by(membership.organisation)).update(revoked_at=timezone.now())


def _reached_by(organisation):
    """The invitations into this organisation, and into those that its administrators staff."""
    reached = Q(**place_in(organisation))
    match organisation._meta.model_name:
        case "operator":
            reached |= Q(provider__facility__operator=organisation)
        case "municipalservice":
            reached |= Q(provider__childminder__service=organisation)
        case "caf":
            reached |= Q(provider__caf=organisation) | Q(service__caf=organisation)
            reached |= Q(agency__department_code=organisation.department_code)
            reached |= Q(operator__facility__provider__caf=organisation)
    return reached


@transaction.atomic
def turn_out(organisation, *, on, people=None, at=None):
    """End the places of these people (None: of everybody) here, and the invitations that wait.

    For what came in without being known: the last administrator leaves like the others.
    """
    members = Membership.objects.in_force(on).filter(**place_in(organisation))
    waiting = Invitation.objects.pending().filter(**place_in(organisation))
    if people is not None:
        members = members.filter(user__in=people)
        waiting = waiting.filter(invited_by__in=people)
    for membership in members.select_for_update(of=("self",), no_key=True).order_by("pk"):
        _end(membership, on)
    waiting.update(revoked_at=at or timezone.now())


def _end(membership, on):
    membership.ends_on = on - timedelta(days=1)
    membership.starts_on = min(membership.starts_on, membership.ends_on)
    membership.save(update_fields=["starts_on", "ends_on"])
    if not membership.user.memberships.in_force(on).exists():
        close_sessions(membership.user)


def _lock(invitation):
    return Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)


def _lock_team(membership, by):
    """Two administrators who act at once on each other act one after the other."""
    if by is not None and not administers(by, membership.organisation):
        raise PermissionDenied
    team = Membership.objects.filter(**place_in(membership.organisation)).order_by("pk")
    list(team.select_for_update(of=("self",), no_key=True))
    membership.refresh_from_db(fields=["is_admin", "starts_on", "ends_on"])


def _refuse_last_admin(membership, on):
    organisation = membership.organisation
    if not _has_admin(organisation, on, besides=membership):
        raise StepRefused(
            f"{membership.user} est la seule personne à administrer l’équipe de "
            f"« {organisation} ». Donnez d’abord ce rôle à quelqu’un d’autre."
        )


def _has_admin(organisation, on, besides=None):
    """Whether somebody administers this organisation that day, or what runs it."""
    places = Q(**place_in(organisation))
    if isinstance(organisation, Provider) and organisation.is_childminder:
        # « service is null » would be everybody elsewhere.
        places |= Q(service__isnull=False, service=organisation.childminder.service_id)
    elif isinstance(organisation, Provider) and organisation.facility.operator_id:
        places |= Q(operator=organisation.facility.operator_id)
    admins = Membership.objects.in_force(on).filter(places, is_admin=True)
    return admins.exclude(pk=besides.pk if besides else None).exists()


def close_sessions(user):
    """Whoever is in under this account is out at her next click."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            session.delete()
