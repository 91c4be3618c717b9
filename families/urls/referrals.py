from django.urls import path

from families.views import commissions, households, network, offers, referrals, search

urlpatterns = [
    path("familles/", households.HouseholdList.as_view(), name="household_list"),
    path("familles/nouvelle/", households.HouseholdCreate.as_view(), name="household_create"),
    path("familles/<uuid:pk>/", households.HouseholdDetail.as_view(), name="household_detail"),
    path(
        "familles/<uuid:pk>/modifier/",
        households.HouseholdUpdate.as_view(),
        name="household_update",
    ),
    path(
        "familles/<uuid:pk>/demande/<uuid:provider>/",
        referrals.ReferralCreate.as_view(),
        name="referral_create",
    ),
    path("chercher/", search.Search.as_view(), name="search"),
    path("demandes/", referrals.ReferralList.as_view(), name="referral_list"),
    path("demandes/<uuid:pk>/", referrals.ReferralDetail.as_view(), name="referral_detail"),
    path(
        "demandes/<uuid:pk>/etape/<str:step>/",
        referrals.ReferralStep.as_view(),
        name="referral_step",
    ),
    path("demandes/<uuid:pk>/valider/", referrals.Validate.as_view(), name="referral_validate"),
    path("demandes/<uuid:pk>/accepter/", referrals.Accept.as_view(), name="referral_accept"),
    path("demandes/<uuid:pk>/refuser/", referrals.Refuse.as_view(), name="referral_refuse"),
    path("demandes/<uuid:pk>/famille/", referrals.Confirm.as_view(), name="referral_confirm"),
    path("accueil/<uuid:pk>/", network.ProviderDetail.as_view(), name="provider_detail"),
    path("accueil/<uuid:pk>/places/", offers.OfferCreate.as_view(), name="offer_create"),
    path("places/<uuid:pk>/", offers.OfferUpdate.as_view(), name="offer_update"),
    path(
        "places/<uuid:pk>/encore-libre/",
        offers.OfferStillFree.as_view(),
        name="offer_still_free",
    ),
    path("accueil/<uuid:pk>/commissions/", commissions.Commissions.as_view(), name="commissions"),
    path(
        "accueil/<uuid:pk>/commissions/<int:commission>/retirer/",
        commissions.CommissionRemove.as_view(),
        name="commission_remove",
    ),
    path("reseau/", network.NetworkList.as_view(), name="network_list"),
    path("reseau/nouvelle/", network.ChildminderCreate.as_view(), name="childminder_create"),
    path("reseau/<uuid:pk>/etape/<str:step>/", network.NetworkStep.as_view(), name="network_step"),
]
