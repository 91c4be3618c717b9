from django.urls import path

from families.views.verify import VerifyView

urlpatterns = [
    path("verifier/", VerifyView.as_view(), name="verify"),
    path("verifier/<str:code>/", VerifyView.as_view(), name="verify"),
]
