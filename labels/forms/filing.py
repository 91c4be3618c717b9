"""One form per section of the dossier: it saves although incomplete, and refuses what is wrong."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.template.defaultfilters import slugify

from avip.jobs import SCHEDULES
from avip.pdf import check_uploaded_pdf
from labels import filing
from labels.charter import COMMITMENTS
from labels.checklist import accepted_documents, required_documents
from labels.models import LabelApplication
from partners.models import Facility
from partners.models.calendars import Weekday
from partners.validators import validate_siret

YES_NO = [("yes", "Oui"), ("no", "Non")]


def yes_no(value):
    """True, False or None from the value of a yes-or-no question."""
    return {"yes": True, "no": False}.get(value)


def yes_no_field(label, help_text=""):
    """A question answered by yes or no, or not yet."""
    return forms.TypedChoiceField(
        label=label,
        choices=YES_NO,
        coerce=yes_no,
        empty_value=None,
        widget=forms.RadioSelect,
        help_text=help_text,
    )


class SectionForm(forms.ModelForm):
    """Questions of one section; `seen` is the revision the page showed."""

    use_required_attribute = False
    together = ()  # answers that only hold with one another
    seen = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = LabelApplication
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.instance.revision
        for field in self.fields.values():
            field.required = True
        self.helper = FormHelper()
        self.helper.form_tag = False

    def full_clean(self):
        """All is asked for, nothing refused for being empty: that blocks the submission alone."""
        asked = [field for name, field in self.fields.items() if name != "seen" and field.required]
        for field in asked:
            field.required = False
        super().full_clean()
        for field in asked:
            field.required = True

    def save(self, *, by):
        """Write the answers; raises StepRefused when the dossier has changed meanwhile."""
        filing.save_section(
            self.instance, by=by, seen=self.cleaned_data["seen"], values=self.answers()
        )

    def answers(self):
        """The answers that hold: a wrong one is left out, and those that only hold with it."""
        kept = [name for name in self._meta.fields if name in self.cleaned_data]
        if not set(self.together) <= set(kept):
            kept = [name for name in kept if name not in self.together]
        return {name: self.cleaned_data[name] for name in kept}

    def is_already_saved(self):
        """Whether the dossier holds these very answers: their page never heard that it does."""
        return all(getattr(self.instance, name) == value for name, value in self.answers().items())

    def show_again(self):
        """After a refusal: what was typed, over the dossier as it is now."""
        self.data = self.data.copy()
        self.data["seen"] = self.instance.revision


class IdentityForm(SectionForm):
    in_qpv = yes_no_field(
        "La crèche est-elle dans un quartier prioritaire (QPV)\xa0?",
        "Vérifiez son adresse sur sig.ville.gouv.fr.",
    )

    class Meta(SectionForm.Meta):
        fields = ["facility_name", "siret", "address", "facility_type", "funding", "in_qpv"]
        labels = {
            "facility_type": "Type d’établissement",
            "funding": "Mode de financement",
            "address": "Adresse complète",
        }
        help_texts = {"siret": "14 chiffres, ceux de la crèche et non du siège."}
        widgets = {
            "siret": forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
            "address": forms.TextInput(attrs={"autocomplete": "street-address"}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # People copy a SIRET with its spaces.
        self.fields["siret"].max_length = None
        self.fields["siret"].validators = []
        self.fields["siret"].widget.attrs.pop("maxlength", None)
        for name in ["facility_type", "funding"]:
            _, *choices = self.fields[name].choices
            self.fields[name].choices = [("", "Choisissez"), *choices]
        self.initial["in_qpv"] = {True: "yes", False: "no"}.get(self.instance.in_qpv)

    def clean_siret(self):
        siret = "".join(self.cleaned_data["siret"].split())
        if siret:
            validate_siret(siret)
            others = Facility.objects.exclude(provider=self.instance.provider_id)
            if others.filter(siret=siret).exists():
                raise forms.ValidationError(
                    "Une autre crèche est déjà enregistrée avec ce SIRET. "
                    "Vérifiez-le, ou écrivez à votre Caf si c’est bien le vôtre."
                )
        return siret


class ManagerForm(SectionForm):
    class Meta(SectionForm.Meta):
        fields = ["operator_name", "operator_siren", "director_name"]
        labels = {
            "operator_name": "Nom du gestionnaire",
            "operator_siren": "SIREN du gestionnaire",
            "director_name": "Nom de la directrice ou du directeur",
        }
        help_texts = {
            "operator_name": "L’association, la commune ou l’entreprise qui gère la crèche.",
            "operator_siren": "9 chiffres, si vous le connaissez.",
        }
        widgets = {
            "operator_siren": forms.TextInput(attrs={"inputmode": "numeric", "class": "short"}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["operator_siren"].required = False


class CapacityForm(SectionForm):
    class Meta(SectionForm.Meta):
        fields = [
            "licensed_capacity",
            "planned_children",
            "planned_avip_children",
            "planned_periods",
        ]
        labels = {
            "licensed_capacity": "Capacité autorisée, en places",
            "planned_children": "Enfants de moins de trois ans accueillis, en tout",
            "planned_avip_children": "Parmi eux, enfants Avip prévus en même temps",
            "planned_periods": "À quelles périodes accueillez-vous les enfants Avip\xa0?",
        }
        help_texts = {
            "licensed_capacity": "Celle de votre autorisation d’ouverture.",
            "planned_children": "Ceux qui viennent au moins un jour par mois.",
            "planned_periods": "Par exemple\xa0: toute l’année sauf août, ou deux matinées.",
        }
        widgets = {"planned_periods": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ["licensed_capacity", "planned_children", "planned_avip_children"]:
            self.fields[name].widget.attrs |= {"class": "short", "inputmode": "numeric"}

    def clean_licensed_capacity(self):
        capacity = self.cleaned_data["licensed_capacity"]
        if capacity == 0:
            raise forms.ValidationError("La capacité autorisée est d’au moins une place.")
        return capacity

    def clean(self):
        cleaned = super().clean()
        children, avip = cleaned.get("planned_children"), cleaned.get("planned_avip_children")
        if children is not None and avip is not None and avip > children:
            self.add_error(
                "planned_avip_children",
                f"Vous prévoyez {avip} enfants Avip, mais {children} enfants accueillis en tout.",
            )
        return cleaned


class HoursForm(SectionForm):
    together = ("opens", "closes")
    open_days = forms.TypedMultipleChoiceField(
        label="Jours d’ouverture",
        choices=Weekday.choices,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta(SectionForm.Meta):
        fields = ["open_days", "opens", "closes"]
        labels = {"opens": "Heure d’ouverture", "closes": "Heure de fermeture"}
        help_texts = {
            "opens": "Celle d’un jour ordinaire, par exemple 07:30.",
            "closes": "Celle d’un jour ordinaire, par exemple 18:30.",
        }
        widgets = {
            name: forms.TimeInput(attrs={"type": "time", "class": "short"}, format="%H:%M")
            for name in ("opens", "closes")
        }

    def clean(self):
        cleaned = super().clean()
        opens, closes = cleaned.get("opens"), cleaned.get("closes")
        if opens and closes and closes <= opens:
            self.add_error(
                "closes", f"L’heure de fermeture vient après l’ouverture, à {opens:%H:%M}."
            )
        return cleaned


class ReferentForm(SectionForm):
    class Meta(SectionForm.Meta):
        fields = ["family_referent_name", "family_referent_role"]
        labels = {
            "family_referent_name": "Nom du référent familles",
            "family_referent_role": "Sa fonction dans la crèche",
        }
        help_texts = {"family_referent_role": "Par exemple\xa0: éducatrice de jeunes enfants."}


class CommitmentsForm(SectionForm):
    """For each commitment of the charter: whether the crèche takes it, and how it meets it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        blocks, self.answered = [], set()
        for commitment, answer in self.instance.answer_to_all_commitments():
            agrees, how = f"agrees_{commitment.code}", f"how_{commitment.code}"
            self.fields[agrees] = yes_no_field("Vous y engagez-vous\xa0?")
            self.fields[how] = forms.CharField(
                label=commitment.question,
                widget=forms.Textarea(attrs={"rows": 3}),
            )
            if answer:
                self.answered.add(commitment.code)
                self.initial[agrees] = {True: "yes", False: "no"}.get(answer.agrees)
                self.initial[how] = answer.how
            blocks.append(Fieldset(f"{commitment.code}. {commitment.title}", agrees, how))
        self.helper.layout = Layout("seen", *blocks)

    def save(self, *, by):
        filing.save_commitments(
            self.instance, by=by, seen=self.cleaned_data["seen"], answers=self.answers()
        )

    def answers(self):
        """{code: (agrees, how)} of the commitments answered, even in part."""
        found = {}
        for commitment in COMMITMENTS:
            agrees = self.cleaned_data.get(f"agrees_{commitment.code}")
            how = self.cleaned_data.get(f"how_{commitment.code}", "")
            erased = commitment.code in self.answered and f"how_{commitment.code}" in self.data
            if agrees is not None or how or erased:
                found[commitment.code] = (agrees, how)
        return found

    def is_already_saved(self):
        given = {row.code: (row.agrees, row.how) for row in self.instance.commitments.all()}
        return all(given.get(code) == answer for code, answer in self.answers().items())


