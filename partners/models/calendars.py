"""When care is given: opening hours per weekday, closures of a crèche, leave of a childminder."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from partners.models.providers import Provider


class Weekday(models.IntegerChoices):
    """Monday is 0, as `date.weekday()` counts."""

    MONDAY = 0, "lundi"
    TUESDAY = 1, "mardi"
    WEDNESDAY = 2, "mercredi"
    THURSDAY = 3, "jeudi"
    FRIDAY = 4, "vendredi"
    SATURDAY = 5, "samedi"
    SUNDAY = 6, "dimanche"


class DateRange(Func):
    """`daterange(first, last, '[]')`: both days included, an empty end being endless."""

    function = "daterange"

    def __init__(self, first, last):
        super().__init__(first, last, Value("[]"))


class OpeningHours(models.Model):
    """An interval of a weekday during which the provider is open."""

    provider = models.ForeignKey(
        Provider,
        on_delete=models.CASCADE,
        related_name="opening_hours",
        verbose_name="mode d’accueil",
    )
    weekday = models.PositiveSmallIntegerField("jour", choices=Weekday)
    opens = models.TimeField("ouvre à")
    closes = models.TimeField("ferme à")

    class Meta:
        verbose_name = "horaire d’ouverture"
        verbose_name_plural = "horaires d’ouverture"
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens")),
                name="opening_hours_in_order",
                violation_error_message="L’heure de fermeture vient après l’heure d’ouverture.",
            ),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="opening_hours_weekday"),
            models.UniqueConstraint(
                fields=["provider", "weekday", "opens"], name="opening_hours_once"
            ),
        ]

    def __str__(self):
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"


class Closure(models.Model):
    """Days without care, both ends included."""

    class Kind(models.TextChoices):
        CLOSURE = "closure", "fermeture"
        LEAVE = "leave", "congés"

    provider = models.ForeignKey(
        Provider, on_delete=models.CASCADE, related_name="closures", verbose_name="mode d’accueil"
    )
    kind = models.CharField("nature", max_length=8, choices=Kind, default=Kind.CLOSURE)
    first_day = models.DateField("premier jour")
    last_day = models.DateField("dernier jour")

    class Meta:
        verbose_name = "fermeture"
        ordering = ["first_day"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="closure_in_order",
                violation_error_message="Le dernier jour ne peut pas précéder le premier.",
            ),
            ExclusionConstraint(
                name="closure_no_overlap",
                expressions=[
                    ("provider", RangeOperators.EQUAL),
                    (DateRange("first_day", "last_day"), RangeOperators.OVERLAPS),
                ],
                violation_error_message="Ces jours sont déjà couverts par une autre fermeture.",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.first_day:%d/%m/%Y} – {self.last_day:%d/%m/%Y}"
