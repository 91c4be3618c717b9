from django.urls import path, re_path

from families.views import (
    clauses,
    contract_changes,
    contracts,
    endings,
    feed,
    interviews,
    own_signature,
    parent,
    parent_more,
    referents,
    reviews,
    signing,
    takeovers,
)

TOKEN = r"(?P<token>[A-Za-z0-9_-]{20,64})"
OF_CONTRACT = "contrats/<uuid:pk>/"
OF_SIGNATORY = "<uuid:signatory>/"

urlpatterns = [
    path("contrats/", contracts.ContractList.as_view(), name="contract_list"),
    path("contrats/reprendre/", takeovers.ContractTakeover.as_view(), name="contract_takeover"),
    path("clauses/", clauses.Clauses.as_view(), name="clauses"),
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
    path(OF_CONTRACT + "issue/", endings.OutcomeRecord.as_view(), name="outcome_record"),
    path(
        OF_CONTRACT + "issue/<str:outcome>/", endings.OutcomeQuick.as_view(), name="outcome_quick"
    ),
    path("issues/", endings.OutcomeMany.as_view(), name="outcome_many"),
    path(OF_CONTRACT + "arreter/", endings.ContractEnd.as_view(), name="contract_end"),
    path(OF_CONTRACT + "place/", endings.PlaceKeep.as_view(), name="place_keep"),
    path(OF_CONTRACT + "emploi/", endings.JobConfirm.as_view(), name="job_confirm"),
    path(OF_CONTRACT + "toujours-en-emploi/", endings.WorkCheck.as_view(), name="work_check"),
    path(
        "corrections/<uuid:pk>/traiter/", endings.CorrectionDone.as_view(), name="correction_done"
    ),
    path(OF_CONTRACT + "avis/", reviews.ReviewSay.as_view(), name="review"),
    path(
        OF_CONTRACT + "entretiens/prevoir/",
        interviews.InterviewPlan.as_view(),
        name="interview_plan",
    ),
    path(
        OF_CONTRACT + "entretiens/noter/",
        interviews.InterviewNote.as_view(),
        name="interview_record",
    ),
    path(
        OF_CONTRACT + "entretiens/<uuid:interview>/",
        interviews.InterviewNote.as_view(),
        name="interview_note",
    ),
    path(OF_CONTRACT + "point/", interviews.PointRecord.as_view(), name="point_record"),
    path("entretiens/", interviews.InterviewList.as_view(), name="interview_list"),
    path("entretiens/mois/", interviews.TickMany.as_view(), name="tick_many"),
    path("agenda/", feed.FeedSettings.as_view(), name="feed_settings"),
    re_path(rf"^agenda/{TOKEN}\.ics$", feed.Feed.as_view(), name="feed"),
    path("p/ma-page/emploi/", parent_more.ParentJob.as_view(), name="parent_job"),
    path("p/ma-page/souhait/", parent_more.ParentWish.as_view(), name="parent_wish"),
    path("p/ma-page/mes-donnees/", parent_more.ParentData.as_view(), name="parent_data"),
    path(
        "p/ma-page/mes-donnees.pdf",
        parent_more.ParentDataFile.as_view(),
        name="parent_data_pdf",
    ),
    path(
        "p/ma-page/mes-donnees.json",
        parent_more.ParentDataFile.as_view(kind="json"),
        name="parent_data_file",
    ),
    path("p/emploi/<str:token>/", parent_more.WorkAnswer.as_view(), name="work_answer"),
    path(OF_CONTRACT + "signer/", own_signature.ContractSign.as_view(), name="contract_sign"),
    path(
        OF_CONTRACT + "signer/code/", own_signature.SendOwnCode.as_view(), name="contract_sign_code"
    ),
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
