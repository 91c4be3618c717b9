from families.urls import contracts, declarations, matches, referrals, verify

app_name = "families"
urlpatterns = [
    *referrals.urlpatterns,
    *matches.urlpatterns,
    *contracts.urlpatterns,
    *declarations.urlpatterns,
    *verify.urlpatterns,
]
