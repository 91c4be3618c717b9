"""Fields that several forms of the family's path share: a day, an hour, a phone, a place."""

import re

from django import forms
from django.db.models import CharField, F, Func, Value
from django.db.models.functions import Lower, Replace

from families.models.places import HalfDay
from partners.models import Commune
from partners.models.calendars import Weekday

TOO_MANY = 30


class DayInput(forms.DateInput):
    """A date picked in the browser's own calendar."""

    input_type = "date"

    def __init__(self, **attrs):
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class HourInput(forms.TimeInput):
    """An hour in the browser's own clock, five minutes apart."""

    input_type = "time"

    def __init__(self, **attrs):
        super().__init__(attrs={"step": 300, **attrs}, format="%H:%M")


class HalfDaysField(forms.MultipleChoiceField):
    """Half-days of the working week, as "0-am"; drawn by `families/_half_days.html`."""

    def __init__(self, **kwargs):
        choices = [
            (f"{day}-{half}", f"{name} {word}")
            for half, word in HalfDay.choices
            for day, name in Weekday.choices[:5]
        ]
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        super().__init__(choices=choices, **kwargs)

    @property
    def days(self):
        """For the table: the names of its columns."""
        return [name for _, name in Weekday.choices[:5]]

    @property
    def rows(self):
        """For the table: each half of the day with the values of its boxes."""
        return [(word, [f"{day}-{half}" for day in range(5)]) for half, word in HalfDay.choices]


def communes_called(text):
    """The communes that a name or a postal code may mean; arrondissements before their city."""
    text = " ".join(text.split())
    if re.fullmatch(r"\d{5}", text):
        found = list(Commune.objects.filter(postal_codes__contains=text)[:TOO_MANY])
        cities = {commune.parent_code for commune in found}
        return [commune for commune in found if commune.code not in cities]
    if not text:
        return []
    communes = Commune.objects.alias(plain=_plain("name"), asked=_plain(Value(text))).order_by(
        "-population"
    )
    found = list(communes.filter(plain=F("asked"))[:TOO_MANY])
    found = found or list(communes.filter(plain__startswith=F("asked"))[:TOO_MANY])
    parts = Commune.objects.filter(parent_code__in=[c.code for c in found]).order_by("code")
    return [*parts, *found] if len(found) == 1 else found


def _plain(expression):
    """Lower case, no accent, no hyphen: « Saint-Étienne » and « saint etienne » are one name."""
    bare = Func(expression, function="unaccent", output_field=CharField())
    return Replace(Replace(Lower(bare), Value("-"), Value(" ")), Value("'"), Value(" "))


class PlaceForm(forms.Form):
    """A commune by its name or postal code; when several answer to it, one chooses among them."""

    place = forms.CharField(
        label="Commune ou code postal",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    commune = forms.ChoiceField(label="Laquelle\xa0?", required=False, widget=forms.RadioSelect)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.communes = {}
        text = self.data.get(self.add_prefix("place"), "") if self.is_bound else ""
        if text:
            self.communes = {commune.code: commune for commune in self._meant_by(text)}
        field = self.fields["commune"]
        field.choices = [
            (code, f"{commune} ({commune.department_code})")
            for code, commune in self.communes.items()
        ]
        field.required = len(self.communes) > 1
        if not field.required:
            field.widget = forms.HiddenInput()
        if len(self.communes) == 1:
            self.data = self.data.copy()
            self.data[self.add_prefix("commune")] = next(iter(self.communes))

    def _meant_by(self, text):
        """The commune already chosen if the text still means it: no need to look for it again."""
        code = self.data.get(self.add_prefix("commune"))
        chosen = Commune.objects.filter(pk=code).first() if code else None
        if chosen and (
            chosen.name.lower().startswith(text.lower()) or text in chosen.postal_codes.split("|")
        ):
            return [chosen]
        return communes_called(text)

    def clean(self):
        cleaned = super().clean()
        text = cleaned.get("place")
        if text and not self.communes:
            self.errors.pop("commune", None)
            self.add_error(
                "place",
                "Aucune commune ne porte ce nom ou ce code postal\xa0: vérifiez l’orthographe.",
            )
        elif text and cleaned.get("commune") in self.communes:
            cleaned["commune"] = self.communes[cleaned["commune"]]
        elif text:
            self.errors.pop("commune", None)
            self.add_error(
                "commune", "Plusieurs communes répondent à ce nom\xa0: choisissez la bonne."
            )
        return cleaned
