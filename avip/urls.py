from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path
from django.views.generic import TemplateView
from hijack.views import ReleaseUserView

# Only the pages of allauth that have our own templates are routed.
ACCOUNTS = [
    path("connexion/", account.login, name="account_login"),
    path("deconnexion/", account.logout, name="account_logout"),
    path("compte/inactif/", account.account_inactive, name="account_inactive"),
    path("compte/mot-de-passe/", account.password_change, name="account_change_password"),
    path("compte/confirmer/", account.reauthenticate, name="account_reauthenticate"),
    path("mot-de-passe-oublie/", account.password_reset, name="account_reset_password"),
    path(
        "mot-de-passe-oublie/envoye/",
        account.password_reset_done,
        name="account_reset_password_done",
    ),
    re_path(
        r"^mot-de-passe-oublie/lien/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "mot-de-passe-oublie/change/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("compte/double-authentification/", mfa.index, name="mfa_index"),
    path("connexion/code/", mfa.authenticate, name="mfa_authenticate"),
    path("compte/confirmer/code/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("compte/application/activer/", totp.activate_totp, name="mfa_activate_totp"),
    path("compte/application/retirer/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path(
        "compte/codes-de-secours/",
        recovery_codes.view_recovery_codes,
        name="mfa_view_recovery_codes",
    ),
    path(
        "compte/codes-de-secours/nouveaux/",
        recovery_codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "compte/codes-de-secours/telecharger/",
        recovery_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
]

# The library's template looks for this name; the way in is our own page, `partners:support`.
RELEASE = [path("", ReleaseUserView.as_view(), name="release")]


def static_page(template):
    """A page of text that anybody may read."""
    return login_not_required(TemplateView.as_view(template_name=template))


urlpatterns = [
    *ACCOUNTS,
    path("accessibilite/", static_page("accessibility.html"), name="accessibility"),
    path("donnees-personnelles/", static_page("privacy.html"), name="privacy"),
    path("aide/", static_page("help.html"), name="help"),
    path("support/rendre/", include((RELEASE, "hijack"))),
    path("", include("partners.urls")),
    path("", include("labels.urls")),
    path("", include("families.urls")),
    path("", include("reporting.urls")),
]
