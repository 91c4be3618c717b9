"""Signing: the tick that commits, the code, what a professional attests, the scan of a paper."""

from datetime import UTC, datetime

from django import forms
from django.core import signing as signed
from django.core.exceptions import ValidationError
from django.core.signing import b62_decode
from django.utils import timezone

from avip.jobs import SCHEDULES
from avip.models import Document
from avip.pdf import check_uploaded_pdf
from families.models import Channel
from families.signing import CONSENT
from partners.phone_forms import CodeField

SHOWN = "families.shown"


class ConsentForm(forms.Form):
    """The text that was shown, by its hash, and the tick."""

    text_sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)
    # When this page was shown, under our own signature: for the evidence.
    shown = forms.CharField(widget=forms.HiddenInput, max_length=120, required=False)
    consent = forms.BooleanField(
        label=CONSENT,
        error_messages={
            "required": "Cochez cette case pour signer. Sinon, fermez simplement la page."
        },
    )

    def __init__(self, *args, version, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["text_sha256"] = version.text_sha256
        self.initial["shown"] = signed.TimestampSigner(salt=SHOWN).sign(str(version.pk))
        self.version_shown = str(version.pk)

    def text_shown_at(self) -> str:
        """The moment the text was displayed, in ISO; empty when the page does not say it truly."""
        signer = signed.TimestampSigner(salt=SHOWN)
        value = self.cleaned_data.get("shown") or ""
        try:
            if signer.unsign(value) != self.version_shown:
                return ""
        except signed.BadSignature:
            return ""
        return datetime.fromtimestamp(b62_decode(value.split(":")[-2]), UTC).isoformat()


class OwnCodeForm(ConsentForm):
    """In an account without a password: the tick, and the code of one's own telephone."""

    code = CodeField()


class OnSiteCodeForm(ConsentForm):
    """On the professional's screen: the signatory ticks and types the code of her telephone."""

    code = CodeField()
    interpreter = forms.CharField(
        label="Interprète présent",
        max_length=160,
        required=False,
        help_text="Son nom et la langue, si quelqu’un a traduit le texte.",
    )
    field_order = ["text_sha256", "shown", "interpreter", "consent", "code"]


class AttestForm(ConsentForm):
    """Without a telephone: the professional answers for who signs."""

    identity_seen = forms.BooleanField(
        label=(
            "J’ai vu une pièce d’identité de la personne qui signe devant moi, "
            "et je n’en garde pas de copie."
        ),
        error_messages={"required": "Attestez que vous avez vu une pièce d’identité."},
    )
    interpreter = forms.CharField(
        label="Interprète présent",
        max_length=160,
        required=False,
        help_text="Son nom et la langue, si quelqu’un a traduit le texte.",
    )
    field_order = ["text_sha256", "shown", "interpreter", "consent", "identity_seen"]


class PaperForm(forms.Form):
    """The signed paper: its scan, who keeps the original, who answers for it."""

    text_sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)
    signed_on = forms.DateField(
        label="Signé le", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    scan = forms.FileField(
        label="Scan du contrat signé",
        help_text=f"Un PDF de toutes les pages, {SCHEDULES['upload_max_megabytes']}\xa0Mo au plus.",
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf"}),
    )
    original_held_by = forms.CharField(
        label="Qui garde l’original",
        max_length=160,
        help_text="Par exemple «\xa0la crèche, bureau de la direction\xa0».",
    )
    interpreter = forms.CharField(
        label="Interprète présent",
        max_length=160,
        required=False,
        help_text="Son nom et la langue, si quelqu’un a traduit le texte.",
    )
    attested = forms.BooleanField(
        label=(
            "J’atteste que ce papier porte le texte figé de ce contrat et qu’il a été signé "
            "par la personne nommée."
        ),
        error_messages={"required": "Cochez cette case\xa0: c’est vous qui répondez de ce papier."},
    )

    def __init__(self, *args, version, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.version, self.on = version, on
        self.initial["text_sha256"] = version.text_sha256
        self.fields["signed_on"].widget.attrs["max"] = on.isoformat()

    def clean_signed_on(self):
        signed_on = self.cleaned_data["signed_on"]
        if signed_on > self.on:
            raise ValidationError("Cette date n’est pas encore venue.")
        if signed_on < timezone.localtime(self.version.proposed_at).date():
            raise ValidationError("Ce texte n’existait pas encore à cette date.")
        return signed_on

    def clean_scan(self):
        self.scan_bytes = check_uploaded_pdf(self.cleaned_data["scan"])
        return self.cleaned_data["scan"]

    def keep_scan(self):
        """Store the bytes for good; call it in the transaction of the signature."""
        name = f"contrat-signe-{self.version.contract.code[:4]}-{self.version.number}.pdf"
        return Document.objects.write(filename=name.lower(), data=self.scan_bytes)


class LinkForm(forms.Form):
    """By which way the link leaves; the code takes the other one."""

    channel = forms.ChoiceField(label="Envoyer le lien par", widget=forms.RadioSelect)

    def __init__(self, *args, channels, **kwargs):
        super().__init__(*args, **kwargs)
        words = {
            Channel.EMAIL: "Courriel\xa0; le code partira par SMS",
            Channel.SMS: "SMS\xa0; le code partira par courriel",
        }
        self.fields["channel"].choices = [(channel, words[channel]) for channel in channels]
        self.initial["channel"] = channels[0] if channels else None