class DocumentsForm(SectionForm):
    """The documents the law asks for: PDF, checked; a new one replaces the one before."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        given = {document.kind: document for document in self.instance.documents.all()}
        blocks = []
        required = required_documents(self.instance)
        self.kinds = accepted_documents(self.instance)
        for kind in self.kinds:
            self.fields[kind.value] = forms.FileField(
                label=f"{kind.label[0].upper()}{kind.label[1:]}",
                required=kind in required and kind not in given,
                help_text=f"PDF, {SCHEDULES['upload_max_megabytes']} Mo au plus.",
                widget=forms.FileInput(attrs={"accept": "application/pdf"}),
            )
            if kind in given:
                when = given[kind].uploaded_at
                self.fields[kind.value].label += " (remplacer)"
                self.fields[kind.value].help_text += f" Déjà joint le {when:%d/%m/%Y}."
            blocks.append(kind.value)
        self.helper.layout = Layout("seen", *blocks)

    def clean(self):
        cleaned = super().clean()
        for kind in self.kinds:
            upload = cleaned.get(kind.value)
            if not upload:
                continue
            try:
                # The name is ours: the applicant's may say more than it should.
                cleaned[kind.value] = (f"{slugify(kind.label)}.pdf", check_uploaded_pdf(upload))
            except forms.ValidationError as error:
                self.add_error(kind.value, error)
        return cleaned

    def save(self, *, by):
        files = {
            kind.value: self.cleaned_data[kind.value]
            for kind in self.kinds
            if self.cleaned_data.get(kind.value)
        }
        filing.save_documents(self.instance, by=by, seen=self.cleaned_data["seen"], files=files)


SECTION_FORMS = {
    "identite": IdentityForm,
    "gestionnaire": ManagerForm,
    "capacite": CapacityForm,
    "horaires": HoursForm,
    "engagements": CommitmentsForm,
    "referent": ReferentForm,
    "documents": DocumentsForm,
}


KIND_WORDS = {
    LabelApplication.Kind.FIRST: (
        "Première demande",
        "La crèche n’a pas le label\xa0: elle remplit le dossier entier.",
    ),
    LabelApplication.Kind.RENEWAL: (
        "Renouvellement",
        "Le label continue après sa fin\xa0: vous relisez vos réponses et joignez les pièces "
        "à jour.",
    ),
    LabelApplication.Kind.AMENDMENT: (
        "Modification",
        "Le label court toujours et quelque chose change\xa0: vous ne remplissez que cela.",
    ),
}


class OpenApplicationForm(forms.Form):
    """What is asked for a crèche, among what is possible; for an amendment, what changes."""

    kind = forms.ChoiceField(label="Que demandez-vous\xa0?", widget=forms.RadioSelect)
    blocks = forms.MultipleChoiceField(
        label="Ce qui change, pour une modification",
        choices=LabelApplication.Block.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Cochez ce qui change."},
    )

    def __init__(self, *args, kinds, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [
            (kind, f"{KIND_WORDS[kind][0]}. {KIND_WORDS[kind][1]}") for kind in kinds
        ]
        if len(kinds) == 1:
            self.initial["kind"] = kinds[0]
        if LabelApplication.Kind.AMENDMENT not in kinds:
            del self.fields["blocks"]
        self.helper = FormHelper()
        self.helper.form_tag = False

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("kind") != LabelApplication.Kind.AMENDMENT:
            self._errors.pop("blocks", None)  # nothing else asks it
        return cleaned
