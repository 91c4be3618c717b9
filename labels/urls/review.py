"""The talk about a dossier: remarks, messages, contacts, its summary."""

from django.urls import path

from labels.views import queue, review, talk

APPLICATION = "demandes-label/<uuid:pk>/"
urlpatterns = [
    path(
        "demandes-label/export.<slug:format>",
        queue.QueueExport.as_view(),
        name="application_export",
    ),
    path(f"{APPLICATION}confier/", review.Reassign.as_view(), name="application_reassign"),
    path(f"{APPLICATION}resume/", talk.ApplicationSummary.as_view(), name="application_summary"),
    path(f"{APPLICATION}messages/", talk.AddMessage.as_view(), name="message_add"),
    path("messages/<uuid:pk>/piece/", talk.MessageDocument.as_view(), name="message_document"),
    path(
        f"{APPLICATION}remarques/<slug:section>/<slug:field>/",
        talk.AddComment.as_view(),
        name="comment_add",
    ),
    path("remarques/<uuid:pk>/corrigee/", talk.ResolveComment.as_view(), name="comment_resolve"),
    path("remarques/<uuid:pk>/<slug:step>/", talk.CommentStep.as_view(), name="comment_step"),
    path("accueils/<uuid:pk>/contacts/", talk.ContactList.as_view(), name="contact_list"),
]
