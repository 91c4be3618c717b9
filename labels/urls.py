from django.urls import path

from labels.views import confirmation, filing, labels, public, review

app_name = "labels"

PUBLIC = [
    path("caf/", public.CafList.as_view(), name="caf_list"),
    path("caf/<uuid:pk>/", public.CafPublic.as_view(), name="caf_public"),
    path("caf/<uuid:pk>/demander/", public.RequestLabel.as_view(), name="request"),
    path("caf/<uuid:pk>/demander/envoye/", public.RequestSent.as_view(), name="request_sent"),
    path("demande-label/", public.RequestConfirm.as_view(), name="request_confirm_form"),
    path("demande-label/en-attente/", public.RequestWaiting.as_view(), name="request_waiting"),
    path("demande-label/<str:token>/", public.RequestLink.as_view(), name="request_confirm"),
    path("decision/", confirmation.DecisionConfirm.as_view(), name="decision_confirm_form"),
    path("decision/<str:token>/", confirmation.DecisionLink.as_view(), name="decision_confirm"),
]

APPLICATION = "demandes-label/<uuid:pk>/"
APPLICATIONS = [
    path("demandes-label/", filing.ApplicationList.as_view(), name="application_list"),
    path("demandes-label/nouvelle/", filing.ApplicationCreate.as_view(), name="application_create"),
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
        f"{APPLICATION}<slug:section>/",
        filing.ApplicationSection.as_view(),
        name="application_section",
    ),
    path(
        "rattachements/<uuid:pk>/<slug:answer>/",
        review.AnswerRequest.as_view(),
        name="request_answer",
    ),
]

LABELS = [
    path("labels/", labels.LabelList.as_view(), name="label_list"),
    path("labels/<uuid:pk>/", labels.LabelDetail.as_view(), name="label_detail"),
    path("labels/<uuid:pk>/attestation/", labels.Certificate.as_view(), name="certificate"),
    path("regles/", labels.Rules.as_view(), name="rules"),
]

urlpatterns = [*PUBLIC, *APPLICATIONS, *LABELS]
