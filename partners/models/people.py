"""People who sign in, and the memberships from which all their rights come."""

import uuid
from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from partners.models.organisations import Agency, Caf, MunicipalService, Operator
from partners.models.providers import Provider
from partners.models.territories import time_zone_of

NATIONAL = "le suivi national"  # the name of the level without an organisation


class UserManager(BaseUserManager):
    def visible_to(self, user):
        """The open accounts of professionals, for support; nobody's for anybody else."""
        return self.filter(is_active=True, is_staff=False) if user.is_staff else self.none()

    def personas(self):
        """The invented people of the demonstration, whom anybody may become there."""
        return self.filter(is_demo_persona=True, is_active=True).order_by("created_at")

    def create_user(self, email, password=None, **fields):
        """A person known by this e-mail address; without a password until she sets one."""
        user = self.model(email=self.normalize_email(email).lower() or None, **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email, password=None, **fields):
        """A member of the support team."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


@dataclass(frozen=True)
class Reach:
    """The organisations a person belongs to today, by kind (sets of ids)."""

    cafs: frozenset
    managed_cafs: frozenset  # where the person is responsable
    providers: frozenset
    operators: frozenset
    agencies: frozenset
    services: frozenset
    national: bool
    runs_facilities: bool = False  # works for a crèche, or for an operator

    def any_of(self, **paths) -> Q:
        """Rows of one of these organisations: `reach.any_of(agencies="agency", cafs="caf")`.

        A kind without any organisation is left out, and with it the tables that lead to it.
        """
        found = Q(pk__in=[])
        for kind, path in paths.items():
            if organisations := getattr(self, kind):
                found |= Q(**{f"{path}__in": organisations})
        return found


class User(AbstractBaseUser, PermissionsMixin):
    """A professional. Parents have no account: they have a link and a code."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Empty for a childminder who has a telephone only: she comes in by a link and a code.
    email = models.EmailField("adresse électronique", unique=True, null=True)  # noqa: DJ001 (unique: empty is null)
    first_name = models.CharField("prénom", max_length=80)
    last_name = models.CharField("nom", max_length=80)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    is_active = models.BooleanField("actif", default=True)
    is_staff = models.BooleanField("équipe de support", default=False)
    is_demo_persona = models.BooleanField("personnage de la démonstration", default=False)
    created_at = models.DateTimeField("créé le", default=timezone.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["first_name", "last_name"]

    objects = UserManager()

    class Meta:
        verbose_name = "personne"
        ordering = ["last_name", "first_name"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_any_case"),
            models.CheckConstraint(
                condition=Q(email__isnull=False) | ~Q(phone=""), name="user_can_be_reached"
            ),
        ]

    def __str__(self):
        return self.get_full_name()

    def get_full_name(self):
        """First name then last name."""
        return f"{self.first_name} {self.last_name}".strip() or self.email or self.phone

    @cached_property
    def time_zone(self):
        """The time zone of this person’s days: that of her first organisation; None without any."""
        for membership in self.memberships_today:
            if membership.agency:
                return time_zone_of(membership.agency.department_code)
            place = membership.provider or membership.service or membership
            if place.caf:
                return place.caf.time_zone
        return None

    @cached_property
    def memberships_today(self):
        """The memberships in force today, read once per request (each one loads its own user)."""
        today = timezone.localdate()
        return list(
            self.memberships.in_force(today).select_related(
                "caf", "provider__caf", "operator", "agency", "service__caf"
            )
        )

    @cached_property
    def reach(self) -> Reach:
        """What this person's memberships of today open: the base of every `visible_to`."""
        mine = self.memberships_today

        def ids(name):
            return frozenset(i for m in mine if (i := getattr(m, f"{name}_id")))

        return Reach(
            cafs=ids("caf"),
            managed_cafs=frozenset(
                m.caf_id for m in mine if m.caf_id and m.role == Membership.Role.MANAGER
            ),
            providers=ids("provider"),
            operators=ids("operator"),
            agencies=ids("agency"),
            services=ids("service"),
            national=any(m.kind == Membership.Kind.NATIONAL for m in mine),
            runs_facilities=any(
                m.operator_id or (m.provider_id and not m.provider.is_childminder) for m in mine
            ),
        )


class MembershipQuerySet(models.QuerySet):
    def in_force(self, on):
        """Those that have begun and not ended on that day, of people whose account is open."""
        return self.filter(
            Q(ends_on=None) | Q(ends_on__gte=on), starts_on__lte=on, user__is_active=True
        )

    def visible_to(self, user):
        """The members of the organisations `user` belongs to."""
        reach = user.reach
        return self.filter(
            Q(caf__in=reach.cafs)
            | Q(provider__in=reach.providers)
            | Q(provider__facility__operator__in=reach.operators)
            | Q(provider__childminder__service__in=reach.services)
            | Q(operator__in=reach.operators)
            | Q(agency__in=reach.agencies)
            | Q(service__in=reach.services)
        )


class OrganisationMember(models.Model):
    """A place in exactly one organisation: what a membership gives and an invitation promises."""

    class Kind(models.TextChoices):
        CAF = "caf", "Caf"
        PROVIDER = "provider", "mode d’accueil"
        OPERATOR = "operator", "gestionnaire"
        AGENCY = "agency", "agence"
        SERVICE = "service", "service municipal"
        NATIONAL = "national", "national"

    class Role(models.TextChoices):
        MEMBER = "member", "membre"
        MANAGER = "manager", "responsable"

    kind = models.CharField("organisation", max_length=10, choices=Kind)
    role = models.CharField("rôle", max_length=10, choices=Role, default=Role.MEMBER)
    quality = models.CharField(
        "qualité",
        max_length=80,
        blank=True,
        help_text="Imprimée sous les signatures : « directrice », « conseiller »…",
    )
    is_admin = models.BooleanField("administre l’équipe", default=False)
    caf = models.ForeignKey(
        Caf, on_delete=models.CASCADE, null=True, blank=True, verbose_name="Caf"
    )
    provider = models.ForeignKey(
        Provider, on_delete=models.CASCADE, null=True, blank=True, verbose_name="mode d’accueil"
    )
    operator = models.ForeignKey(
        Operator, on_delete=models.CASCADE, null=True, blank=True, verbose_name="gestionnaire"
    )
    agency = models.ForeignKey(
        Agency, on_delete=models.CASCADE, null=True, blank=True, verbose_name="agence"
    )
    service = models.ForeignKey(
        MunicipalService,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        verbose_name="service municipal",
    )

    class Meta:
        abstract = True

    @property
    def organisation(self):
        """The organisation itself; None at the national level."""
        return self.caf or self.provider or self.operator or self.agency or self.service

    @property
    def place_name(self):
        """What the person reads of where she is."""
        return str(self.organisation or NATIONAL)


def _one_organisation():
    """Exactly the key that the kind names is filled."""
    condition = Q()
    names = ["caf", "provider", "operator", "agency", "service"]
    for kind in [*names, "national"]:
        filled = {f"{name}__isnull": name != kind for name in names}
        condition |= Q(kind=kind, **filled)
    return condition


class Membership(OrganisationMember):
    """A person in an organisation, from a day on; her rights: the union of those in force today."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="memberships", verbose_name="personne"
    )
    starts_on = models.DateField("depuis le", default=timezone.localdate)
    ends_on = models.DateField("jusqu’au", null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = "appartenance"
        constraints = [
            models.CheckConstraint(
                condition=_one_organisation(), name="membership_one_organisation"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="membership_in_order",
                violation_error_message="La fin ne peut pas précéder le début.",
            ),
        ]

    def __str__(self):
        return f"{self.user}, {self.quality or self.get_kind_display()}"


class InvitationQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The invitations into the organisations `user` belongs to or runs, and her own."""
        reach = user.reach
        return self.filter(
            Q(invited_by=user)
            | Q(caf__in=reach.cafs)
            | Q(provider__in=reach.providers)
            | Q(provider__facility__operator__in=reach.operators)
            | Q(provider__childminder__service__in=reach.services)
            | Q(operator__in=reach.operators)
            | Q(agency__in=reach.agencies)
            | Q(service__in=reach.services)
        )

    def pending(self):
        """Neither accepted nor withdrawn; some of them have expired."""
        return self.filter(accepted_at=None, revoked_at=None)

    def for_link(self, token_sha256):
        """The invitation that this link opens, whatever its state."""
        return self.filter(token_sha256=token_sha256)


class Invitation(OrganisationMember):
    """A place offered by mail; GET shows it, POST takes it, once, before it expires."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField("adresse électronique")
    first_name = models.CharField("prénom", max_length=80)
    last_name = models.CharField("nom", max_length=80)
    invited_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="invité par"
    )
    created_at = models.DateTimeField("créée le", default=timezone.now)
    expires_at = models.DateTimeField("valable jusqu’au")
    generation = models.PositiveIntegerField("génération", default=1)
    token_sha256 = models.CharField("empreinte du lien", max_length=64, unique=True)
    accepted_at = models.DateTimeField("acceptée le", null=True)
    revoked_at = models.DateTimeField("retirée le", null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = "invitation"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=_one_organisation(), name="invitation_one_organisation"
            )
        ]

    def __str__(self):
        return f"invitation {self.pk}"

    def is_open(self, at):
        """Neither accepted, withdrawn nor expired at that moment."""
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > at


class PhoneLinkQuerySet(models.QuerySet):
    def for_link(self, token_sha256):
        """The link of this SHA-256, whatever its state."""
        return self.filter(token_sha256=token_sha256)


class PhoneLink(models.Model):
    """How somebody without an e-mail address comes in: a link that locates, a code that proves."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        User, on_delete=models.CASCADE, related_name="phone_link", verbose_name="personne"
    )
    generation = models.PositiveIntegerField("génération", default=1)
    token_sha256 = models.CharField("empreinte du lien", max_length=64, unique=True)
    issued_at = models.DateTimeField("émis le", default=timezone.now)
    expires_at = models.DateTimeField("valable jusqu’au")
    revoked_at = models.DateTimeField("retiré le", null=True)

    objects = PhoneLinkQuerySet.as_manager()

    class Meta:
        verbose_name = "lien par téléphone"
        verbose_name_plural = "liens par téléphone"

    def __str__(self):
        return f"lien {self.pk}"

    def is_open(self, at):
        """Neither revoked nor expired at that moment."""
        return self.revoked_at is None and self.expires_at > at


class PhoneCode(models.Model):
    """The six digits sent to the phone of a link, to come in or to sign; only a hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    link = models.ForeignKey(PhoneLink, on_delete=models.CASCADE, related_name="codes")
    code_hash = models.CharField("empreinte du code", max_length=128)
    sent_at = models.DateTimeField("envoyé le")
    expires_at = models.DateTimeField("valable jusqu’au")
    tries = models.PositiveSmallIntegerField("essais", default=0)
    used_at = models.DateTimeField("utilisé le", null=True)

    class Meta:
        verbose_name = "code par téléphone"
        verbose_name_plural = "codes par téléphone"

    def __str__(self):
        return f"code {self.pk}"
