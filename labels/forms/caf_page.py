"""What a Caf says of its label on its public page, and when it takes first applications."""

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.timezone import localdate

from labels.models import CallForProjects, PublicQuestion
from partners.models import Caf

WHEN = [("all", "Toute l’année"), ("calls", "Par appel à projets seulement")]


class CafPageForm(forms.ModelForm):
    """The text of the page, whom to ask, and whether dossiers come all year."""

    takes_calls_only = forms.TypedChoiceField(
        label="Quand recevez-vous les premières demandes de label\xa0?",
        choices=WHEN,
        coerce=lambda value: value == "calls",
        widget=forms.RadioSelect,
        help_text="Les renouvellements et les modifications se déposent toute l’année.",
    )

    class Meta:
        model = Caf
        fields = ["public_text", "email", "phone", "takes_calls_only"]
        labels = {"public_text": "Votre texte", "phone": "Téléphone", "email": "Courriel"}
        help_texts = {
            "public_text": "Du texte simple\xa0: ce que le label apporte chez vous, vos étapes. "
            "Laissé vide, un texte général le remplace."
        }
        widgets = {
            "public_text": forms.Textarea(attrs={"rows": 8}),
            "phone": forms.TextInput(attrs={"type": "tel"}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["takes_calls_only"] = "calls" if self.instance.takes_calls_only else "all"
        self.helper = FormHelper()
        self.helper.form_tag = False


class QuestionForm(forms.ModelForm):
    class Meta:
        model = PublicQuestion
        fields = ["question", "answer"]
        widgets = {"answer": forms.Textarea(attrs={"rows": 6})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False


class CallForm(forms.ModelForm):
    """A window and its text; its opening day stays once dossiers have come in."""

    class Meta:
        model = CallForProjects
        fields = ["title", "text", "opens_on", "closes_on"]
        labels = {"text": "Ce que vous attendez des crèches"}
        help_texts = {"closes_on": "Inclus\xa0: on dépose jusqu’à minuit, à l’heure de votre Caf."}
        widgets = {
            "text": forms.Textarea(attrs={"rows": 6}),
            **{
                name: forms.DateInput(attrs={"type": "date", "class": "short"}, format="%Y-%m-%d")
                for name in ("opens_on", "closes_on")
            },
        }

    def __init__(self, *args, caf, **kwargs):
        super().__init__(*args, **kwargs)
        self.instance.caf = caf
        self.last = None
        if not self.instance._state.adding:
            self.last = self.instance.applications.order_by("submitted_at").last()
        if self.last:
            self.fields["opens_on"].disabled = True
            self.fields[
                "opens_on"
            ].help_text = "Des dossiers ont été déposés\xa0: ce jour ne change plus."
        self.helper = FormHelper()
        self.helper.form_tag = False

    def _get_validation_exclusions(self):
        # Two calls of a Caf never overlap: the constraint reads it.
        return super()._get_validation_exclusions() - {"caf"}

    def clean(self):
        cleaned = super().clean()
        opens_on, closes_on = cleaned.get("opens_on"), cleaned.get("closes_on")
        if opens_on and closes_on and closes_on < opens_on:
            self.add_error("closes_on", "La fermeture ne peut pas précéder l’ouverture.")
        elif self.last and closes_on and closes_on < (day := localdate(self.last.submitted_at)):
            self.add_error(
                "closes_on",
                f"Un dossier a été déposé le {day:%d/%m/%Y}\xa0: l’appel ne ferme pas avant.",
            )
        return cleaned
