"""A dossier: the pages of the crèche that files it, then those of the Caf."""

from django.urls import path

from labels.views import filing, opening, review

APPLICATION = "demandes-label/<uuid:pk>/"
urlpatterns = [
    path("demandes-label/", filing.ApplicationList.as_view(), name="application_list"),
    path(
        "demandes-label/nouvelle/", opening.ApplicationCreate.as_view(), name="application_create"
    ),
    path(APPLICATION, filing.ApplicationDetail.as_view(), name="application_detail"),
    path(f"{APPLICATION}verifier/", filing.ApplicationCheck.as_view(), name="application_check"),
    path(
        f"{APPLICATION}depose/", filing.ApplicationSubmitted.as_view(), name="application_submitted"
    ),
    path(f"{APPLICATION}retirer/", review.Withdraw.as_view(), name="application_withdraw"),
    path(f"{APPLICATION}ecarter/", review.Dismiss.as_view(), name="application_dismiss"),
    path(f"{APPLICATION}corriger/", review.AskCorrection.as_view(), name="application_correction"),
    path(f"{APPLICATION}proposer/", review.DeclareReady.as_view(), name="application_ready"),
    path(f"{APPLICATION}decision/", review.RecordDecision.as_view(), name="application_decision"),
    path(
        f"{APPLICATION}etape/<slug:step>/",
        review.ApplicationStep.as_view(),
        name="application_step",
    ),
    path(
        f"{APPLICATION}pieces/<slug:kind>/",
        filing.DownloadDocument.as_view(),
        name="supporting_document",
    ),
    path(
        "rattachements/<uuid:pk>/<slug:answer>/",
        review.AnswerRequest.as_view(),
        name="request_answer",
    ),
]

# After all the other pages of a dossier: any word is a section.
LAST = [
    path(
        f"{APPLICATION}<slug:section>/",
        filing.ApplicationSection.as_view(),
        name="application_section",
    ),
]
