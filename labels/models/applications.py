"""The dossier of candidature, from its first draft to the decision."""

from django.db import models
from django.db.models import Case, F, Prefetch, Q, When
from django.urls import reverse

from avip.workflow import Dossier, StatusChange
from labels.charter import COMMITMENTS
from labels.models.answers import SupportingDocument
from labels.models.calls import CallForProjects
from labels.models.confirmations import DecisionConfirmation
from partners.models import Caf, Facility, Provider, User
from partners.validators import validate_siren


class ApplicationQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the facilities `user` works for or runs; for a Caf, those addressed to it.

        A Caf sees what was handed over to it, and the draft that waits to be attached: it must
        answer it. Whatever was never submitted stays with the crèche, even withdrawn.
        """
        reach = user.reach
        submitted = Q(submitted_at__isnull=False) | Q(attached_at=None)
        return self.filter(
            reach.any_of(providers="provider", operators="provider__facility__operator")
            | (Q(caf__in=reach.cafs) & submitted)
        )

    def with_answers(self):
        """With the commitments and the list of documents, without the bytes of these."""
        documents = SupportingDocument.objects.select_related("document")
        return self.prefetch_related(
            "commitments", Prefetch("documents", documents.defer("document__data"))
        )

    def in_queue_order(self):
        """What waits for a decision first, by the day it was handed over; then what is closed."""
        closed = Case(When(status__in=LabelApplication.CLOSED, then=1), default=0)
        return self.order_by(closed, F("submitted_at").asc(nulls_first=True), "created_at", "pk")

    def open(self):
        """Those without a decision."""
        return self.exclude(status__in=LabelApplication.CLOSED)


class LabelApplication(Dossier):
    class Kind(models.TextChoices):
        FIRST = "first", "première demande"
        RENEWAL = "renewal", "renouvellement"
        AMENDMENT = "amendment", "modification"

    class Status(models.TextChoices):
        DRAFT = "draft", "brouillon"
        SUBMITTED = "submitted", "déposé"
        UNDER_REVIEW = "under_review", "en instruction"
        CORRECTION_REQUESTED = "correction_requested", "correction demandée"
        READY = "ready", "prêt pour le comité"
        ON_AGENDA = "on_agenda", "à l’ordre du jour du comité"
        TO_CONFIRM = "to_confirm", "décision à confirmer"
        GRANTED = "granted", "label accordé"
        GRANTED_WITH_RESERVATIONS = "granted_with_reservations", "label accordé avec réserves"
        DEFERRED = "deferred", "ajourné"
        REFUSED = "refused", "label refusé"
        WITHDRAWN = "withdrawn", "retiré"

    class Proposal(models.TextChoices):
        GRANT = "grant", "accorder le label"
        GRANT_WITH_RESERVATIONS = "grant_with_reservations", "accorder avec réserves"
        DEFER = "defer", "ajourner"
        REFUSE = "refuse", "refuser le label"

    class Block(models.TextChoices):
        """What an amendment changes; only these sections open."""

        CAPACITY = "capacity", "les places et les enfants accueillis"
        HOURS = "hours", "les horaires d’ouverture"
        MANAGER = "manager", "le gestionnaire ou la direction"
        REFERENT = "referent", "le référent familles"

    GRANTED = (Status.GRANTED, Status.GRANTED_WITH_RESERVATIONS)
    DECIDED = (
        *GRANTED,
        Status.DEFERRED,
        Status.REFUSED,
    )
    CLOSED = (*DECIDED, Status.WITHDRAWN)
    EDITABLE = (Status.DRAFT, Status.CORRECTION_REQUESTED)

    kind = models.CharField("nature", max_length=10, choices=Kind, default=Kind.FIRST)
    status = models.CharField(
        "état", max_length=30, choices=Status, default=Status.DRAFT, editable=False
    )
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, verbose_name="crèche")
    caf = models.ForeignKey(Caf, on_delete=models.PROTECT, verbose_name="Caf")
    opened_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="ouvert par"
    )
    attached_at = models.DateTimeField("rattaché par la Caf le", null=True, editable=False)
    submitted_at = models.DateTimeField("déposé le", null=True, editable=False)

    # What it is about: the label to renew or amend, the call it answers.
    current_label = models.ForeignKey(
        "labels.Label",
        on_delete=models.PROTECT,
        null=True,
        related_name="later_applications",
        verbose_name="label concerné",
    )
    call = models.ForeignKey(
        CallForProjects,
        on_delete=models.PROTECT,
        null=True,
        related_name="applications",
        verbose_name="appel à projets",
    )
    blocks = models.JSONField("ce qui change", default=list, blank=True)  # of Block
    given_figures = models.JSONField("chiffres connus", default=dict, blank=True)

    # Identity and capacity, as declared in this dossier.
    facility_name = models.CharField("nom de la crèche", max_length=160, blank=True)
    siret = models.CharField("SIRET", max_length=14, blank=True)
    address = models.CharField("adresse", max_length=200, blank=True)
    facility_type = models.CharField("type", max_length=12, choices=Facility.Type, blank=True)
    funding = models.CharField("financement", max_length=4, choices=Facility.Funding, blank=True)
    licensed_capacity = models.PositiveSmallIntegerField(
        "capacité autorisée", null=True, blank=True
    )
    in_qpv = models.BooleanField("en quartier prioritaire", null=True, blank=True)
    # Hours: opening time of an ordinary week.
    opens = models.TimeField("ouvre à", null=True, blank=True)
    closes = models.TimeField("ferme à", null=True, blank=True)
    open_days = models.JSONField(
        "jours d’ouverture", default=list, blank=True
    )  # weekdays, 0 = Monday
    # Who runs it.
    operator_name = models.CharField("gestionnaire", max_length=160, blank=True)
    operator_siren = models.CharField(
        "SIREN du gestionnaire", max_length=9, blank=True, validators=[validate_siren]
    )
    director_name = models.CharField("direction", max_length=160, blank=True)
    # The label's own questions.
    planned_avip_children = models.PositiveSmallIntegerField(
        "enfants Avip prévus en même temps", null=True, blank=True
    )
    planned_children = models.PositiveSmallIntegerField(
        "enfants de moins de trois ans accueillis", null=True, blank=True
    )
    planned_periods = models.TextField("périodes d’accueil", blank=True)
    family_referent_name = models.CharField("référent familles", max_length=160, blank=True)
    family_referent_role = models.CharField("fonction du référent", max_length=120, blank=True)

    # Review and decision.
    reviewer = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="instruit par"
    )
    proposal = models.CharField("proposition", max_length=30, choices=Proposal, blank=True)
    proposal_reasons = models.TextField("motifs de la proposition", blank=True)
    decision = models.CharField("décision", max_length=30, choices=Proposal, blank=True)
    decision_reasons = models.TextField("motifs de la décision", blank=True)
    decided_on = models.DateField("date du comité", null=True, blank=True)
    decided_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name="décision saisie par",
    )
    confirmed_at = models.DateTimeField("décision confirmée le", null=True, editable=False)
    decision_values = models.JSONField("règles de la décision", default=dict, blank=True)
    refusal_grounds = models.JSONField("motifs de refus", default=list, blank=True)
    reservations_due_on = models.DateField("réserves à lever avant le", null=True, blank=True)
    deferred_until = models.DateField("ajourné jusqu’au", null=True, blank=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = "demande de label"
        verbose_name_plural = "demandes de label"
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["caf", "status"], name="application_caf_status")]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "kind"],
                condition=~Q(
                    status__in=[
                        "granted",
                        "granted_with_reservations",
                        "deferred",
                        "refused",
                        "withdrawn",
                    ]
                ),
                name="application_one_open_per_kind",
                violation_error_message="Cette crèche a déjà une demande ouverte : reprenez-la.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "withdrawn"])
                | Q(submitted_at__isnull=False, attached_at__isnull=False),
                name="application_submitted_once_attached",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["ready", "on_agenda", "to_confirm"])
                | (Q(reviewer__isnull=False) & ~Q(proposal="")),
                name="application_ready_with_proposal",
            ),
            models.CheckConstraint(
                condition=~Q(
                    status__in=["granted", "granted_with_reservations", "deferred", "refused"]
                )
                | (~Q(decision="") & Q(decided_on__isnull=False)),
                name="application_decided_with_date",
            ),
            models.CheckConstraint(
                condition=Q(kind="first") | Q(current_label__isnull=False) | Q(status="draft"),
                name="application_of_a_label",
                violation_error_message="Un renouvellement ou une modification porte sur un label.",
            ),
            models.CheckConstraint(
                condition=Q(licensed_capacity=None) | Q(licensed_capacity__gt=0),
                name="application_capacity_positive",
                violation_error_message="La capacité autorisée est d’au moins une place.",
            ),
            models.CheckConstraint(
                condition=Q(opens=None) | Q(closes=None) | Q(closes__gt=F("opens")),
                name="application_hours_in_order",
                violation_error_message="L’heure de fermeture vient après l’heure d’ouverture.",
            ),
            models.CheckConstraint(
                # The reviewer decides alone only where a second person has confirmed.
                condition=~Q(
                    status__in=["granted", "granted_with_reservations", "deferred", "refused"]
                )
                | ~Q(decided_by=F("reviewer"))
                | Q(confirmed_at__isnull=False),
                name="application_decided_by_two",
                violation_error_message="Qui a instruit la demande ne la décide pas seul.",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} – {self.facility_name or self.provider}"

    def get_absolute_url(self):
        return reverse("labels:application_detail", args=[self.pk])

    @property
    def heading(self):
        """What this dossier asks for, as the title of its page."""
        return {
            self.Kind.FIRST: "Demande de label",
            self.Kind.RENEWAL: "Renouvellement du label",
            self.Kind.AMENDMENT: "Modification du label",
        }[self.kind]

    @property
    def action(self):
        """What its crèche does with it from a list: the verb of the button."""
        verbs = {self.Status.DRAFT: "Reprendre", self.Status.CORRECTION_REQUESTED: "Corriger"}
        return verbs.get(self.status, "Voir")

    @property
    def is_open(self):
        """Whether it still waits for a decision."""
        return self.status not in self.CLOSED

    @property
    def awaits_attachment(self):
        """A draft whose author the Caf does not know yet."""
        return self.status == self.Status.DRAFT and self.attached_at is None

    @property
    def open_correction(self):
        """What the Caf asks to correct now, or None."""
        return self.corrections.filter(resolved_at=None).first()

    @property
    def planned_share(self):
        """The planned AVIP share in basis points; None while a number is missing."""
        if not self.planned_children or self.planned_avip_children is None:
            return None
        return self.planned_avip_children * 10_000 // self.planned_children

    def answer_to_all_commitments(self):
        """[(commitment, answer or None)] in the order of the charter."""
        answers = {answer.code: answer for answer in self.commitments.all()}
        return [(commitment, answers.get(commitment.code)) for commitment in COMMITMENTS]


class ApplicationStatusChange(StatusChange):
    dossier = models.ForeignKey(LabelApplication, on_delete=models.CASCADE, related_name="history")
    confirmation = models.ForeignKey(
        "labels.DecisionConfirmation",
        on_delete=models.RESTRICT,  # who did it stays known
        null=True,
        related_name="+",
        verbose_name="par le membre du comité",
    )

    class Meta(StatusChange.Meta):
        verbose_name = "étape de la demande"

    @classmethod
    def actor(cls, by):
        """A user, the committee member who answered by her link, or nobody for the application."""
        return {"confirmation": by} if isinstance(by, DecisionConfirmation) else {"user": by}

    @property
    def by(self):
        return str(self.confirmation) if self.confirmation else super().by
