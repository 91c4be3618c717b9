"""What anybody reads, and the links of mails."""

from django.urls import path

from labels.views import confirmation, network, public

urlpatterns = [
    path("caf/", public.CafList.as_view(), name="caf_list"),
    path("caf/<uuid:pk>/", public.CafPublic.as_view(), name="caf_public"),
    path("caf/<uuid:pk>/demander/", public.RequestLabel.as_view(), name="request"),
    path("caf/<uuid:pk>/demander/envoye/", public.RequestSent.as_view(), name="request_sent"),
    path("demande-label/", public.RequestConfirm.as_view(), name="request_confirm_form"),
    path("demande-label/en-attente/", public.RequestWaiting.as_view(), name="request_waiting"),
    path("demande-label/<str:token>/", public.RequestLink.as_view(), name="request_confirm"),
    path("decision/", confirmation.DecisionConfirm.as_view(), name="decision_confirm_form"),
    path("decision/<str:token>/", confirmation.DecisionLink.as_view(), name="decision_confirm"),
    path("assistantes-maternelles/", network.BeforeYes.as_view(), name="before_yes"),
    path("rejoindre/", network.NetworkAnswer.as_view(), name="network_answer"),
    path("rejoindre/<str:token>/", network.QuestionLink.as_view(), name="network_question"),
]
