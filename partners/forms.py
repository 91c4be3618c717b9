from datetime import timedelta

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError

from avip.templatetags.words import fr_date, fr_time
from partners.models import Closure, Invitation, Membership, OpeningHours, User
from partners.models.calendars import Weekday
from partners.validators import phone_number

LONGEST_CLOSURE = timedelta(days=366)


class AccountForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["first_name", "last_name", "phone"]
        help_texts = {"phone": "Donné aux familles et aux partenaires de vos dossiers."}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.instance.email:
            del self.fields["phone"]  # her codes go there: her coordination corrects it

    def clean_phone(self):
        return phone_number(self.cleaned_data["phone"])


class InvitationForm(forms.ModelForm):
    """Whom to invite, where among the organisations that `user` may staff, to do what."""

    organisation = forms.ChoiceField(label="Organisation")

    class Meta:
        model = Invitation
        fields = ["organisation", "email", "first_name", "last_name", "quality", "role", "is_admin"]
        labels = {"is_admin": "Administre l’équipe"}
        help_texts = {
            "email": "Le lien pour entrer y est envoyé ; elle servira ensuite à se connecter.",
            "quality": "Imprimée sous les signatures : « directrice », « conseiller »…",
            "role": "Le responsable d’une Caf présente les dossiers et enregistre les décisions.",
            "is_admin": "Peut inviter, changer les rôles et mettre fin à des accès.",
        }
        widgets = {"role": forms.RadioSelect}

    def __init__(self, *args, organisations, **kwargs):
        super().__init__(*args, **kwargs)
        self.organisations = {str(organisation.pk): organisation for organisation in organisations}
        field = self.fields["organisation"]
        field.choices = _by_kind(organisations)
        if len(self.organisations) == 1:
            field.widget = forms.HiddenInput()
            field.initial = next(iter(self.organisations))
        if not any(o._meta.model_name == "caf" for o in organisations):
            del self.fields["role"]

    def clean_organisation(self):
        return self.organisations[self.cleaned_data["organisation"]]


def _by_kind(organisations):
    """Choices in groups named after what the organisations are."""
    groups = {}
    for organisation in organisations:
        name = str(organisation._meta.verbose_name_plural)
        groups.setdefault(name[0].upper() + name[1:], []).append(
            (str(organisation.pk), organisation)
        )
    return list(groups.items())


class PlaceForm(forms.ModelForm):
    """What a member does in the organisation."""

    class Meta:
        model = Membership
        fields = ["quality", "role", "is_admin"]
        labels = {"is_admin": "Administre l’équipe"}
        help_texts = InvitationForm.Meta.help_texts
        widgets = {"role": forms.RadioSelect}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.kind != Membership.Kind.CAF:
            del self.fields["role"]


class WelcomeForm(forms.Form):
    """The names and the password of an invited person who has no account yet."""

    email = forms.EmailField(
        label="Votre adresse",
        disabled=True,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
        help_text="Vous vous connecterez avec elle.",
    )
    first_name = forms.CharField(label="Prénom", max_length=80)
    last_name = forms.CharField(label="Nom", max_length=80)
    password = forms.CharField(
        label="Votre mot de passe",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validation.password_validators_help_text_html(),
    )

    def clean(self):
        data = super().clean()
        if data.get("password"):
            names = {name: data.get(name, "") for name in ("email", "first_name", "last_name")}
            person = User(**names)
            try:
                password_validation.validate_password(data["password"], person)
            except ValidationError as error:
                self.add_error("password", error)
        return data


