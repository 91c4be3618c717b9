"""The labelled network of childminders."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from avip.workflow import Dossier, StatusChange
from partners.models import Caf, MunicipalService, Provider, User


class NetworkMemberQuerySet(models.QuerySet):
    def for_link(self, token_sha256):
        """The one whose question this link carries."""
        return self.filter(ask_token_sha256=token_sha256).exclude(ask_token_sha256="")

    def visible_to(self, user):
        """Herself, her coordinators and her Caf; what she left elsewhere stays with that Caf."""
        reach = user.reach
        hers = reach.any_of(services="provider__childminder__service") & Q(caf=F("provider__caf"))
        return self.filter(reach.any_of(providers="provider", cafs="caf") | hers)

    def still_here(self):
        """Those whose childminder this Caf still knows: neither gone, nor with another Caf."""
        return self.filter(caf=F("provider__caf")).exclude(status=NetworkMember.Status.LEFT)


class NetworkMember(Dossier):
    """A childminder's way into the network: her wish, her licence checked, member, left."""

    class Status(models.TextChoices):
        ASKED = "asked", "sollicitée"
        DECLINED = "declined", "ne souhaite pas"
        WISH = "wish", "souhaite rejoindre le réseau"
        LICENCE_CHECKED = "licence_checked", "agrément vérifié"
        MEMBER = "member", "membre du réseau"
        LEFT = "left", "a quitté le réseau"

    class LeaveReason(models.TextChoices):
        WISH = "wish", "elle ne souhaite plus accueillir au titre du label"
        LICENCE = "licence", "agrément fini ou retiré"
        MOVED = "moved", "déménagement"
        STOPPED = "stopped", "elle n’exerce plus"
        OTHER = "other", "autre raison"

    class WishHow(models.TextChoices):
        LINK = "link", "par le lien reçu"
        PAPER = "paper", "sur papier"
        TOLD = "told", "de vive voix"
        ACCOUNT = "account", "dans son espace"

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
    # The question « souhaitez-vous rejoindre le réseau ? », sent by mail or SMS with its link.
    asked_at = models.DateTimeField("sollicitée le", null=True)
    ask_generation = models.PositiveIntegerField("génération du lien", default=0)
    ask_token_sha256 = models.CharField(
        "empreinte du lien", max_length=64, blank=True, editable=False
    )
    ask_expires_at = models.DateTimeField("lien valable jusqu’au", null=True)
    wish_how = models.CharField("souhait reçu", max_length=8, choices=WishHow, blank=True)
    wish_on = models.DateField("souhait du", null=True)
    licence_checked_on = models.DateField("agrément vérifié le", null=True)
    joined_on = models.DateField("membre depuis le", null=True)
    left_on = models.DateField("partie le", null=True)
    leave_reason = models.CharField(
        "raison du départ", max_length=8, choices=LeaveReason, blank=True
    )

    objects = NetworkMemberQuerySet.as_manager()

    # What was never in the network, or is no longer.
    OUT = (Status.ASKED, Status.DECLINED, Status.LEFT)

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
            models.UniqueConstraint(
                fields=["ask_token_sha256"],
                condition=~Q(ask_token_sha256=""),
                name="network_ask_link_once",
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

    @property
    def is_still_here(self) -> bool:
        """See `still_here`: beyond it, where she lives and what she does is not ours to show."""
        return self.caf_id == self.provider.caf_id and self.status != self.Status.LEFT

    @property
    def is_in_network(self) -> bool:
        """She offers a place here, or is on her way to: her place and hours are shown."""
        return self.is_still_here and self.status not in self.OUT


class NetworkMemberStatusChange(StatusChange):
    dossier = models.ForeignKey(NetworkMember, on_delete=models.CASCADE, related_name="history")

    class Meta(StatusChange.Meta):
        verbose_name = "étape de l’adhésion"


class NetworkImportQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the services `user` belongs to, and of her Caf."""
        reach = user.reach
        return self.filter(Q(service__in=reach.services) | Q(caf__in=reach.cafs, service=None))


class NetworkImport(models.Model):
    """The rows of a list of childminders, shown before anything is written; carried out once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    caf = models.ForeignKey(Caf, on_delete=models.CASCADE, verbose_name="Caf")
    service = models.ForeignKey(
        MunicipalService, on_delete=models.CASCADE, null=True, verbose_name="service"
    )
    by = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="+", verbose_name="déposé par"
    )
    created_at = models.DateTimeField("déposé le", default=timezone.now)
    rows = models.JSONField("lignes", default=list)
    done_at = models.DateTimeField("notées le", null=True, editable=False)

    objects = NetworkImportQuerySet.as_manager()

    class Meta:
        verbose_name = "import d’assistantes maternelles"
        verbose_name_plural = "imports d’assistantes maternelles"

    def __str__(self):
        return f"import du {self.created_at:%d/%m/%Y}"
