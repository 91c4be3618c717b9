from django.urls import path

from families.views import (
    answer_links,
    commissions,
    desk,
    households,
    network,
    network_import,
    network_members,
    occasional,
    offers,
    referrals,
    search,
    sheets,
    takeups,
)
from families.views import referral_answers as answers

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
    path(
        "familles/<uuid:pk>/demain/",
        occasional.OccasionalSearch.as_view(),
        name="occasional_search",
    ),
    path(
        "familles/<uuid:pk>/demain/<uuid:provider>/",
        occasional.OccasionalCreate.as_view(),
        name="occasional_create",
    ),
    path("chercher/", search.Search.as_view(), name="search"),
    path("demandes/", referrals.ReferralList.as_view(), name="referral_list"),
    path("demandes/<uuid:pk>/", referrals.ReferralDetail.as_view(), name="referral_detail"),
    path(
        "demandes/<uuid:pk>/etape/<str:step>/",
        referrals.ReferralStep.as_view(),
        name="referral_step",
    ),
    path("demandes/<uuid:pk>/valider/", answers.Validate.as_view(), name="referral_validate"),
    path("demandes/<uuid:pk>/accepter/", answers.Accept.as_view(), name="referral_accept"),
    path("demandes/<uuid:pk>/refuser/", answers.Refuse.as_view(), name="referral_refuse"),
    path("demandes/<uuid:pk>/famille/", answers.Confirm.as_view(), name="referral_confirm"),
    path(
        "demandes/<uuid:pk>/autres-horaires/",
        answers.ProposeHours.as_view(),
        name="referral_propose_hours",
    ),
    path(
        "demandes/<uuid:pk>/horaires-proposes/",
        answers.OtherHours.as_view(),
        name="referral_other_hours",
    ),
    path("demandes/<uuid:pk>/commission/", answers.Shortlist.as_view(), name="referral_shortlist"),
    path("demandes/<uuid:pk>/transmettre/", answers.Transfer.as_view(), name="referral_transfer"),
    path("demandes/<uuid:pk>/jamais-venu/", answers.NoShow.as_view(), name="referral_no_show"),
    path("demandes/<uuid:pk>/heures/", answers.StayHours.as_view(), name="referral_hours"),
    path("accueil/<uuid:pk>/attente/", answers.WaitingList.as_view(), name="waiting_list"),
    path("repondre/", answer_links.Answer.as_view(), name="answer"),
    path("repondre/par/<str:step>/", answer_links.AnswerStep.as_view(), name="answer_step"),
    path("repondre/<str:token>/", answer_links.AnswerEntry.as_view(), name="answer_link"),
    path("suivis/", takeups.TakeUpList.as_view(), name="takeup_list"),
    path("suivis/nouveau/", takeups.TakeUpCreate.as_view(), name="takeup_create"),
    path("suivis/<uuid:pk>/", takeups.TakeUpDetail.as_view(), name="takeup_detail"),
    path("suivis/<uuid:pk>/prendre/", takeups.TakeUpAccept.as_view(), name="takeup_accept"),
    path("suivis/<uuid:pk>/refuser/", takeups.TakeUpDecline.as_view(), name="takeup_decline"),
    path("suivis/<uuid:pk>/etape/<str:step>/", takeups.TakeUpStep.as_view(), name="takeup_step"),
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
    path("reseau/", desk.NetworkList.as_view(), name="network_list"),
    path("reseau/export.<slug:format>", desk.NetworkExport.as_view(), name="network_export"),
    path("reseau/feuilles/", sheets.NetworkSheets.as_view(), name="network_sheets"),
    path("reseau/feuilles/souhait/", sheets.WishSheet.as_view(), name="wish_sheet"),
    path("accueil/<uuid:pk>/feuille/", sheets.PlaceSheet.as_view(), name="place_sheet"),
    path(
        "reseau/nouvelle/", network_members.ChildminderCreate.as_view(), name="childminder_create"
    ),
    path("reseau/import/", network_import.ImportFile.as_view(), name="network_import"),
    path("reseau/import/modele/", network_import.ImportModel.as_view(), name="network_model"),
    path(
        "reseau/import/<uuid:pk>/", network_import.ImportPreview.as_view(), name="network_preview"
    ),
    path(
        "reseau/import/<uuid:pk>/demander/", network_import.AskAll.as_view(), name="network_ask_all"
    ),
    path("reseau/<uuid:pk>/depart/", network_members.NetworkLeave.as_view(), name="network_leave"),
    path(
        "accueil/<uuid:pk>/fiche/",
        network_members.ChildminderUpdate.as_view(),
        name="childminder_update",
    ),
    path(
        "accueil/<uuid:pk>/commune/",
        network_members.ChildminderMove.as_view(),
        name="childminder_move",
    ),
    path("accueil/<uuid:pk>/demander/", network_members.NetworkAsk.as_view(), name="network_ask"),
    path("accueil/<uuid:pk>/souhait/", network_members.NetworkWish.as_view(), name="network_wish"),
    path(
        "accueil/<uuid:pk>/espace/<str:act>/",
        network_members.PhoneAccess.as_view(),
        name="phone_access",
    ),
    path("reseau/<uuid:pk>/etape/<str:step>/", network.NetworkStep.as_view(), name="network_step"),
]