class WeekForm(forms.Form):
    """The opening hours of a week: for each day, up to two intervals; an empty day is closed."""

    INTERVALS = 2

    # What the page showed, so that a colleague's change is not silently undone.
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, provider, **kwargs):
        rows = list(provider.opening_hours.all())
        initial = {"seen": fingerprint(rows)}
        by_day = {}
        for row in rows:
            by_day.setdefault(row.weekday, []).append(row)
        for day, intervals in by_day.items():
            for index, row in enumerate(intervals[: self.INTERVALS]):
                initial |= {
                    f"{day}_{index}_opens": row.opens,
                    f"{day}_{index}_closes": row.closes,
                }
        super().__init__(*args, **kwargs | {"initial": initial})
        for day, name in Weekday.choices:
            for index in range(self.INTERVALS):
                for end, words in (("opens", "ouvre à"), ("closes", "ferme à")):
                    again = "rouvre à" if index and end == "opens" else words
                    field = forms.TimeField(
                        label=f"{name.capitalize()}, {again}",
                        required=False,
                        widget=forms.TimeInput(
                            format="%H:%M", attrs={"type": "time", "class": "form-control"}
                        ),
                    )
                    field.short_label = again.capitalize()
                    self.fields[f"{day}_{index}_{end}"] = field

    @property
    def days(self):
        """For the page: the name of each day and its fields, in order."""
        return [
            (
                name,
                [
                    self[f"{day}_{i}_{end}"]
                    for i in range(self.INTERVALS)
                    for end in ("opens", "closes")
                ],
            )
            for day, name in Weekday.choices
        ]

    def clean(self):
        data = super().clean()
        self.intervals = []
        for day, name in Weekday.choices:
            previous = None
            for index in range(self.INTERVALS):
                opens_name, closes_name = f"{day}_{index}_opens", f"{day}_{index}_closes"
                if opens_name in self.errors or closes_name in self.errors:
                    continue
                opens, closes = data.get(opens_name), data.get(closes_name)
                if opens is None and closes is None:
                    continue
                if opens is None:
                    self.add_error(opens_name, "Indiquez aussi l’heure d’ouverture.")
                elif closes is None:
                    self.add_error(closes_name, "Indiquez aussi l’heure de fermeture.")
                elif closes <= opens:
                    self.add_error(
                        closes_name, f"L’heure de fermeture vient après {fr_time(opens)}."
                    )
                elif previous and opens < previous:
                    self.add_error(
                        opens_name, f"Le {name} est déjà ouvert jusqu’à {fr_time(previous)}."
                    )
                else:
                    previous = closes
                    self.intervals.append((day, opens, closes))
        return data

    def save(self, provider):
        """Replace the week of this provider, whose row the caller has locked."""
        provider.opening_hours.all().delete()
        OpeningHours.objects.bulk_create(
            OpeningHours(provider=provider, weekday=day, opens=opens, closes=closes)
            for day, opens, closes in self.intervals
        )


def fingerprint(rows) -> str:
    """These opening hours in one short line."""
    return " ".join(f"{row.weekday}{row.opens:%H%M}{row.closes:%H%M}" for row in rows)


class ClosureForm(forms.ModelForm):
    class Meta:
        model = Closure
        fields = ["kind", "first_day", "last_day"]
        widgets = {
            "kind": forms.RadioSelect,
            "first_day": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            "last_day": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        }
        help_texts = {"last_day": "Compris dans la fermeture."}

    def __init__(self, *args, provider, **kwargs):
        super().__init__(*args, **kwargs)
        self.instance.provider = provider

    def clean(self):
        data = super().clean()
        first, last = data.get("first_day"), data.get("last_day")
        if not first or not last:
            return data
        if last < first:
            self.add_error("last_day", "Le dernier jour ne peut pas précéder le premier.")
        elif last - first > LONGEST_CLOSURE:
            self.add_error("last_day", "Une fermeture dure un an au plus : vérifiez les dates.")
        else:
            other = self.instance.provider.closures.filter(
                first_day__lte=last, last_day__gte=first
            ).first()
            if other:
                self.add_error(
                    "first_day",
                    "Ces jours touchent une fermeture déjà enregistrée, "
                    f"du {fr_date(other.first_day)} au {fr_date(other.last_day)}.",
                )
        return data
