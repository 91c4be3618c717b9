"""Places offered and asked for: offers, referrals with their weekly need, holds."""

from datetime import time

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from avip.workflow import Dossier
from families.models.households import Child, Household
from families.models.signatures import PartyStatusChange
from partners.models import Agency, Caf, Provider, User
from partners.models.calendars import DateRange, Weekday

NOON = time(12, 30)  # a half-day of care ends or begins here


class HalfDay(models.TextChoices):
    MORNING = "am", "matin"
    AFTERNOON = "pm", "après-midi"


def half_days(starts, ends):
    """The half-days that an interval of a day touches."""
    halves = []
    if starts < NOON:
        halves.append(HalfDay.MORNING)
    if ends > NOON:
        halves.append(HalfDay.AFTERNOON)
    return halves


class PlaceOfferQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the providers `user` may see."""
        return self.filter(provider__in=Provider.objects.visible_to(user))

    def running_on(self, on):
        """Offers that have begun and not ended on that day."""
        return self.filter(Q(until=None) | Q(until__gte=on), from_on__lte=on)

    def for_ages(self, youngest, oldest):
        """Offers that take children of these ages in months."""
        return self.filter(
            Q(max_age_months=None) | Q(max_age_months__gte=oldest), min_age_months__lte=youngest
        )

    def free_for(self, keys, from_on, until):
        """Offers with a place free on each of these half-days ("0-am"), the whole period."""
        offers = self
        for number, key in enumerate(keys):
            weekday, half = key.split("-")
            taken = (
                Hold.objects.standing(from_on, until)
                .filter(offer=OuterRef("pk"), weekday=int(weekday), half_day=half)
                .order_by()
                .values("offer")
                .annotate(taken=Count("slot_number", distinct=True))
                .values("taken")
            )
            offers = offers.alias(**{f"taken_{number}": Coalesce(Subquery(taken), 0)}).filter(
                Q(half_days__contains=[key]) | Q(half_days=[]),
                **{f"taken_{number}__lt": F("places")},
            )
        return offers


class PlaceOffer(Dossier):
    """Places kept for AVIP families: how many, from when, which half-days, which ages."""

    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="offers", verbose_name="mode d’accueil"
    )
    places = models.PositiveSmallIntegerField("places", default=1)
    from_on = models.DateField("à partir du")
    until = models.DateField("jusqu’au", null=True, blank=True)
    # ["0-am", "0-pm", …], 0 = Monday; none means every half-day the provider is open.
    half_days = models.JSONField("demi-journées", default=list)
    min_age_months = models.PositiveSmallIntegerField("âge minimum en mois", default=0)
    max_age_months = models.PositiveSmallIntegerField("âge maximum en mois", null=True, blank=True)
    note = models.CharField("précision", max_length=200, blank=True)

    objects = PlaceOfferQuerySet.as_manager()

    class Meta:
        verbose_name = "place offerte"
        verbose_name_plural = "places offertes"
        ordering = ["from_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(places__gt=0),
                name="offer_places_positive",
                violation_error_message="Offrez au moins une place.",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("from_on")),
                name="offer_in_order",
                violation_error_message="La fin ne peut pas précéder le début.",
            ),
        ]

    def __str__(self):
        return f"{self.places} place(s) à partir du {self.from_on:%d/%m/%Y}"

    def get_absolute_url(self):
        return reverse("families:offer_update", args=[self.pk])

    def takes(self, key):
        """Whether the offer includes this half-day ("0-am")."""
        return not self.half_days or key in self.half_days


class ReferralQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The agency that sent it, who gives care, its coordinator, and the Caf of the provider.

        A childminder sees it once her coordinator has validated it.
        """
        reach = user.reach
        return self.filter(
            Q(agency__in=reach.agencies)
            | Q(provider__in=reach.providers) & ~Q(status=Referral.Status.TO_VALIDATE)
            | Q(provider__facility__operator__in=reach.operators)
            | Q(provider__childminder__service__in=reach.services)
            | Q(caf__in=reach.cafs)
        )

    def waiting_for_answer(self):
        """Those the provider or the coordinator has not answered."""
        return self.filter(status__in=[Referral.Status.SENT, Referral.Status.TO_VALIDATE])

    def family_to_tell(self):
        """Those whose last answer the family has not been told."""
        return self.filter(status__in=Referral.TOLD, told_at=None)


