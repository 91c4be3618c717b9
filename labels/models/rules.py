from decimal import Decimal

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from labels.rules import RULES, from_json
from partners.models import Caf, User


class LocalRuleQuerySet(models.QuerySet):
    """The values that Cafs have set."""

    def in_force(self, on, known_at):
        """For each rule, the latest value that has started by that day, as known at that moment."""
        return (
            self.filter(valid_from__lte=on, recorded_at__lte=known_at)
            .order_by("key", "-valid_from", "-recorded_at")
            .distinct("key")
        )

    def visible_to(self, user):
        """The rules of the Cafs `user` belongs to."""
        return self if user.reach.national else self.filter(caf__in=user.reach.cafs)


class LocalRule(models.Model):
    """A Caf's own value for a rule, from a day on; a mistake is corrected by a later row."""

    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    key = models.CharField("règle", max_length=40)
    valid_from = models.DateField("à partir du")
    recorded_at = models.DateTimeField("enregistrée le", default=timezone.now)
    value = models.JSONField("valeur")
    reference = models.CharField("référence", max_length=200)
    motive = models.TextField("motif")
    derogation_reference = models.CharField(
        "référence de la dérogation", max_length=200, blank=True
    )
    set_by = models.ForeignKey(
        User,
        on_delete=models.RESTRICT,  # who set a rule stays known
        related_name="+",
        verbose_name="fixée par",
    )

    objects = LocalRuleQuerySet.as_manager()

    class Meta:
        verbose_name = "règle locale"
        verbose_name_plural = "règles locales"
        ordering = ["key", "-valid_from", "-recorded_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["caf", "key", "valid_from", "recorded_at"], name="local_rule_once"
            )
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self):
        return f"{self.key} {self.valid_from:%d/%m/%Y}"

    def clean(self):
        """Refuse a national rule, another type, and the illegal side without a derogation."""
        rule = RULES.get(self.key)
        if rule is None or not rule.local:
            raise ValidationError(
                {"key": "Cette règle est nationale : une Caf ne peut pas la fixer."}
            )
        national, _, _ = rule.national(self.valid_from)
        try:
            value = from_json(self.key, self.value)
        except (ArithmeticError, TypeError, ValueError) as error:
            raise ValidationError({"value": "Cette valeur ne se lit pas."}) from error
        if type(value) is not type(national) or (rule.choices and value not in rule.choices):
            raise ValidationError({"value": "Cette valeur n’est pas du type attendu."})
        if isinstance(value, Decimal) and not (0 <= value <= 1 and value == round(value, 4)):
            raise ValidationError(
                {"value": "Donnez une part entre 0 et 1, avec quatre décimales au plus."}
            )
        if (
            rule.stricter
            and rule.stricter(value, national) != value
            and not self.derogation_reference
        ):
            raise ValidationError(
                {
                    "derogation_reference": "Moins exigeant que la règle nationale : "
                    "indiquez la référence de la dérogation."
                }
            )
