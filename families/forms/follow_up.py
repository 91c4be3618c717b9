"""Ordinary life and the end of a contract: categories and days, one sentence at most."""

from crispy_forms.helper import FormHelper
from django import forms
from django.utils import timezone

from families.forms.fields import DayInput
from families.models import AvipContract, Interview
from families.workflow.endings import KINDS
from families.workflow.reviews import Opinion

Outcome = AvipContract.Outcome
StopReason, StoppedBy = AvipContract.StopReason, AvipContract.StoppedBy
GROUPS = [
    (
        "Un emploi",
        [
            Outcome.CDI,
            Outcome.CDD_LONG,
            Outcome.CDD_SHORT,
            Outcome.INTERIM,
            Outcome.IAE,
            Outcome.APPRENTICESHIP,
            Outcome.BUSINESS,
        ],
    ),
    ("Une formation", [Outcome.TRAINING, Outcome.OTHER_TRAINING]),
    ("Autre chose", [Outcome.NONE, Outcome.OTHER_CARE, Outcome.MOVED, Outcome.UNKNOWN]),
]


def capital(words):
    """A choice as a line of a form."""
    return words[0].upper() + words[1:]


def said(choices):
    """Choices of a model, each begun with a capital."""
    return [(value, capital(label)) for value, label in choices]


OUTCOMES = [
    (group, [(choice.value, capital(choice.label)) for choice in choices])
    for group, choices in GROUPS
]


class PlainForm(forms.Form):
    """Drawn inside the form of `_form.html`."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False


class OutcomeForm(PlainForm):
    outcome = forms.ChoiceField(
        label="Qu’est devenue la famille\xa0?",
        help_text="Une catégorie suffit\xa0: aucun détail n’est demandé.",
        choices=OUTCOMES,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez ce qui correspond le mieux."},
    )


class OneOutcomeForm(forms.Form):
    """One line of the table of several families; left empty, nothing is noted of this one."""

    outcome = forms.ChoiceField(choices=[("", "Pas maintenant"), *OUTCOMES], required=False)

    def __init__(self, *args, name, **kwargs):
        super().__init__(*args, **kwargs)
        widget = self.fields["outcome"].widget
        widget.attrs |= {"class": "form-select", "aria-label": f"Issue pour {name}"}


ASKED_BY_FAMILY = "À la demande de la famille."


class EndForm(PlainForm):
    """The family stops without giving a reason; anyone else says why."""

    asked_by_family = forms.BooleanField(
        label="La famille l’a demandé\xa0: elle n’a pas à dire pourquoi.", required=False
    )
    stop_reason = forms.ChoiceField(
        label="Sinon, pour quel motif\xa0?",
        choices=[("", "Choisissez"), *said(StopReason.choices)],
        required=False,
    )
    stopped_by = forms.ChoiceField(
        label="Qui arrête le contrat\xa0?",
        choices=[("", "Choisissez"), *said(StoppedBy.choices)],
        required=False,
    )
    last_day = forms.DateField(
        label="Dernier jour d’accueil, préavis compris",
        help_text="Sans préavis, c’est aujourd’hui.",
        required=False,
        widget=DayInput(),
    )
    reason = forms.CharField(
        label="Une phrase à ajouter",
        help_text="Facultatif avec un motif. Les trois parties la liront\xa0: "
        "ni santé, ni revenus, ni situation familiale.",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args, contract=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.contract = contract

    def clean_last_day(self):
        day, today = self.cleaned_data["last_day"], timezone.localdate()
        if day is None:
            return None
        if day < today:
            raise forms.ValidationError("Ce jour est passé\xa0: choisissez aujourd’hui ou après.")
        if self.contract and day > max(today, self.contract.end_on):
            raise forms.ValidationError("Le contrat finit avant ce jour de toute façon.")
        return day

    def clean(self):
        data = super().clean()
        if data.get("asked_by_family"):
            data["reason"] = ASKED_BY_FAMILY
            data["stop_reason"] = StopReason.FAMILY
            data["stopped_by"] = StoppedBy.FAMILY
        elif not (data.get("reason") or data.get("stop_reason")) and "reason" not in self.errors:
            self.add_error("reason", "Dites pourquoi en une phrase.")
        return data


class PlanForm(PlainForm):
    """The moment of an interview to come."""

    planned_at = forms.SplitDateTimeField(
        label="Prévu le",
        widget=forms.SplitDateTimeWidget(
            date_attrs={"type": "date", "class": "mb-2", "aria-label": "Le jour"},
            time_attrs={"type": "time", "aria-label": "L’heure"},
            date_format="%Y-%m-%d",
            time_format="%H:%M",
        ),
    )


class NoteForm(PlainForm):
    """Held or not, and what follows in one category: no story."""

    was_held = forms.TypedChoiceField(
        label="L’entretien a-t-il eu lieu\xa0?",
        choices=[("yes", "Oui"), ("no", "Non")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    held_on = forms.DateField(label="Jour", widget=DayInput())
    next_step = forms.ChoiceField(
        label="Suite",
        help_text="Facultatif\xa0: une catégorie du plan d’action.",
        choices=[("", "Sans objet"), *said(Interview.NextStep.choices)],
        required=False,
    )


class DayForm(PlainForm):
    """The day of a coordination point."""

    held_on = forms.DateField(label="Jour du point", widget=DayInput())


class ReviewForm(PlainForm):
    """One opinion, and for the adviser the wish that the parent told her."""

    LABELS = {
        "adviser": "Votre avis",
        "care": "Votre avis",
        "parent": "Souhait du parent, s’il vous l’a dit",
    }

    def __init__(self, *args, parts, **kwargs):
        super().__init__(*args, **kwargs)
        self.parts = parts
        for part in parts:
            wish = part == "parent"
            self.fields[part] = forms.ChoiceField(
                label=self.LABELS[part],
                choices=[*([("", "Pas encore demandé")] if wish else []), *said(Opinion.choices)],
                required=not wish,
                widget=forms.RadioSelect,
                error_messages={"required": "Choisissez une réponse."},
            )


class JobKindForm(PlainForm):
    """What the adviser confirms."""

    kind = forms.ChoiceField(
        label="De quoi s’agit-il\xa0?",
        choices=[*said(KINDS.items()), ("none", "Ce n’est pas le cas")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez ce qui correspond le mieux."},
    )


class WishForm(forms.Form):
    """What the parent would like, on her own page."""

    wish = forms.ChoiceField(
        label="Après ce contrat, vous souhaitez",
        choices=[
            (Opinion.RENEW, "Continuer"),
            (Opinion.CHANGE, "Continuer avec d’autres horaires"),
            (Opinion.STOP, "Arrêter"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez une réponse."},
    )
