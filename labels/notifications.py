"""Who is told, and of what: rows of the outbox, written with the step they announce."""

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from avip import mail, outbox
from labels.permissions import other_deciders
from partners.models import Membership, User


def send(row, to, template, **context):
    """The mail of an outbox row, now."""
    mail.send(mail.Mail(to, template, context), key=row.key)


def tell(kind, obj, people, *, key, at=None):
    """One mail to each of these people about this object, once for this key."""
    for person in people:
        outbox.add(kind, obj, key=f"{key}:{person.pk}", recipient=person, at=at)


def tell_caf(kind, obj, *, on, key, at=None):
    """The members of the Caf of this object."""
    tell(kind, obj, caf_members(obj.caf_id, on), key=key, at=at)


def tell_facility(kind, application, *, on, key, at=None):
    """Those who work for the crèche, and for its operator."""
    operator = application.provider.facility.operator_id
    members = Membership.objects.in_force(on).filter(
        Q(provider=application.provider_id) | Q(operator__isnull=False, operator=operator)
    )
    tell(kind, application, _people(members), key=key, at=at)


def tell_reviewer(kind, application, *, on, key, at=None):
    """The reviewer, or the whole Caf once she has left it."""
    members = caf_members(application.caf_id, on)
    reviewer = members.filter(pk=application.reviewer_id)
    tell(kind, application, reviewer if reviewer.exists() else members, key=key, at=at)


def tell_deciders(kind, application, *, on, key, at=None):
    """The responsables who may decide; the other deciders where there is none."""
    others = other_deciders(application, on).exclude(user=application.reviewer_id)
    managers = others.filter(role=Membership.Role.MANAGER)
    tell(kind, application, _people(managers if managers.exists() else others), key=key, at=at)


def caf_members(caf_id, on):
    """The people who work for this Caf on that day."""
    return _people(Membership.objects.in_force(on).filter(caf=caf_id))


def coordination_of(provider, on):
    """Who coordinates a childminder that day: her service; without anybody there, her Caf."""
    service = provider.childminder.service_id
    own = _people(Membership.objects.in_force(on).filter(service=service)) if service else []
    return own or caf_members(provider.caf_id, on)


def people_of_childminder(provider, on):
    """The childminder herself, when she has an account."""
    return _people(Membership.objects.in_force(on).filter(provider=provider))


def _people(members):
    return User.objects.filter(pk__in=members.values("user")).order_by("pk")


def link(name, *args):
    """The full address of a page, for a mail or a QR code."""
    return f"{settings.BASE_URL}{reverse(name, args=args)}"
