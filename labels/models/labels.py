"""The label itself, and who holds it on a day."""

import secrets

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import IntegrityError, models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from avip.models import Document
from avip.workflow import Dossier, StatusChange, StepRefused
from labels.models.applications import LabelApplication
from labels.models.network import NetworkMember
from partners.models import Caf, Provider
from partners.models.calendars import DateRange

ONE_AT_A_TIME = "label_one_at_a_time"
OVERLAP = "Cette crèche a déjà un label sur ces dates."


def new_code():
    """A public code of 80 bits, in letters and digits that cannot be mistaken."""
    alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    return "".join(secrets.choice(alphabet) for _ in range(16))


class LabelQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the facilities `user` works for or runs, and of its Caf."""
        reach = user.reach
        if reach.national:
            return self
        return self.filter(
            reach.any_of(providers="provider", operators="provider__facility__operator", cafs="caf")
        )

    def public(self):
        """What anybody may check: a code leads to a state and dates."""
        return self

    def open(self, **fields):
        """A new label; StepRefused when the crèche has got one on these dates meanwhile."""
        try:
            with transaction.atomic():
                return self.create(**fields)
        except IntegrityError as error:
            if ONE_AT_A_TIME not in str(error):
                raise
            raise StepRefused(OVERLAP) from error

    def running_on(self, on):
        """Labels whose dates include that day and which are neither suspended nor withdrawn."""
        return self.filter(
            status__in=[Label.Status.ACTIVE, Label.Status.NOTICE_GIVEN],
            starts_on__lte=on,
            ends_on__gte=on,
        )

    def not_followed(self):
        """Those that no label of the same crèche follows already."""
        following = Label.objects.filter(
            provider=OuterRef("provider"), status__in=Label.LIVE, starts_on__gt=OuterRef("ends_on")
        )
        return self.exclude(Exists(following))

    def during(self, first_day, last_day):
        """Labels held on at least one day of the period, both ends included.

        One taken over from before the software counts from the day it was.
        """
        given_up = [Label.Status.WITHDRAWN, Label.Status.RELINQUISHED]
        return (
            self.filter(starts_on__lte=last_day, ends_on__gte=first_day)
            .exclude(status__in=given_up, edited_at__date__lt=first_day)
            .exclude(taken_over=True, created_at__date__gt=last_day)
        )


class Label(Dossier):
    class Status(models.TextChoices):
        ACTIVE = "active", "actif"
        SUSPENDED = "suspended", "suspendu"
        NOTICE_GIVEN = "notice_given", "mis en demeure"
        WITHDRAWN = "withdrawn", "retiré"
        EXPIRED = "expired", "arrivé à échéance"
        RELINQUISHED = "relinquished", "rendu par la crèche"
        RENEWED = "renewed", "renouvelé"

    LIVE = (Status.ACTIVE, Status.SUSPENDED, Status.NOTICE_GIVEN)

    status = models.CharField(
        "état", max_length=12, choices=Status, default=Status.ACTIVE, editable=False
    )
    code = models.CharField("code de vérification", max_length=16, unique=True, default=new_code)
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="labels", verbose_name="crèche"
    )
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    application = models.OneToOneField(
        LabelApplication, on_delete=models.PROTECT, null=True, verbose_name="demande"
    )
    granted_on = models.DateField("accordé le")
    starts_on = models.DateField("commence le")
    ends_on = models.DateField("finit le")
    reservations = models.TextField("réserves", blank=True)
    reservations_due_on = models.DateField("réserves à lever avant le", null=True, blank=True)
    reservations_lifted_on = models.DateField("réserves levées le", null=True, blank=True)
    # What the committee approved: the facts that the crèche's record is compared with.
    approved = models.JSONField("ce qui a été approuvé", default=dict, blank=True)
    notice_reply_due_on = models.DateField("réponse attendue avant le", null=True, blank=True)
    notice_reply = models.TextField("réponse de la crèche", blank=True)
    notice_replied_at = models.DateTimeField("réponse reçue le", null=True, blank=True)
    leaves_on = models.DateField("rendu à partir du", null=True, blank=True)
    taken_over = models.BooleanField("repris", default=False)
    former_decision = models.ForeignKey(
        Document,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name="décision d’origine",
    )
    certificate = models.ForeignKey(
        Document, on_delete=models.PROTECT, null=True, editable=False, verbose_name="attestation"
    )

    objects = LabelQuerySet.as_manager()

    class Meta:
        verbose_name = "label"
        ordering = ["ends_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="label_in_order",
                violation_error_message="La fin du label ne peut pas précéder son début.",
            ),
            models.CheckConstraint(
                condition=~Q(status="notice_given") | Q(notice_reply_due_on__isnull=False),
                name="label_notice_leaves_time_to_reply",
            ),
            models.CheckConstraint(
                condition=Q(taken_over=False) | Q(application=None),
                name="label_taken_over_without_application",
            ),
            ExclusionConstraint(
                name=ONE_AT_A_TIME,
                expressions=[
                    ("provider", RangeOperators.EQUAL),
                    (DateRange("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=["active", "suspended", "notice_given"]),
                violation_error_message=OVERLAP,
            ),
        ]

    def __str__(self):
        return f"label de {self.provider}"

    def get_absolute_url(self):
        return reverse("labels:label_detail", args=[self.pk])

    @property
    def is_live(self):
        """Whether the crèche still holds it, suspended or not."""
        return self.status in self.LIVE


class LabelStatusChange(StatusChange):
    dossier = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="history")

    class Meta(StatusChange.Meta):
        verbose_name = "étape du label"


def with_label_count(cafs, on):
    """Annotate `label_count`: how many labels run in each Caf on that day."""
    counts = (
        Label.objects.running_on(on)
        .filter(caf=OuterRef("pk"))
        .order_by()
        .values("caf")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return cafs.annotate(label_count=Coalesce(Subquery(counts), 0))


def labelled_providers(on):
    """Who may take an AVIP family that day: labelled crèches, licensed members of the network."""
    of_place = OuterRef("pk")
    labels = Label.objects.running_on(on).filter(provider=of_place)
    return Provider.objects.filter(
        Exists(labels) | Exists(licensed_members(on).filter(provider=of_place))
    )


def licensed_members(on):
    """The childminders of the network whose licence holds that day."""
    return NetworkMember.objects.filter(
        status=NetworkMember.Status.MEMBER, provider__childminder__licence_until__gte=on
    )
