"""The network’s meetings."""

from django.urls import path

from labels.views import meetings

MEETING = "reunions/<uuid:pk>/"
urlpatterns = [
    path("reunions/", meetings.MeetingList.as_view(), name="meeting_list"),
    path("reunions/nouvelle/", meetings.MeetingCreate.as_view(), name="meeting_create"),
    path(MEETING, meetings.MeetingDetail.as_view(), name="meeting_detail"),
    path(f"{MEETING}modifier/", meetings.MeetingUpdate.as_view(), name="meeting_update"),
    path(f"{MEETING}presences/", meetings.MeetingAttendance.as_view(), name="meeting_attendance"),
    path(f"{MEETING}compte-rendu/", meetings.MeetingMinutes.as_view(), name="meeting_minutes"),
    path(
        f"{MEETING}compte-rendu/joindre/",
        meetings.MeetingMinutesAttach.as_view(),
        name="meeting_minutes_attach",
    ),
    path(f"{MEETING}annuler/", meetings.MeetingCancel.as_view(), name="meeting_cancel"),
    path(f"{MEETING}reunion.ics", meetings.MeetingIcs.as_view(), name="meeting_ics"),
    path(f"{MEETING}etape/<slug:step>/", meetings.MeetingStep.as_view(), name="meeting_step"),
    path(
        f"{MEETING}reponse/<uuid:invitation>/<slug:answer>/",
        meetings.MeetingAnswer.as_view(),
        name="meeting_answer",
    ),
]
