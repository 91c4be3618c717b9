from django.urls import path, re_path

from families.views import (
    clauses,
    contract_changes,
    contracts,
    follow_up,
    parent,
    referents,
    signing,
    takeovers,
)

TOKEN = r"(?P<token>[A-Za-z0-9_-]{20,64})"
OF_CONTRACT = "contrats/<uuid:pk>/"
OF_SIGNATORY = "<uuid:signatory>/"

urlpatterns = [
    path("contrats/", contracts.ContractList.as_view(), name="contract_list"),
    path("contrats/reprendre/", takeovers.ContractTakeover.as_view(), name="contract_takeover"),
    path("regles/clauses/", clauses.Clauses.as_view(), name="clauses"),
    path(
        OF_CONTRACT + "relancer/", contract_changes.ContractRemind.as_view(), name="contract_remind"
    ),
    path(
        OF_CONTRACT + "modifier/", contract_changes.ContractRevise.as_view(), name="contract_revise"
    ),
    path(
        OF_CONTRACT + "ajuster/", contract_changes.ContractAdjust.as_view(), name="contract_adjust"
    ),
    path(
        OF_CONTRACT + "ajustements/<uuid:adjustment>/annuler/",
        contract_changes.AdjustmentCancel.as_view(),
        name="adjustment_cancel",
    ),
    path(
        OF_CONTRACT + "versions/<int:number>/",
        contract_changes.VersionDiff.as_view(),
        name="version_diff",
    ),
    path(OF_CONTRACT + "referent/", referents.ReferentPropose.as_view(), name="referent_propose"),
    path("referents/<uuid:pk>/", referents.ReferentRead.as_view(), name="referent_change"),
    path(
        "referents/<uuid:pk>/etape/<str:step>/",
        referents.ReferentStep.as_view(),
        name="referent_step",
    ),
    path(OF_CONTRACT + "papier.pdf", contracts.ContractScan.as_view(), name="contract_scan"),
    path(
        OF_CONTRACT + "preuve.json",
        contracts.ContractEvidence.as_view(),
        name="contract_evidence_json",
    ),
    path("p/ma-page/", parent.ParentMine.as_view(), name="parent_page"),
    path(OF_CONTRACT, contracts.ContractDetail.as_view(), name="contract_detail"),
    path(OF_CONTRACT + "texte/", contracts.ContractText.as_view(), name="contract_text"),
    path(OF_CONTRACT + "renouveler/", contracts.ContractRenew.as_view(), name="contract_renew"),
    path(OF_CONTRACT + "etape/<str:step>/", contracts.ContractStep.as_view(), name="contract_step"),
    path(OF_CONTRACT + "contrat.pdf", contracts.ContractDocument.as_view(), name="contract_pdf"),
    path(
        OF_CONTRACT + "preuve.pdf",
        contracts.ContractDocument.as_view(document="evidence_pdf"),
        name="contract_evidence",
    ),
    path(
        "demandes/<uuid:pk>/contrat/", contracts.ContractPropose.as_view(), name="contract_propose"
    ),
    path(OF_CONTRACT + "issue/", follow_up.OutcomeRecord.as_view(), name="outcome_record"),
    path(OF_CONTRACT + "arreter/", follow_up.ContractEnd.as_view(), name="contract_end"),
    path(OF_CONTRACT + "signer/", signing.ContractSign.as_view(), name="contract_sign"),
    path(
        OF_CONTRACT + "signer-sur-place/" + OF_SIGNATORY,
        signing.SignOnSite.as_view(),
        name="sign_on_site",
    ),
    path(
        OF_CONTRACT + "signer-sur-place/" + OF_SIGNATORY + "code/",
        signing.SendOnSiteCode.as_view(),
        name="sign_on_site_code",
    ),
    path(
        OF_CONTRACT + "identite-attestee/" + OF_SIGNATORY,
        signing.SignAttested.as_view(),
        name="sign_attested",
    ),
    path(
        OF_CONTRACT + "signer-sur-papier/" + OF_SIGNATORY,
        signing.SignOnPaper.as_view(),
        name="sign_on_paper",
    ),
    path(
        OF_CONTRACT + "lien/" + OF_SIGNATORY, signing.SendLink.as_view(), name="contract_send_link"
    ),
    path("p/", parent.ParentHome.as_view(), name="parent_home"),
    path("p/document/", parent.ParentDocument.as_view(), name="parent_document"),
    path("p/document/contrat.pdf", parent.ParentPdf.as_view(), name="parent_pdf"),
    path("p/retrouver/", parent.ParentLost.as_view(), name="parent_lost"),
    re_path(rf"^p/{TOKEN}/$", parent.ParentEntry.as_view(), name="parent_entry"),
    re_path(rf"^p/{TOKEN}/nouveau-lien/$", parent.ParentNewLink.as_view(), name="parent_new_link"),
]
