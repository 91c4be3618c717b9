"""The forms of a committee: its date, its members, its agenda, who came, what they think."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Layout, Row
from django import forms
from django.utils.text import capfirst

from labels.forms.review import StepForm, date_input
from labels.models import CommitteeMember, LabelCommittee, Opinion

OPINIONS = [(value, capfirst(label)) for value, label in Opinion.Value.choices]


class CommitteeForm(forms.ModelForm):
    """When and where; `revision` is the state that the page showed."""

    revision = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = LabelCommittee
        fields = ["kind", "held_on", "starts_at", "place", "quorum"]
        widgets = {
            "kind": forms.RadioSelect,
            "held_on": date_input(),
            "starts_at": forms.TimeInput(attrs={"type": "time", "class": "w-auto"}, format="%H:%M"),
        }
        help_texts = {
            "held_on": "Le jour de la séance, ou le dernier jour pour donner son avis par écrit.",
            "quorum": "Nombre de membres présents, ou qui ont répondu, pour décider.",
        }

    def __init__(self, *args, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.on = on
        self.fields["kind"].choices = [
            (value, capfirst(label)) for value, label in LabelCommittee.Kind.choices
        ]
        self.helper = FormHelper()
        self.helper.form_tag = False

    def clean_held_on(self):
        held_on = self.cleaned_data["held_on"]
        if held_on < self.on:
            raise forms.ValidationError("Choisissez aujourd’hui ou un jour à venir.")
        return held_on

    @property
    def answers(self):
        """The fields of the committee, without the revision of the page."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class MemberForm(forms.ModelForm):
    class Meta:
        model = CommitteeMember
        fields = ["name", "organisation", "email"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            Row(Column("name", css_class="col-md-6"), Column("organisation", css_class="col-md-6")),
            "email",
        )


class AgendaForm(forms.Form):
    """The ready dossiers to put on the agenda: those ticked, or all of them."""

    applications = forms.ModelMultipleChoiceField(queryset=None, required=False)
    everything = forms.BooleanField(required=False)

    def __init__(self, *args, ready, **kwargs):
        super().__init__(*args, **kwargs)
        self.ready = ready
        self.fields["applications"].queryset = ready

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("everything"):
            return cleaned | {"applications": self.ready}
        if not self.errors and not cleaned.get("applications"):
            raise forms.ValidationError("Cochez au moins un dossier, ou inscrivez-les tous.")
        return cleaned


class PresenceForm(StepForm):
    present = forms.ModelMultipleChoiceField(
        label="Membres présents",
        queryset=None,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, *args, committee, **kwargs):
        super().__init__(*args, **kwargs)
        members = committee.members.all()
        self.fields["present"].queryset = members
        self.fields["present"].initial = [m.pk for m in members if m.is_present]


class PositionForm(forms.Form):
    position = forms.IntegerField(min_value=1, max_value=9999)


class OpinionForm(StepForm):
    """What one member thinks of one dossier."""

    value = forms.ChoiceField(label="Votre avis", choices=OPINIONS, widget=forms.RadioSelect)
    comment = forms.CharField(
        label="Commentaire",
        help_text="Le comité le lit\xa0; la crèche ne le reçoit pas.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        required=False,
    )


class HeardOpinionsForm(StepForm):
    """The opinions heard in session, one line per member; empty: not given."""

    def __init__(self, *args, members, given, **kwargs):
        super().__init__(*args, **kwargs)
        self.members = members
        for member in members:
            opinion = given.get(member.pk)
            self.fields[f"value_{member.pk}"] = forms.ChoiceField(
                label=str(member),
                choices=[("", "Pas d’avis"), *OPINIONS],
                initial=opinion.value if opinion else "",
                required=False,
            )
            self.fields[f"comment_{member.pk}"] = forms.CharField(
                label=f"Ce qu’a dit {member.name}",
                initial=opinion.comment if opinion else "",
                max_length=2000,
                required=False,
            )
        self.helper.layout = Layout(
            *[
                Row(
                    Column(f"value_{member.pk}", css_class="col-md-6"),
                    Column(f"comment_{member.pk}", css_class="col-md-6"),
                    css_class="align-items-end",
                )
                for member in members
            ]
        )

    @property
    def opinions(self):
        """{member id: (value, comment)}."""
        return {
            member.pk: (
                self.cleaned_data[f"value_{member.pk}"],
                self.cleaned_data[f"comment_{member.pk}"],
            )
            for member in self.members
        }


class ClosingForm(StepForm):
    """Closing; `confirmers` are the members who may confirm, None when nobody has to."""

    def __init__(self, *args, confirmers, **kwargs):
        super().__init__(*args, **kwargs)
        self.confirmers = confirmers
        if confirmers is not None:
            self.fields["confirmer"] = forms.ChoiceField(
                label="Qui confirme les décisions\xa0?",
                help_text="Ce membre reçoit un lien. Les crèches ne reçoivent rien avant.",
                choices=[(str(member.pk), str(member)) for member in confirmers],
                widget=forms.RadioSelect,
            )

    @property
    def nobody_confirms(self):
        """Somebody has to confirm, and no member may."""
        return self.confirmers is not None and not self.confirmers

    @property
    def confirmer(self):
        """The member chosen, or None."""
        chosen = self.cleaned_data.get("confirmer")
        return next((one for one in self.confirmers or [] if str(one.pk) == chosen), None)
