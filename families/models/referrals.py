"""A family oriented to a provider, on a weekly need or on dated days."""

import uuid

from django.db import models
from django.db.models import F, Max, Q
from django.urls import reverse
from django.utils import timezone

from avip.workflow import Dossier
from families.models.households import Child, Household
from families.models.places import PlaceOffer, WeeklySlot
from families.models.signatures import PartyStatusChange
from partners.models import Agency, Caf, MunicipalService, Provider, User


class ReferralQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The agency that sent it, who gives care, its coordinator, and the Caf of the provider.

        A childminder sees it once her coordinator has validated it, a crèche once the guichet
        unique of its commune has passed it on; a deputy, while it waits for a coordinator who
        keeps silent, and afterwards only those she answered herself.
        """
        reach = user.reach
        return self.filter(
            reach.any_of(
                agencies="agency",
                services="provider__childminder__service",
                cafs="caf",
            )
            | reach.any_of(providers="provider", operators="provider__facility__operator")
            & _reached_her()
            | reach.any_of(services="provider__childminder__service__deputy")
            & _in_the_hands_of(user)
            | reach.any_of(services="counter")
        )

    def waiting_for_answer(self):
        """Those the provider or the coordinator has not answered."""
        return self.filter(status__in=[Referral.Status.SENT, *Referral.NOT_HERS_YET])

    def stays_over(self, on):
        """Accueils ponctuels confirmed, whose last day is before that day."""
        return (
            self.filter(kind=Referral.Kind.OCCASIONAL, status=Referral.Status.CONFIRMED)
            .annotate(last_day=Max("days__day"))
            .filter(last_day__lt=on)
        )

    def family_to_tell(self):
        """Those whose last answer the family has not been told."""
        passed_on = Q(status=Referral.Status.SENT, counter__isnull=False)
        return self.filter(Q(status__in=Referral.TOLD) | passed_on, told_at=None)


def _reached_her():
    """Neither waiting for somebody of the commune, nor ended before a counter passed it on."""
    stayed_there = Q(counter__isnull=False, validated_at=None)
    return ~Q(status__in=Referral.NOT_HERS_YET) & ~stayed_there


def _in_the_hands_of(user):
    """Passed on to the deputy and not validated yet, or moved on by this very person."""
    waits = Q(status=Referral.Status.TO_VALIDATE, deputy_at__isnull=False)
    hers = ReferralStatusChange.objects.filter(user=user, source=Referral.Status.TO_VALIDATE)
    return waits | Q(pk__in=hers.values("dossier"))


class Referral(Dossier):
    """A family oriented to a provider: for which children, from when, on a weekly need."""

    class Status(models.TextChoices):
        TO_DISPATCH = "to_dispatch", "reçue par le guichet unique"
        TO_VALIDATE = "to_validate", "à valider par la coordination"
        SENT = "sent", "envoyée"
        ACCEPTED = "accepted", "acceptée, à confirmer par la famille"
        CONFIRMED = "confirmed", "confirmée par la famille"
        HOURS_PROPOSED = "hours_proposed", "autres horaires proposés"
        SHORTLISTED = "shortlisted", "présentée à la commission"
        WAITING_LIST = "waiting_list", "en liste d’attente"
        REFUSED = "refused", "refusée"
        EXPIRED = "expired", "sans réponse"
        CANCELLED = "cancelled", "annulée"
        DECLINED = "declined", "déclinée par la famille"
        OBSOLETE = "obsolete", "sans objet\xa0: une autre place est acceptée"
        TRANSFERRED = "transferred", "transmise à un autre mode d’accueil"
        NO_SHOW = "no_show", "jamais venu"
        PLACED = "placed", "accueil commencé"
        STAYED = "stayed", "accueil ponctuel terminé"

    class Kind(models.TextChoices):
        REGULAR = "regular", "accueil avec contrat"
        OCCASIONAL = "occasional", "accueil ponctuel"

    class RefusalReason(models.TextChoices):
        FULL = "full", "plus de place à ces dates"
        HOURS = "hours", "horaires impossibles"
        AGE = "age", "pas de place pour cet âge"
        STAFF = "staff", "effectif insuffisant"
        SITUATION = "situation", "la situation n’entre pas dans le label"
        OTHER = "other", "autre raison"

    # Whoever would give care does not read it yet: somebody of the commune speaks first.
    NOT_HERS_YET = (Status.TO_DISPATCH, Status.TO_VALIDATE)
    # Answered by the provider and accepted.
    TAKEN = (Status.ACCEPTED, Status.CONFIRMED, Status.PLACED)
    # Names may be read there.
    NAMED = (*TAKEN, Status.STAYED)
    # Answers of which the family must hear.
    TOLD = (
        Status.ACCEPTED,
        Status.HOURS_PROPOSED,
        Status.SHORTLISTED,
        Status.WAITING_LIST,
        Status.REFUSED,
        Status.EXPIRED,
        Status.CANCELLED,
        Status.TRANSFERRED,
        Status.NO_SHOW,
    )
    # The family waits for a place there.
    OPEN = (
        Status.TO_DISPATCH,
        Status.TO_VALIDATE,
        Status.SENT,
        Status.HOURS_PROPOSED,
        Status.SHORTLISTED,
        Status.WAITING_LIST,
        Status.ACCEPTED,
        Status.CONFIRMED,
    )

    status = models.CharField(
        "état", max_length=16, choices=Status, default=Status.SENT, editable=False
    )
    kind = models.CharField("nature", max_length=10, choices=Kind, default=Kind.REGULAR)
    is_urgent = models.BooleanField("urgente", default=False)
    household = models.ForeignKey(
        Household, on_delete=models.PROTECT, related_name="referrals", verbose_name="famille"
    )
    children = models.ManyToManyField(Child, related_name="referrals", verbose_name="enfants")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, verbose_name="mode d’accueil")
    offer = models.ForeignKey(
        PlaceOffer, on_delete=models.SET_NULL, null=True, blank=True, verbose_name="place offerte"
    )
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, verbose_name="agence")
    adviser = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="envoyée par"
    )
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    from_on = models.DateField("à partir du")
    message = models.CharField(
        "message au mode d’accueil",
        max_length=500,
        blank=True,
        help_text="Ce qui aide à répondre. Ni santé, ni revenus, ni raison familiale.",
    )
    sent_at = models.DateTimeField("envoyée le", default=timezone.now, editable=False)
    answer_due_at = models.DateTimeField("réponse attendue avant le", editable=False)
    validated_at = models.DateTimeField("validée par la coordination le", null=True, editable=False)
    answered_at = models.DateTimeField("répondue le", null=True, editable=False)
    refusal_reason = models.CharField("raison", max_length=10, choices=RefusalReason, blank=True)
    refusal_text = models.CharField("précision pour le conseiller", max_length=300, blank=True)
    first_appointment_at = models.DateTimeField("premier rendez-vous", null=True, blank=True)
    contact_name = models.CharField("personne à demander", max_length=120, blank=True)
    papers = models.CharField("papiers à apporter", max_length=300, blank=True)
    confirmed_at = models.DateTimeField("confirmée par la famille le", null=True, editable=False)
    confirmed_how = models.CharField(
        "confirmation reçue par", max_length=80, blank=True, editable=False
    )
    told_at = models.DateTimeField("famille prévenue de la réponse le", null=True, editable=False)
    # Steps of the receiver's delay, by the deadlines job.
    reminded_at = models.DateTimeField("relancée le", null=True, editable=False)
    escalated_at = models.DateTimeField("signalée aux collègues le", null=True, editable=False)
    # A silent coordinator: her deputy may validate from then on, the Caf once it is escalated.
    deputy_at = models.DateTimeField("passée au service suppléant le", null=True, editable=False)
    counter = models.ForeignKey(
        MunicipalService,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="guichet unique",
    )
    commission_on = models.DateField("commission du", null=True, blank=True)
    # Other hours that the receiver proposes: the family says yes or no.
    counter_from_on = models.DateField("proposé à partir du", null=True, blank=True)
    counter_text = models.CharField("précision de la proposition", max_length=300, blank=True)
    transferred_from = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="transferred_to",
        verbose_name="transmise depuis",
    )
    tariff_talked_on = models.DateField("tarif évoqué le", null=True, blank=True)

    objects = ReferralQuerySet.as_manager()

    class Meta:
        verbose_name = "demande de place"
        verbose_name_plural = "demandes de place"
        ordering = ["-sent_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["household", "provider"],
                condition=Q(
                    status__in=[
                        "to_dispatch",
                        "to_validate",
                        "sent",
                        "hours_proposed",
                        "shortlisted",
                        "waiting_list",
                        "accepted",
                        "confirmed",
                    ]
                ),
                name="referral_one_open_per_provider",
                violation_error_message="Une demande de cette famille y est déjà en cours.",
            ),
            models.CheckConstraint(
                condition=~Q(status="refused") | ~Q(refusal_reason=""),
                name="referral_refused_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["confirmed", "placed", "stayed"])
                | Q(confirmed_at__isnull=False),
                name="referral_confirmed_by_family",
            ),
            models.CheckConstraint(
                condition=~Q(status="shortlisted") | Q(commission_on__isnull=False),
                name="referral_shortlisted_for_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(status="stayed") | Q(kind="occasional"),
                name="referral_stay_is_occasional",
            ),
            models.CheckConstraint(
                condition=~Q(status="to_dispatch") | Q(counter__isnull=False),
                name="referral_dispatched_by_a_counter",
            ),
        ]
        indexes = [
            models.Index(fields=["provider", "status"], name="referral_provider_status"),
            # What an agency counts on every page, and its list in order.
            models.Index(fields=["agency", "status"], name="referral_agency_status"),
            models.Index(fields=["agency", "-sent_at", "id"], name="referral_agency_sent"),
        ]

    def __str__(self):
        return f"demande du {timezone.localtime(self.sent_at):%d/%m/%Y}"

    def get_absolute_url(self):
        return reverse("families:referral_detail", args=[self.pk])


class ReferralStatusChange(PartyStatusChange):
    dossier = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="history")

    class Meta(PartyStatusChange.Meta):
        verbose_name = "étape de la demande de place"


class ReferralSlot(WeeklySlot):
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="slots")

    class Meta(WeeklySlot.Meta):
        verbose_name = "besoin hebdomadaire"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")),
                name="referral_slot_in_order",
                violation_error_message="L’heure de fin vient après l’heure de début.",
            ),
            models.UniqueConstraint(
                fields=["referral", "weekday", "starts"], name="referral_slot_once"
            ),
        ]


class CounterSlot(WeeklySlot):
    """One interval of the other hours that the receiver proposes."""

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="counter_slots")

    class Meta(WeeklySlot.Meta):
        verbose_name = "horaire proposé"
        verbose_name_plural = "horaires proposés"
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="counter_slot_in_order"),
            models.UniqueConstraint(
                fields=["referral", "weekday", "starts"], name="counter_slot_once"
            ),
        ]


class DroppedDay(models.Model):
    """A day without care, given up when the situation was validated so that its month fits."""

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="dropped_days")
    day = models.DateField("jour")

    class Meta:
        verbose_name = "jour sans accueil"
        verbose_name_plural = "jours sans accueil"
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["referral", "day"], name="dropped_day_once")]

    def __str__(self):
        return f"{self.day:%d/%m/%Y}"


class ReferralDay(models.Model):
    """One dated interval of an accueil ponctuel, and the care really given."""

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="days")
    day = models.DateField("jour")
    starts = models.TimeField("de")
    ends = models.TimeField("à")
    declared_minutes = models.PositiveSmallIntegerField("minutes réalisées", null=True, blank=True)

    class Meta:
        verbose_name = "jour d’accueil ponctuel"
        verbose_name_plural = "jours d’accueil ponctuel"
        ordering = ["day", "starts"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")),
                name="referral_day_in_order",
                violation_error_message="L’heure de fin vient après l’heure de début.",
            ),
            models.UniqueConstraint(fields=["referral", "day", "starts"], name="referral_day_once"),
        ]

    def __str__(self):
        return f"{self.day:%d/%m/%Y} {self.starts:%H:%M}–{self.ends:%H:%M}"


class AnswerLinkQuerySet(models.QuerySet):
    def for_link(self, token_sha256):
        """The link of this SHA-256."""
        return self.filter(token_sha256=token_sha256)


class AnswerLink(models.Model):
    """A professional's link to answer one referral from a mail, without signing in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="answer_links")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    token_sha256 = models.CharField("empreinte du lien", max_length=64, unique=True)
    expires_at = models.DateTimeField("valable jusqu’au")

    objects = AnswerLinkQuerySet.as_manager()

    class Meta:
        verbose_name = "lien de réponse"
        verbose_name_plural = "liens de réponse"
        constraints = [
            models.UniqueConstraint(fields=["referral", "user"], name="answer_link_once")
        ]

    def __str__(self):
        return f"lien {self.pk}"
