"""Places offered, and those kept from an acceptance to a release."""

from datetime import time

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, OuterRef, Q
from django.urls import reverse

from avip.workflow import Dossier
from families.models.households import Child
from partners.models import Provider
from partners.models.calendars import DateRange, Weekday

NOON = time(12, 30)  # a half-day of care ends or begins here
WORKING_WEEK = [f"{day}-{half}" for day in range(5) for half in ("am", "pm")]


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


def _paused(on):
    return Q(Q(paused_until=None) | Q(paused_until__gte=on), paused_from__lte=on)


class PlaceOfferQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the providers `user` may see."""
        return self.filter(provider__in=Provider.objects.visible_to(user))

    def running_on(self, on):
        """Offers that have begun and not ended on that day."""
        return self.filter(Q(until=None) | Q(until__gte=on), from_on__lte=on)

    def paused_on(self, on):
        """Offers that take no new family on that day."""
        return self.filter(_paused(on))

    def open_on(self, on):
        """Offers running on that day and not paused: those of which a place may be asked for."""
        return self.running_on(on).exclude(_paused(on))

    def for_ages(self, youngest, oldest):
        """Offers that take children of these ages in months."""
        return self.filter(
            Q(max_age_months=None) | Q(max_age_months__gte=oldest), min_age_months__lte=youngest
        )


class PlaceOffer(Dossier):
    """Places kept for AVIP families: how many, from when, which half-days, which ages."""

    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="offers", verbose_name="mode d’accueil"
    )

    class ReservedBy(models.TextChoices):
        COMMUNE = "commune", "la commune"
        CAF = "caf", "la Caf"
        EMPLOYER = "employer", "un employeur"
        DEPARTEMENT = "departement", "le Département"

    places = models.PositiveSmallIntegerField("places", default=1)
    is_blocked = models.BooleanField(
        "places gardées libres",
        default=True,
        help_text="Sinon : pas de place bloquée, demandez-nous.",
    )
    reserved_by = models.CharField("réservées par", max_length=12, choices=ReservedBy, blank=True)
    opens = models.TimeField("dès", null=True, blank=True)
    closes = models.TimeField("jusqu’à", null=True, blank=True)
    atypical_hours = models.BooleanField("horaires atypiques possibles", default=False)
    emergency_care = models.BooleanField("accueil d’urgence possible", default=False)
    confirmed_on = models.DateField("encore libre le", null=True, blank=True)
    from_on = models.DateField("à partir du")
    until = models.DateField("jusqu’au", null=True, blank=True)
    # ["0-am", "0-pm", …], 0 = Monday; none means every half-day the provider is open.
    half_days = models.JSONField("demi-journées", default=list)
    min_age_months = models.PositiveSmallIntegerField("âge minimum en mois", default=0)
    max_age_months = models.PositiveSmallIntegerField("âge maximum en mois", null=True, blank=True)
    note = models.CharField("précision", max_length=200, blank=True)
    paused_from = models.DateField("en pause depuis le", null=True, blank=True)
    paused_until = models.DateField("en pause jusqu’au", null=True, blank=True)

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
            models.CheckConstraint(
                condition=Q(opens=None) | Q(closes=None) | Q(closes__gt=F("opens")),
                name="offer_hours_in_order",
                violation_error_message="L’heure de fin vient après l’heure de début.",
            ),
            models.CheckConstraint(
                condition=Q(paused_until=None) | Q(paused_until__gte=F("paused_from")),
                name="offer_pause_in_order",
                violation_error_message="La pause finit après avoir commencé.",
            ),
        ]

    def __str__(self):
        return f"{self.places} place(s) à partir du {self.from_on:%d/%m/%Y}"

    def get_absolute_url(self):
        return reverse("families:offer_update", args=[self.pk])

    @property
    def keys(self):
        """The half-days that the offer includes."""
        return self.half_days or WORKING_WEEK

    def takes(self, key):
        """Whether the offer includes this half-day ("0-am")."""
        return not self.half_days or key in self.half_days

    def is_paused_on(self, day):
        """Whether the place takes no new family on that day."""
        if self.paused_from is None or day < self.paused_from:
            return False
        return self.paused_until is None or day <= self.paused_until


class OfferSlot(WeeklySlot):
    """One interval of a childminder’s planning: « mardi 8 h 30–16 h 30 »."""

    offer = models.ForeignKey(PlaceOffer, on_delete=models.CASCADE, related_name="slots")

    class Meta(WeeklySlot.Meta):
        verbose_name = "horaire offert"
        verbose_name_plural = "horaires offerts"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")),
                name="offer_slot_in_order",
                violation_error_message="L’heure de fin vient après l’heure de début.",
            ),
            models.UniqueConstraint(fields=["offer", "weekday", "starts"], name="offer_slot_once"),
        ]


class OfferDay(models.Model):
    """One date on which her planning differs: other hours, or no care."""

    offer = models.ForeignKey(PlaceOffer, on_delete=models.CASCADE, related_name="days")
    day = models.DateField("jour")
    starts = models.TimeField("de", null=True, blank=True)
    ends = models.TimeField("à", null=True, blank=True)

    class Meta:
        verbose_name = "jour particulier offert"
        verbose_name_plural = "jours particuliers offerts"
        ordering = ["day", "starts"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts=None, ends=None) | Q(ends__gt=F("starts")),
                name="offer_day_in_order",
                violation_error_message="L’heure de fin vient après l’heure de début.",
            ),
            models.UniqueConstraint(
                fields=["offer", "day", "starts"], nulls_distinct=False, name="offer_day_once"
            ),
        ]

    def __str__(self):
        return f"{self.day:%d/%m/%Y}"


def of_her_place():
    """Of holds beside an outer offer: those of its childminder from before she described it."""
    return Q(offer=None, provider=OuterRef("provider"), provider__kind=Provider.Kind.CHILDMINDER)


class HoldQuerySet(models.QuerySet):
    def standing(self, from_on, until):
        """Places not released, with at least one day in the period, both ends included."""
        return self.filter(released_at=None, from_on__lte=until, until__gte=from_on)


class Hold(models.Model):
    """A numbered place of an offer kept for one child on one half-day, from acceptance to release.

    Where the provider blocks no place (`offer` empty), the provider's row lock and its licensed
    capacity decide; the constraint below is the second line for offered places.
    """

    referral = models.ForeignKey(
        "families.Referral", on_delete=models.CASCADE, related_name="holds"
    )
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
