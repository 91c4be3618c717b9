from django.urls import path

from families.views import matches, sending

urlpatterns = [
    path(
        "familles/<uuid:pk>/demandes/",
        sending.ReferralSendMany.as_view(),
        name="referral_send_many",
    ),
    path("ressemblances/", matches.MatchList.as_view(), name="match_list"),
    path("ressemblances/<uuid:pk>/", matches.MatchDetail.as_view(), name="match_detail"),
    path("ressemblances/<uuid:pk>/reponse/", matches.MatchSettle.as_view(), name="match_settle"),
    path("ressemblances/<uuid:pk>/reunir/", matches.MatchMerge.as_view(), name="match_merge"),
]
