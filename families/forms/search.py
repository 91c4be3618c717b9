"""Where, when, for whom: the search for a place."""

from django import forms

from avip.templatetags.words import count_of
from families.forms.fields import DayInput, HalfDaysField, HourInput, PlaceForm
from families.search import Need
from labels.rules import rules_for
from partners.calendars import age_in_months
from partners.models import Provider

ANY_KIND = ("any", "Tous")
RADIUS = [(2, "2 km"), (5, "5 km"), (10, "10 km"), (20, "20 km"), (50, "50 km")]
WHOLE_CAF = 0
RADIUS.append((WHOLE_CAF, "toute sa Caf"))
MORE = ["starts", "ends", "atypical", "emergency"]


class SearchForm(PlaceForm):
    """A GET form; with a family, its commune and the ages of its children are already known."""

    radius = forms.TypedChoiceField(label="Rayon", choices=RADIUS, coerce=int, initial=5)
    from_on = forms.DateField(label="À partir du", widget=DayInput())
    age = forms.IntegerField(
        label="Âge en mois",
        min_value=0,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    kind = forms.ChoiceField(label="Mode d’accueil", choices=[ANY_KIND, *Provider.Kind.choices])
    half_days = HalfDaysField(label="Demi-journées souhaitées", required=False)
    starts = forms.TimeField(label="Dès", required=False, widget=HourInput())
    ends = forms.TimeField(label="Jusqu’à", required=False, widget=HourInput())
    atypical = forms.BooleanField(label="Horaires atypiques", required=False)
    emergency = forms.BooleanField(label="Accueil d’urgence", required=False)

    def __init__(self, *args, household=None, on, **kwargs):
        self.household, self.on = household, on
        super().__init__(*args, **kwargs)
        self.fields["from_on"].initial = on
        if household:
            del self.fields["age"]

    @staticmethod
    def usual(on):
        """What is looked for when an address does not say."""
        return {"radius": "5", "from_on": on.isoformat(), "kind": ANY_KIND[0]}

    @property
    def asks_more(self):
        """One of the less usual questions has an answer, or an error to show."""
        return any(self.data.get(name) or name in self.errors for name in MORE)

    def _meant_by(self, text):
        """The family's own commune is already at hand."""
        home = self.household.commune if self.household else None
        if home and self.data.get("commune") == home.code and text == home.name:
            return [home]
        return super()._meant_by(text)

    def clean_from_on(self):
        day = self.cleaned_data["from_on"]
        if day < self.on:
            raise forms.ValidationError("Ce jour est passé\xa0: choisissez-en un autre.")
        return day

    def clean_age(self):
        age, limit = self.cleaned_data["age"], rules_for(None, self.on).child_max_age_months
        if age is not None and age >= limit:
            raise forms.ValidationError(
                f"Une place se demande avant {count_of(limit, 'mois,mois')}."
            )
        return age

    def clean(self):
        cleaned = super().clean()
        commune = cleaned.get("commune")
        if commune and "place" not in self.errors and commune.lat is None:
            self.add_error(
                "place", "La position de cette commune n’est pas connue\xa0: essayez sa voisine."
            )
        starts, ends = cleaned.get("starts"), cleaned.get("ends")
        if starts and ends and ends <= starts:
            self.add_error("ends", "L’heure de fin vient après l’heure de début.")
        return cleaned

    def need(self) -> Need:
        """What is looked for; the form is valid."""
        cleaned = self.cleaned_data
        commune, from_on = cleaned["commune"], cleaned["from_on"]
        ages = []
        if self.household:
            ages = [age_in_months(c.birth_date, from_on) for c in self.household.children.all()]
        elif cleaned["age"] is not None:
            ages = [cleaned["age"]]
        return Need(
            from_on=from_on,
            lat=commune.lat,
            lon=commune.lon,
            radius_km=cleaned["radius"] or None,
            department_code="" if cleaned["radius"] else commune.department_code,
            ages=tuple(ages),
            keys=tuple(cleaned["half_days"]),
            starts=cleaned["starts"],
            ends=cleaned["ends"],
            kind="" if cleaned["kind"] == ANY_KIND[0] else cleaned["kind"],
            atypical=cleaned["atypical"],
            emergency=cleaned["emergency"],
        )

    @property
    def where(self):
        """« à 5 km au plus de Paris 20e », « dans la Caf de Paris 20e », once valid."""
        commune, radius = self.cleaned_data["commune"], self.cleaned_data["radius"]
        return f"à {radius} km au plus de {commune}" if radius else f"dans la Caf de {commune}"
