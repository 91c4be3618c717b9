"""The committees of a Caf, and the pages that a member's link opens."""

from django.urls import path

from labels.views import agenda, committees, opinions

COMMITTEE = "comites/<uuid:pk>/"
ITEM = f"{COMMITTEE}dossiers/<int:item>/"
urlpatterns = [
    path("comites/", committees.CommitteeList.as_view(), name="committee_list"),
    path("comites/nouveau/", committees.CommitteeCreate.as_view(), name="committee_create"),
    path(COMMITTEE, committees.CommitteeDetail.as_view(), name="committee_detail"),
    path(f"{COMMITTEE}modifier/", committees.CommitteeUpdate.as_view(), name="committee_update"),
    path(f"{COMMITTEE}membres/", committees.CommitteeMembers.as_view(), name="committee_members"),
    path(
        f"{COMMITTEE}membres/<uuid:member>/<slug:act>/",
        committees.CommitteeMember.as_view(),
        name="committee_member",
    ),
    path(
        f"{COMMITTEE}ordre-du-jour/", committees.CommitteeAgenda.as_view(), name="committee_agenda"
    ),
    path(
        f"{COMMITTEE}presents/", committees.CommitteePresence.as_view(), name="committee_presence"
    ),
    path(f"{COMMITTEE}annuler/", committees.CommitteeCancel.as_view(), name="committee_cancel"),
    path(f"{COMMITTEE}clore/", committees.CommitteeClose.as_view(), name="committee_close"),
    path(
        f"{COMMITTEE}etape/<slug:step>/", committees.CommitteeStep.as_view(), name="committee_step"
    ),
    path(
        f"{COMMITTEE}dossier-de-seance/",
        committees.CommitteeDocument.as_view(document="pack"),
        name="committee_pack",
    ),
    path(
        f"{COMMITTEE}proces-verbal/",
        committees.CommitteeDocument.as_view(document="minutes"),
        name="committee_minutes",
    ),
    path(ITEM, agenda.AgendaItemPage.as_view(), name="agenda_item"),
    path(f"{ITEM}avis/", agenda.HeardOpinions.as_view(), name="agenda_opinions"),
    path(f"{ITEM}<slug:act>/", agenda.MoveItem.as_view(), name="agenda_move"),
    # What a member's link opens.
    path("avis/", opinions.Opinions.as_view(), name="opinion_form"),
    path("avis/dossiers/<int:item>/", opinions.GiveOpinion.as_view(), name="opinion_item"),
    path(
        "avis/dossier-de-seance/",
        opinions.MemberDocument.as_view(document="pack"),
        name="opinion_pack",
    ),
    path(
        "avis/proces-verbal/",
        opinions.MemberDocument.as_view(document="minutes"),
        name="opinion_minutes",
    ),
    path("avis/<str:token>/", opinions.OpinionLink.as_view(), name="opinion_link"),
]
