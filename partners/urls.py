from django.urls import path

from partners import views

app_name = "partners"
urlpatterns = [
    path("compte/", views.Account.as_view(), name="account"),
    path("support/", views.Support.as_view(), name="support"),
    path("equipe/", views.Team.as_view(), name="team"),
    path("equipe/inviter/", views.Invite.as_view(), name="invite"),
    path("equipe/<uuid:pk>/", views.Place.as_view(), name="membership"),
    path("equipe/<uuid:pk>/fin/", views.EndAccess.as_view(), name="membership_end"),
    path(
        "equipe/invitations/<uuid:pk>/renvoyer/",
        views.ResendInvitation.as_view(),
        name="invitation_resend",
    ),
    path(
        "equipe/invitations/<uuid:pk>/retirer/",
        views.WithdrawInvitation.as_view(),
        name="invitation_withdraw",
    ),
    path("organisations/", views.Organisations.as_view(), name="organisations"),
    path("organisations/gestionnaire/", views.AttachToOperator.as_view(), name="operator_attach"),
    path("organisations/service/", views.OpenService.as_view(), name="service_open"),
    path("services/<uuid:pk>/guichet/", views.Counter.as_view(), name="service_counter"),
    path("invitation/", views.AcceptInvitation.as_view(), name="invitation_accept"),
    path("invitation/nouveau-lien/", views.RenewInvitation.as_view(), name="invitation_renew"),
    path("invitation/<str:token>/", views.OpenInvitation.as_view(), name="invitation"),
    path("t/", views.PhoneIn.as_view(), name="phone_code"),
    path("t/renvoyer/", views.PhoneLost.as_view(), name="phone_lost"),
    path("t/<str:token>/", views.PhoneEntry.as_view(), name="phone_link"),
    path("accueil/<uuid:pk>/etablissement/", views.Deciders.as_view(), name="facility"),
    path("accueil/<uuid:pk>/horaires/", views.Week.as_view(), name="calendar"),
    path("accueil/<uuid:pk>/fermetures/", views.AddClosure.as_view(), name="closure_add"),
    path(
        "accueil/<uuid:pk>/fermetures/<int:closure>/retirer/",
        views.RemoveClosure.as_view(),
        name="closure_remove",
    ),
]
