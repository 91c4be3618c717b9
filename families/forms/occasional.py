"""« C’est pour demain »: where to look, then dated hours to ask for."""

from datetime import time

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Layout
from django import forms

from families.forms.fields import DayInput, HourInput
from families.forms.referrals import children_field
from families.forms.weeks import DaysForm, next_working_day
from families.models import Referral

STARTS, ENDS = time(9), time(12)


class TomorrowForm(forms.Form):
    """Which day, which hours: tomorrow morning unless said otherwise."""

    day = forms.DateField(label="Jour", widget=DayInput())
    starts = forms.TimeField(label="De", widget=HourInput())
    ends = forms.TimeField(label="À", widget=HourInput())

    def clean(self):
        cleaned = super().clean()
        starts, ends = cleaned.get("starts"), cleaned.get("ends")
        if starts and ends and ends <= starts:
            self.add_error("ends", "L’heure de fin vient après l’heure de début.")
        return cleaned


class OccasionalForm(DaysForm):
    """Dated hours, within what the rules allow without a contract."""

    is_urgent = forms.BooleanField(
        label="C’est urgent\xa0: il faut une réponse dans les heures qui viennent",
        required=False,
        initial=True,
    )
    message = forms.CharField(
        label="Message au mode d’accueil",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=Referral._meta.get_field("message").help_text,
    )

    def __init__(self, *args, household, calendar, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["children"] = children_field(household, kwargs["on"])
        self.initial.setdefault("day_0", next_working_day(calendar, kwargs["on"]))
        self.initial.setdefault("starts_0", STARTS)
        self.initial.setdefault("ends_0", ENDS)
        self.helper = FormHelper()
        self.helper.form_tag = False
        days = HTML("{% include 'families/_referral_days.html' %}")
        self.helper.layout = Layout("children", days, "is_urgent", "message")
