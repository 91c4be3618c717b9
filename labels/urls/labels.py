"""The labels and their life."""

from django.urls import path

from labels.views import labels, life

LABEL = "labels/<uuid:pk>/"
urlpatterns = [
    path("labels/", labels.LabelList.as_view(), name="label_list"),
    path("labels/export.<slug:format>", labels.LabelExport.as_view(), name="label_export"),
    path(LABEL, labels.LabelDetail.as_view(), name="label_detail"),
    path(f"{LABEL}attestation/", labels.Certificate.as_view(), name="certificate"),
    path(f"{LABEL}suspendre/", life.Suspend.as_view(), name="label_suspend"),
    path(f"{LABEL}lever/", life.Lift.as_view(), name="label_lift"),
    path(f"{LABEL}mettre-en-demeure/", life.GiveNotice.as_view(), name="label_notice"),
    path(f"{LABEL}repondre/", life.ReplyToNotice.as_view(), name="label_reply"),
    path(f"{LABEL}clore/", life.CloseNotice.as_view(), name="label_notice_close"),
    path(f"{LABEL}retirer/", life.Withdraw.as_view(), name="label_withdraw"),
    path(f"{LABEL}rendre/", life.Relinquish.as_view(), name="label_relinquish"),
    path(f"{LABEL}reserves/", life.LiftReservations.as_view(), name="label_reservations"),
    path(f"{LABEL}etape/<slug:step>/", life.LabelStep.as_view(), name="label_step"),
    path("courriers/<uuid:pk>/", life.DownloadLetter.as_view(), name="letter"),
]
