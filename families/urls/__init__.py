from families.urls import contracts, declarations, referrals, verify

app_name = "families"
urlpatterns = [
    *referrals.urlpatterns,
    *contracts.urlpatterns,
    *declarations.urlpatterns,
    *verify.urlpatterns,
]
