"""A section saved as it is typed: what holds is kept, and the page is told so in words."""

from django.http import JsonResponse
from django.utils import timezone

from avip.templatetags.words import fr_time
from avip.workflow import StepRefused
from labels.models import LabelApplication


def autosave(form, *, by):
    """Write the answers that hold, one by one: {"said": sentence, "seen": the new revision}.

    409 when somebody else has changed the dossier, or when it is no longer written: nothing is
    overwritten, the sentence says who and when.
    """
    form.is_valid()
    if "seen" not in form.cleaned_data:
        return JsonResponse({"said": "Rechargez la page pour enregistrer."}, status=400)
    application = form.instance
    try:
        form.save(by=by)
    except StepRefused as refusal:
        # The page sends again what was saved while its answer was lost on the way.
        editable = application.status in LabelApplication.EDITABLE
        if not editable or not form.is_already_saved():
            return JsonResponse({"said": " ".join(refusal.reasons)}, status=409)
    said = f"Enregistré à {fr_time(timezone.localtime(application.edited_at).time())}"
    if wrong := list(_wrong(form)):
        said += ", sauf ce qui suit. " + " ".join(wrong)
    return JsonResponse({"said": said, "seen": application.revision})


def _wrong(form):
    for name, errors in form.errors.items():
        label = f"{form.fields[name].label}\xa0: " if name in form.fields else ""
        yield from (f"{label}{error}" for error in errors)
