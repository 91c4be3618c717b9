"""The labelled network of childminders."""

from django.db import models
from django.db.models import Q
from django.urls import reverse

from avip.workflow import Dossier, StatusChange
from partners.models import Caf, Provider


class NetworkMemberQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Herself, her coordinators and her Caf."""
        reach = user.reach
        return self.filter(
            reach.any_of(
                providers="provider", services="provider__childminder__service", cafs="caf"
            )
        )


class NetworkMember(Dossier):
    """A childminder's way into the network: her wish, her licence checked, member, left."""

    class Status(models.TextChoices):
        WISH = "wish", "souhaite rejoindre le réseau"
        LICENCE_CHECKED = "licence_checked", "agrément vérifié"
        MEMBER = "member", "membre du réseau"
        LEFT = "left", "a quitté le réseau"

    status = models.CharField(
        "état", max_length=16, choices=Status, default=Status.WISH, editable=False
    )
    provider = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        related_name="network_memberships",
        verbose_name="assistante maternelle",
    )
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    joined_on = models.DateField("membre depuis le", null=True)
    left_on = models.DateField("partie le", null=True)

    objects = NetworkMemberQuerySet.as_manager()

    class Meta:
        verbose_name = "adhésion au réseau"
        verbose_name_plural = "adhésions au réseau"
        constraints = [
            models.UniqueConstraint(
                fields=["provider"],
                condition=~Q(status="left"),
                name="network_one_membership",
                violation_error_message="Cette assistante maternelle est déjà dans le réseau.",
            ),
            models.CheckConstraint(
                condition=~Q(status="member") | Q(joined_on__isnull=False),
                name="network_member_since",
            ),
        ]

    def __str__(self):
        return str(self.provider)

    def get_absolute_url(self):
        return reverse("families:provider_detail", args=[self.provider_id])


class NetworkMemberStatusChange(StatusChange):
    dossier = models.ForeignKey(NetworkMember, on_delete=models.CASCADE, related_name="history")

    class Meta(StatusChange.Meta):
        verbose_name = "étape de l’adhésion"
