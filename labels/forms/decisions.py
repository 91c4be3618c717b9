"""What a committee decides of a dossier, with the words that each decision carries."""

from crispy_forms.layout import Fieldset, Layout
from django import forms

from labels.forms.review import PROPOSALS, StepForm, date_input
from labels.grounds import GROUNDS, kept_words, missing_words


class DecisionWordsForm(StepForm):
    """The decision, its reasons, and the date or the grounds that go with it."""

    decision = forms.ChoiceField(
        label="Décision du comité", choices=PROPOSALS, widget=forms.RadioSelect
    )
    refusal_grounds = forms.MultipleChoiceField(
        label="Motifs de refus",
        help_text="Pour un refus\xa0: cochez-en au moins un, puis écrivez ce qui s’y rapporte.",
        choices=[(ground, ground) for ground in GROUNDS],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    reasons = forms.CharField(
        label="Motifs ou réserves",
        help_text="La crèche les reçoit. Obligatoires, sauf pour un label accordé sans réserve.",
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=4000,
        required=False,
    )
    reservations_due_on = forms.DateField(
        label="Réserves à lever avant le",
        help_text="Pour un label accordé avec réserves.",
        widget=date_input(),
        required=False,
    )
    deferred_until = forms.DateField(
        label="Ajourné jusqu’au",
        help_text="Pour un ajournement\xa0: la crèche peut déposer une nouvelle demande ensuite.",
        widget=date_input(),
        required=False,
    )

    WORDS = ("decision", "refusal_grounds", "reasons", "reservations_due_on", "deferred_until")

    def decided_on_of(self, cleaned):
        """The day of the committee, which the dates of the decision come after."""
        return cleaned.get("decided_on")

    def clean(self):
        cleaned = super().clean()
        after = self.decided_on_of(cleaned)
        words = {name: cleaned.get(name) for name in self.WORDS[1:]}
        if cleaned.get("decision") and after and not self.errors:
            words["reasons"] = words["reasons"] or ""
            missing = missing_words(cleaned["decision"], after=after, **words)
            for name, sentence in missing.items():
                self.add_error(name, sentence)
        return cleaned | kept_words(cleaned.get("decision"), words)


class DecisionForm(DecisionWordsForm):
    """The decision of a committee held elsewhere; `alone` asks who confirms it."""

    decided_on = forms.DateField(label="Date du comité", widget=date_input())
    name = forms.CharField(label="Nom du membre du comité", max_length=160)
    quality = forms.CharField(
        label="Sa qualité",
        max_length=160,
        help_text="Par exemple\xa0: représentante de France Travail au comité.",
    )
    email = forms.EmailField(label="Son adresse électronique")

    CONFIRMER = ("name", "quality", "email")

    def __init__(self, *args, alone, on, own_email="", **kwargs):
        super().__init__(*args, **kwargs)
        self.on = on
        self.own_email = own_email
        if not alone:
            for name in self.CONFIRMER:
                del self.fields[name]
        blocks = [Fieldset("La décision", "decided_on", *self.WORDS)]
        if alone:
            blocks.append(Fieldset("La seconde personne", *self.CONFIRMER))
        self.helper.layout = Layout(*blocks)

    def clean_decided_on(self):
        decided_on = self.cleaned_data["decided_on"]
        if decided_on > self.on:
            raise forms.ValidationError("La date du comité ne peut pas être dans le futur.")
        return decided_on

    def clean_email(self):
        email = self.cleaned_data["email"]
        if email.lower() == self.own_email.lower():
            raise forms.ValidationError(
                "Deux personnes\xa0: indiquez une autre adresse que la vôtre."
            )
        return email

    @property
    def confirmer(self):
        """Who is asked to confirm, or None."""
        if "email" not in self.fields:
            return None
        return {name: self.cleaned_data[name] for name in self.CONFIRMER}


class ItemDecisionForm(DecisionWordsForm):
    """What the committee of `held_on` decides of one dossier; `seen` is what the page showed."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)

    def __init__(self, *args, held_on, **kwargs):
        super().__init__(*args, **kwargs)
        self.held_on = held_on
        self.helper.layout = Layout(*self.WORDS, "seen")

    def decided_on_of(self, cleaned):
        return self.held_on
