"""One need of a family, typed once, for the few providers it has chosen."""

from crispy_forms.layout import HTML, Layout
from django import forms

from avip.jobs import SCHEDULES
from avip.templatetags.words import count_of
from families.forms.referrals import ReferralForm
from partners.calendars import Calendar
from partners.models import Provider


class ProvidersField(forms.ModelMultipleChoiceField):
    """Those ticked in the search; one may be taken back here."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, provider):
        return f"{provider.public_name}, {provider.commune}"


class SendManyForm(ReferralForm):
    providers = ProvidersField(
        queryset=Provider.objects.none(),
        label="À qui",
        help_text="Choisies avec la famille\xa0; elle est prévenue de chaque réponse.",
        error_messages={"required": "Gardez au moins une place cochée."},
    )

    def __init__(self, *args, providers, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["providers"].queryset = providers
        self.fields["providers"].initial = providers
        week = "{% include 'families/_referral_week.html' %}"
        self.helper.layout = Layout("providers", "children", "from_on", HTML(week), "message")

    def clean_providers(self):
        providers, most = self.cleaned_data["providers"], SCHEDULES["referral_providers_at_once"]
        if len(providers) > most:
            raise forms.ValidationError(
                f"Une demande part vers {count_of(most, 'place')} au plus à la fois\xa0: "
                "décochez les autres."
            )
        return providers


def common_hours(calendars) -> Calendar:
    """The hours at which all of them are open; those whose hours are unknown do not count."""
    known = [calendar.hours for calendar in calendars if calendar.hours]
    hours = {}
    for day in range(7):
        if not known or not all(week.get(day) for week in known):
            continue
        opens = max(week[day][0][0] for week in known)
        closes = min(week[day][-1][1] for week in known)
        if opens < closes:
            hours[day] = [(opens, closes)]
    return Calendar(hours=hours)