class Referral(Dossier):
    """A family oriented to a provider: for which children, from when, on a weekly need."""

    class Status(models.TextChoices):
        TO_VALIDATE = "to_validate", "à valider par la coordination"
        SENT = "sent", "envoyée"
        ACCEPTED = "accepted", "acceptée, à confirmer par la famille"
        CONFIRMED = "confirmed", "confirmée par la famille"
        WAITING_LIST = "waiting_list", "en liste d’attente"
        REFUSED = "refused", "refusée"
        EXPIRED = "expired", "sans réponse"
        CANCELLED = "cancelled", "annulée"
        DECLINED = "declined", "déclinée par la famille"
        OBSOLETE = "obsolete", "sans objet\xa0: une autre place est acceptée"
        PLACED = "placed", "accueil commencé"

    class RefusalReason(models.TextChoices):
        FULL = "full", "plus de place à ces dates"
        HOURS = "hours", "horaires impossibles"
        AGE = "age", "pas de place pour cet âge"
        STAFF = "staff", "effectif insuffisant"
        SITUATION = "situation", "la situation n’entre pas dans le label"
        OTHER = "other", "autre raison"

    # Answered by the provider and accepted: names may be read there.
    TAKEN = (Status.ACCEPTED, Status.CONFIRMED, Status.PLACED)
    # Answers of which the family must hear.
    TOLD = (Status.ACCEPTED, Status.WAITING_LIST, Status.REFUSED, Status.EXPIRED)

    status = models.CharField(
        "état", max_length=16, choices=Status, default=Status.SENT, editable=False
    )
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

    objects = ReferralQuerySet.as_manager()

    class Meta:
        verbose_name = "demande de place"
        verbose_name_plural = "demandes de place"
        ordering = ["-sent_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["household", "provider"],
                condition=Q(
                    status__in=["to_validate", "sent", "accepted", "confirmed", "waiting_list"]
                ),
                name="referral_one_open_per_provider",
                violation_error_message="Une demande de cette famille y est déjà en cours.",
            ),
            models.CheckConstraint(
                condition=~Q(status="refused") | ~Q(refusal_reason=""),
                name="referral_refused_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["confirmed", "placed"]) | Q(confirmed_at__isnull=False),
                name="referral_confirmed_by_family",
            ),
        ]
        indexes = [models.Index(fields=["provider", "status"], name="referral_provider_status")]

    def __str__(self):
        return f"demande du {timezone.localtime(self.sent_at):%d/%m/%Y}"

    def get_absolute_url(self):
        return reverse("families:referral_detail", args=[self.pk])


class ReferralStatusChange(PartyStatusChange):
    dossier = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="history")

    class Meta(PartyStatusChange.Meta):
        verbose_name = "étape de la demande de place"


class WeeklySlot(models.Model):
    """An interval of care on a weekday."""

    weekday = models.PositiveSmallIntegerField("jour", choices=Weekday)
    starts = models.TimeField("de")
    ends = models.TimeField("à")

    class Meta:
        abstract = True
        ordering = ["weekday", "starts"]

    def __str__(self):
        return f"{self.get_weekday_display()} {self.starts:%H:%M}–{self.ends:%H:%M}"

    @property
    def minutes(self):
        """Length of the interval, in minutes."""
        return (self.ends.hour - self.starts.hour) * 60 + self.ends.minute - self.starts.minute


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


class HoldQuerySet(models.QuerySet):
    def standing(self, from_on, until):
        """Places not released, with at least one day in the period, both ends included."""
        return self.filter(released_at=None, from_on__lte=until, until__gte=from_on)


class Hold(models.Model):
    """A numbered place of an offer kept for one child on one half-day, from acceptance to release.

    Where the provider blocks no place (`offer` empty), the provider's row lock and its licensed
    capacity decide; the constraint below is the second line for offered places.
    """

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="holds")
    child = models.ForeignKey(Child, on_delete=models.CASCADE, related_name="holds")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="holds")
    offer = models.ForeignKey(PlaceOffer, on_delete=models.PROTECT, null=True, related_name="holds")
    slot_number = models.PositiveSmallIntegerField("place numéro", default=0)
    weekday = models.PositiveSmallIntegerField("jour", choices=Weekday)
    half_day = models.CharField("demi-journée", max_length=2, choices=HalfDay)
    from_on = models.DateField("du")
    until = models.DateField("au")
    released_at = models.DateTimeField("libérée le", null=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = "place retenue"
        verbose_name_plural = "places retenues"
        constraints = [
            models.CheckConstraint(condition=Q(until__gte=F("from_on")), name="hold_in_order"),
            ExclusionConstraint(
                name="hold_place_taken_once",
                expressions=[
                    ("offer", RangeOperators.EQUAL),
                    ("slot_number", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    ("half_day", RangeOperators.EQUAL),
                    (DateRange("from_on", "until"), RangeOperators.OVERLAPS),
                ],
                condition=Q(released_at=None, offer__isnull=False),
                violation_error_message="Cette place vient d’être prise.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["provider", "weekday", "half_day"],
                condition=Q(released_at=None),
                name="hold_provider_open",
            )
        ]

    def __str__(self):
        return f"{self.get_weekday_display()} {self.get_half_day_display()}"

    @property
    def key(self):
        """The half-day as offers write it: "0-am"."""
        return f"{self.weekday}-{self.half_day}"
