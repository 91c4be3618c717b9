"""Who sees what, one line per URL; the others get a 404, the sign-in page when anonymous.

`states` are those the page can show (empty, one, many, error): the accessibility tests visit them.
"""

from tests.access_network import NETWORK
from tests.access_words import (
    ADMINS,
    ADVISERS,
    ANYBODY,
    APPLICANTS,
    CAF,
    CAF_ADMINS,
    CARE,
    CONTRACT_PARTIES,
    HERS,
    LABEL_READERS,
    MEMBERS,
    RUNS,
    RUNS_NETWORK,
    TAKE_OVER,
    TAKEUP_ASKERS,
    agenda_item,
    but,
    of,
    of_caf,
    page,
    signatory,
)

ACCESS = NETWORK | {
    # Shared pages.
    "accessibility": page(ANYBODY, public=True),
    "privacy": page(ANYBODY, public=True),
    "help": page(ANYBODY, public=True),
    "reporting:todo": page(MEMBERS, states="empty many"),
    "reporting:caf_dashboard": page(f"{CAF} other_caf national", states="empty many"),
    "reporting:simulation": page(
        f"{CAF} other_caf",
        lambda world: ["quota_rate"],
        but(f"{CAF} other_caf"),
        states="one error",
    ),
    "reporting:network_figures": page(RUNS_NETWORK),
    "reporting:network_figures_export": page(RUNS_NETWORK, lambda world: ["csv"]),
    "reporting:network_elected": page(RUNS_NETWORK),
    "reporting:network_elected_pdf": page(RUNS_NETWORK),
    "reporting:network_demand": page(RUNS_NETWORK),
    "reporting:network_demand_export": page(RUNS_NETWORK, lambda world: ["csv"]),
    "reporting:directory": page(ANYBODY, public=True, states="many"),
    "reporting:guide": page(ANYBODY, lambda world: ["caf"], public=True),
    "reporting:become": page("", public=True, post_only=True),
    # People and organisations.
    "partners:account": page(MEMBERS, states="one error"),
    "partners:support": page("support", states="one error"),
    "partners:team": page(MEMBERS, states="one many"),
    "partners:invite": page(ADMINS, forbidden=but(ADMINS), states="one error"),
    "partners:membership": page("director operator", of("membership")),
    "partners:membership_end": page("director operator", of("membership"), post_only=True),
    "partners:invitation_resend": page(
        "caf_manager", of("invitation"), "caf_officer", post_only=True
    ),
    "partners:invitation_withdraw": page(
        "caf_manager", of("invitation"), "caf_officer", post_only=True
    ),
    "partners:organisations": page(CAF_ADMINS, forbidden=but(CAF_ADMINS), states="empty many"),
    "partners:operator_attach": page(CAF_ADMINS, forbidden=but(CAF_ADMINS), states="one error"),
    "partners:service_open": page(CAF_ADMINS, forbidden=but(CAF_ADMINS), states="one error"),
    "partners:facility": page(CARE, of("first"), f"{CAF} {ADVISERS}", states="one error"),
    "partners:invitation": page("", lambda world: ["un-jeton"], public=True, moved=ANYBODY),
    "partners:invitation_accept": page("", public=True, states="error"),
    "partners:invitation_renew": page("", public=True, post_only=True),
    "partners:service_counter": page(
        "coordinator caf_manager", of("service"), "caf_officer", states="one"
    ),
    "partners:calendar": page(CARE, of("first"), f"{CAF} {ADVISERS}", states="one error"),
    "partners:closure_add": page(CARE, of("first"), f"{CAF} {ADVISERS}", states="one error"),
    "partners:closure_remove": page(
        CARE,
        lambda world: [world.first.pk, world.closure.pk],
        f"{CAF} {ADVISERS}",
        post_only=True,
    ),
    # The label: its public door.
    "labels:caf_list": page(ANYBODY, public=True, states="many"),
    "labels:caf_public": page(ANYBODY, of("caf"), public=True),
    "labels:request": page(ANYBODY, of("caf"), public=True, states="one error"),
    "labels:request_sent": page(ANYBODY, of("caf"), public=True),
    "labels:request_confirm_form": page(ANYBODY, public=True, states="one error"),
    "labels:request_waiting": page(MEMBERS),
    "labels:request_confirm": page("", lambda world: ["un-jeton"], public=True, moved=ANYBODY),
    "labels:decision_confirm_form": page(ANYBODY, public=True, states="one error"),
    "labels:decision_confirm": page("", lambda world: ["un-jeton"], public=True, moved=ANYBODY),
    # The label: dossiers.
    "labels:application_list": page(MEMBERS, states="empty many"),
    "labels:application_create": page(APPLICANTS, forbidden=but(APPLICANTS), states="one error"),
    "labels:application_detail": page(LABEL_READERS, of("application"), states="one"),
    "labels:application_check": page(CARE, of("draft_of_first"), states="error"),
    "labels:application_submitted": page("", of("application"), moved=LABEL_READERS),
    "labels:application_section": page(CARE, of("draft_of_first", "capacite"), states="one error"),
    "labels:application_withdraw": page(CARE, of("draft_of_first")),
    "labels:application_dismiss": page(CAF, of("unattached")),
    "labels:application_correction": page(CAF, of("under_review"), states="one error"),
    "labels:application_ready": page(CAF, of("under_review"), states="one error"),
    "labels:application_decision": page(
        "caf_manager", of("ready"), moved="caf_officer", states="one error"
    ),
    "labels:application_step": page(CAF, of("submitted", "start_review"), post_only=True),
    "labels:supporting_document": page(LABEL_READERS, of("application", "project")),
    "labels:application_export": page(MEMBERS, lambda world: ["csv"]),
    "labels:application_reassign": page(CAF, of("under_review"), states="one error"),
    "labels:comment_add": page(
        CAF, of("under_review", "capacite", "licensed_capacity"), states="one error"
    ),
    "labels:comment_step": page(CAF, of("comment", "close"), CARE, post_only=True),
    "labels:comment_resolve": page(CARE, of("comment"), CAF, post_only=True),
    "labels:message_add": page(CAF, of("under_review"), states="one error"),
    "labels:message_document": page(LABEL_READERS, of("message")),
    "labels:contact_list": page(CAF, of("first"), f"{CARE} {ADVISERS}", states="one error"),
    "labels:application_summary": page(CAF, of("application"), CARE),
    "labels:request_answer": page(CAF, of("request", "rattacher"), post_only=True),
    "labels:label_list": page(MEMBERS, states="empty many"),
    "labels:label_export": page(MEMBERS, lambda world: ["csv"]),
    "labels:label_detail": page(f"{LABEL_READERS} national", of("label")),
    "labels:certificate": page(f"{LABEL_READERS} national", of("label")),
    "labels:letter": page(LABEL_READERS, of("letter")),
    "labels:label_suspend": page(
        "caf_manager", of("label"), f"caf_officer national {CARE}", states="one error"
    ),
    "labels:label_notice": page(
        "caf_manager", of("label"), f"caf_officer national {CARE}", states="one error"
    ),
    "labels:label_lift": page("caf_manager", of("suspended"), "caf_officer national"),
    "labels:label_notice_close": page("caf_manager", of("replied"), "caf_officer national"),
    # The responsable gave notice: her colleague withdraws.
    "labels:label_withdraw": page(
        "caf_officer", of("replied"), "national", states="one error", moved="caf_manager"
    ),
    "labels:label_reply": page("", of("noticed"), f"{CAF} national"),
    "labels:label_relinquish": page(CARE, of("label"), f"{CAF} national", states="one error"),
    "labels:label_reservations": page(CAF, of("reserved"), "national", states="one error"),
    "labels:label_step": page(
        CARE, of("label", "cancel_leaving"), f"{CAF} national", post_only=True
    ),
    "labels:takeover": page(
        f"{CAF} other_caf", forbidden=but(f"{CAF} other_caf"), states="one error"
    ),
    "labels:takeover_import": page(
        f"{CAF} other_caf", forbidden=but(f"{CAF} other_caf"), states="one error"
    ),
    "labels:takeover_model": page(f"{CAF} other_caf", forbidden=but(f"{CAF} other_caf")),
    "labels:takeover_preview": page(CAF, of("label_import"), states="many"),
    "labels:own_caf_page": page("", moved=f"{CAF} other_caf"),
    "labels:caf_edit": page(CAF, of("caf"), states="many error"),
    "labels:question_create": page("caf_manager", of("caf"), "caf_officer", states="one error"),
    "labels:question_update": page(
        "caf_manager", of_caf("question"), "caf_officer", states="one error"
    ),
    "labels:question_move": page("caf_manager", of_caf("question"), "caf_officer", post_only=True),
    "labels:question_delete": page(
        "caf_manager", of_caf("question"), "caf_officer", post_only=True
    ),
    "labels:call_create": page("caf_manager", of("caf"), "caf_officer", states="one error"),
    "labels:call_update": page("caf_manager", of_caf("call"), "caf_officer", states="one error"),
    # The committee, and what a member's link opens.
    "labels:committee_list": page(
        f"{CAF} other_caf", forbidden=but(f"{CAF} other_caf"), states="empty many"
    ),
    "labels:committee_create": page(
        f"{CAF} other_caf", forbidden=but(f"{CAF} other_caf"), states="one error"
    ),
    "labels:committee_detail": page(CAF, of("convened"), states="one many"),
    "labels:committee_update": page(CAF, of("convened"), states="one error"),
    "labels:committee_members": page(CAF, of("convened"), states="many error"),
    "labels:committee_member": page(
        CAF,
        lambda world: [world.convened.pk, world.committee_member.pk, "relancer"],
        post_only=True,
    ),
    "labels:committee_agenda": page(CAF, of("convened"), states="many error"),
    "labels:committee_presence": page(CAF, of("convened")),
    "labels:committee_cancel": page(CAF, of("planned_committee")),
    "labels:committee_close": page(CAF, of("convened")),
    "labels:committee_step": page(CAF, of("planned_committee", "convene"), post_only=True),
    "labels:committee_pack": page(CAF, of("closed_committee")),
    "labels:committee_minutes": page(CAF, of("closed_committee")),
    "labels:agenda_item": page(CAF, agenda_item(), states="one error"),
    "labels:agenda_opinions": page(CAF, agenda_item()),
    "labels:agenda_move": page(CAF, agenda_item("deplacer"), post_only=True),
    "labels:opinion_form": page(ANYBODY, public=True, states="empty many"),
    "labels:opinion_item": page("", lambda world: [1], public=True, moved=ANYBODY),
    "labels:opinion_pack": page("", public=True),
    "labels:opinion_minutes": page("", public=True),
    "labels:opinion_link": page("", lambda world: ["un-jeton"], public=True, moved=ANYBODY),
    "labels:rules": page(MEMBERS, states="many"),
    "labels:rule_detail": page(MEMBERS, lambda world: ["quota_rate"], states="many"),
    "labels:rule_set": page(
        "caf_manager",
        lambda world: ["label_duration_months"],
        but("caf_manager"),
        states="one error",
    ),
    # The network's meetings.
    "labels:meeting_list": page(MEMBERS, states="empty many"),
    "labels:meeting_create": page(
        f"{CAF} other_caf", forbidden=but(f"{CAF} other_caf"), states="one error"
    ),
    "labels:meeting_detail": page(LABEL_READERS, of("meeting")),
    "labels:meeting_update": page(CAF, of("meeting"), CARE, states="one error"),
    "labels:meeting_attendance": page(CAF, of("held_meeting"), CARE),
    "labels:meeting_minutes": page(LABEL_READERS, of("held_meeting")),
    "labels:meeting_minutes_attach": page(CAF, of("held_meeting"), CARE, states="one error"),
    "labels:meeting_cancel": page(CAF, of("meeting"), CARE),
    "labels:meeting_ics": page(LABEL_READERS, of("meeting")),
    "labels:meeting_step": page(CAF, of("meeting", "announce"), CARE, post_only=True),
    "labels:meeting_answer": page(
        CARE,
        lambda world: [world.meeting.pk, world.own_invitation.pk, "vient"],
        CAF,
        post_only=True,
    ),
    # Families and places.
    "families:household_list": page(MEMBERS, states="empty many"),
    "families:household_create": page(ADVISERS, forbidden=but(ADVISERS), states="one error"),
    "families:household_detail": page("adviser", of("household")),
    "families:household_update": page("adviser", of("household"), states="one error"),
    "families:search": page(MEMBERS, states="empty many error"),
    "families:referral_create": page(
        "adviser", lambda world: [world.household.pk, world.first.pk], states="one error"
    ),
    "families:referral_send_many": page("", of("household"), moved="adviser"),
    "families:referral_list": page(MEMBERS, states="empty many"),
    "families:referral_detail": page(f"{CONTRACT_PARTIES} {CAF}", of("referral")),
    "families:referral_step": page(CONTRACT_PARTIES, of("referral", "cancel"), CAF, post_only=True),
    "families:referral_validate": page(
        "coordinator", of("to_validate"), f"{CAF} adviser", states="one error"
    ),
    "families:referral_other_childminder": page(
        "coordinator", of("to_validate"), f"{CAF} adviser", states="empty many"
    ),
    "families:referral_accept": page(CARE, of("referral"), f"adviser {CAF}", states="one error"),
    "families:referral_refuse": page(CARE, of("referral"), f"adviser {CAF}", states="one error"),
    "families:referral_confirm": page(
        "", of("referral"), f"{CARE} {CAF}", moved="adviser", states="one error"
    ),
    "families:referral_propose_hours": page(
        CARE, of("referral"), f"adviser {CAF}", states="one error"
    ),
    "families:referral_shortlist": page(CARE, of("referral"), f"adviser {CAF}", states="one error"),
    "families:referral_transfer": page(
        "operator adviser", of("referral"), f"director {CAF}", states="one error"
    ),
    "families:referral_other_hours": page(
        "adviser", of("hours_proposed"), f"{CARE} {CAF}", states="one"
    ),
    "families:referral_no_show": page(CONTRACT_PARTIES, of("confirmed"), CAF),
    "families:referral_hours": page(CARE, of("stayed"), f"adviser {CAF}", states="one error"),
    "families:waiting_list": page(CARE, of("first"), f"{CAF} {ADVISERS}"),
    "families:occasional_search": page("adviser", of("household"), states="one"),
    "families:occasional_create": page(
        "adviser", lambda world: [world.household.pk, world.first.pk], states="one error"
    ),
    # The link of a mail decides, not the account.
    "families:answer": page(ANYBODY, public=True),
    "families:answer_step": page("", lambda world: ["accepter"], public=True, moved=ANYBODY),
    "families:answer_link": page("", lambda world: ["x" * 43], public=True, moved=ANYBODY),
    # Families proposed to an agency.
    "families:takeup_list": page(MEMBERS, states="empty many"),
    "families:takeup_create": page(TAKEUP_ASKERS, forbidden=but(TAKEUP_ASKERS), states="one error"),
    "families:takeup_detail": page(CONTRACT_PARTIES, of("takeup")),
    "families:takeup_accept": page("adviser", of("takeup"), CARE, states="one error"),
    "families:takeup_decline": page("adviser", of("takeup"), CARE, states="one error"),
    "families:takeup_step": page(CARE, of("takeup", "cancel"), "adviser", post_only=True),
    "families:provider_detail": page(f"{CONTRACT_PARTIES} {CAF} other_adviser", of("first")),
    "families:offer_create": page(CARE, of("first"), f"{CAF} {ADVISERS}", states="one error"),
    "families:offer_update": page(CARE, of("offer"), f"{CAF} {ADVISERS}", states="one error"),
    "families:offer_still_free": page(CARE, of("offer"), f"{CAF} {ADVISERS}", post_only=True),
    "families:my_place": page("", moved="childminder"),
    "families:own_place": page(HERS, of("her"), f"{CAF} {ADVISERS}"),
    "families:leave_add": page(HERS, of("her"), f"{CAF} {ADVISERS}", states="one error"),
    "families:leave_remove": page(
        HERS, lambda world: [world.her.pk, world.her_leave.pk], f"{CAF} {ADVISERS}"
    ),
    "families:place_pause": page(HERS, of("her_offer"), f"{CAF} {ADVISERS}"),
    "families:place_step": page(HERS, of("her_offer", "x"), f"{CAF} {ADVISERS}", post_only=True),
    "families:still_free": page(ANYBODY, public=True),
    "families:still_free_link": page("", lambda world: ["x" * 43], public=True, moved=ANYBODY),
    "families:referral_dispatch": page("", of("to_dispatch"), f"adviser {CAF}"),
    "families:commissions": page(CARE, of("first"), f"{CAF} {ADVISERS}", states="one"),
    "families:commission_remove": page(CARE, of("first", 1), f"{CAF} {ADVISERS}", post_only=True),
    "families:network_list": page(MEMBERS, states="empty many"),
    "families:network_export": page(MEMBERS, lambda world: ["csv"]),
    "families:network_sheets": page(RUNS_NETWORK, forbidden=but(RUNS_NETWORK)),
    "families:wish_sheet": page(RUNS_NETWORK, forbidden=but(RUNS_NETWORK)),
    "families:place_sheet": page("coordinator childminder", of("childminder"), f"{CAF} {ADVISERS}"),
    "families:network_step": page("coordinator", of("member", "join"), CAF, post_only=True),
    "families:match_list": page(MEMBERS, states="empty many"),
    "families:match_detail": page(CAF, of("match")),
    "families:match_settle": page(CAF, of("match"), post_only=True),
    "families:match_merge": page("", of("match"), post_only=True),
    # Contracts and signatures.
    "families:contract_list": page(MEMBERS, states="empty many"),
    "families:contract_detail": page(f"{CONTRACT_PARTIES} {CAF}", of("contract")),
    "families:contract_text": page(CONTRACT_PARTIES, of("contract"), CAF),
    "families:contract_renew": page(CONTRACT_PARTIES, of("contract"), CAF, states="one error"),
    "families:contract_step": page(CONTRACT_PARTIES, of("to_sign", "cancel"), CAF, post_only=True),
    "families:contract_pdf": page(CONTRACT_PARTIES, of("sealed"), CAF),
    "families:contract_evidence": page(CONTRACT_PARTIES, of("sealed"), CAF),
    "families:contract_propose": page(CONTRACT_PARTIES, of("confirmed"), CAF, states="one error"),
    "families:contract_sign": page(
        CARE, of("to_sign"), CAF, states="one error", password=True, moved="adviser"
    ),
    "families:contract_sign_code": page(
        CARE, of("to_sign"), f"{CAF} adviser", post_only=True, password=True
    ),
    "families:sign_on_site": page(CONTRACT_PARTIES, signatory("parent"), CAF, states="one error"),
    "families:sign_on_site_code": page(CONTRACT_PARTIES, signatory("parent"), CAF, post_only=True),
    "families:sign_attested": page(
        CONTRACT_PARTIES, signatory("parent"), CAF, states="one error", password=True
    ),
    "families:sign_on_paper": page(CONTRACT_PARTIES, signatory("parent"), CAF, states="one error"),
    "families:contract_send_link": page(
        CONTRACT_PARTIES, signatory("parent"), CAF, states="one error"
    ),
    "families:outcome_record": page(CONTRACT_PARTIES, of("ended"), CAF, states="one error"),
    "families:contract_end": page(CONTRACT_PARTIES, of("contract"), CAF, states="one error"),
    "families:outcome_many": page(MEMBERS, states="empty many"),
    "families:outcome_quick": page(CONTRACT_PARTIES, of("ended", "none"), CAF, post_only=True),
    "families:place_keep": page(CARE, of("contract"), f"adviser {CAF}"),
    "families:job_confirm": page("adviser", of("contract"), f"{CARE} {CAF}", states="one error"),
    "families:work_check": page("adviser", of("ended"), f"{CARE} {CAF}"),
    "families:correction_done": page("adviser", of("correction"), post_only=True),
    "families:review": page(CONTRACT_PARTIES, of("contract"), CAF, states="one error"),
    "families:interview_plan": page("adviser", of("contract"), f"{CARE} {CAF}", states="one error"),
    "families:interview_record": page(
        "adviser", of("contract"), f"{CARE} {CAF}", states="one error"
    ),
    "families:interview_note": page(
        "adviser",
        lambda world: [world.contract.pk, world.interview.pk],
        f"{CARE} {CAF}",
        states="one error",
    ),
    "families:point_record": page(CONTRACT_PARTIES, of("contract"), CAF, states="one error"),
    "families:interview_list": page(MEMBERS, states="empty many"),
    "families:tick_many": page(MEMBERS, states="empty many"),
    "families:feed_settings": page(ADVISERS, forbidden=but(ADVISERS)),
    # Of a token that opens nothing: a 404 for everybody.
    "families:feed": page("", lambda world: ["x" * 43], public=True),
    "families:parent_job": page("", public=True, moved=ANYBODY),
    "families:parent_wish": page("", public=True, moved=ANYBODY),
    "families:parent_data": page("", public=True, moved=ANYBODY),
    "families:parent_data_pdf": page("", public=True, moved=ANYBODY),
    "families:parent_data_file": page("", public=True, moved=ANYBODY),
    "families:work_answer": page(ANYBODY, lambda world: ["un-jeton"], public=True),
    "families:contract_takeover": page(TAKE_OVER, forbidden=but(TAKE_OVER), states="one error"),
    "families:clauses": page(f"{CAF} other_caf", forbidden=but(f"{CAF} other_caf")),
    "families:contract_remind": page(CONTRACT_PARTIES, of("to_sign"), CAF, post_only=True),
    "families:contract_revise": page(CONTRACT_PARTIES, of("to_sign"), CAF, states="one error"),
    "families:contract_adjust": page(CONTRACT_PARTIES, of("contract"), CAF, states="one error"),
    "families:adjustment_cancel": page(
        CONTRACT_PARTIES,
        lambda world: [world.contract.pk, world.adjustment.pk],
        CAF,
        post_only=True,
    ),
    "families:version_diff": page(CONTRACT_PARTIES, of("contract", 1), CAF),
    "families:referent_propose": page(CONTRACT_PARTIES, of("contract"), CAF, states="one error"),
    "families:referent_change": page(
        "", of("referent_change"), f"{CONTRACT_PARTIES} {CAF}", password=True
    ),
    "families:referent_step": page(
        CONTRACT_PARTIES, of("referent_change", "cancel"), CAF, post_only=True
    ),
    "families:contract_scan": page(CONTRACT_PARTIES, of("taken_over"), CAF),
    # The document of the world is no real evidence: there is nothing to export in it.
    "families:contract_evidence_json": page("", of("sealed"), CAF),
    "families:parent_page": page("", public=True, moved=ANYBODY),
    # A parent's pages: the link and the code decide, not the account.
    "families:parent_home": page("", public=True, moved=ANYBODY),
    "families:parent_document": page("", public=True, moved=ANYBODY),
    "families:parent_pdf": page("", public=True, moved=ANYBODY),
    "families:parent_lost": page(ANYBODY, public=True, states="one error"),
    "families:parent_entry": page(ANYBODY, lambda world: ["x" * 43], public=True),
    "families:parent_new_link": page("", lambda world: ["x" * 43], public=True, post_only=True),
    "families:verify": page(ANYBODY, public=True, states="one error"),
    # The month and the quota.
    "families:declaration_list": page(MEMBERS, states="empty many"),
    "families:declaration_detail": page(f"{CARE} {CAF}", of("declaration"), states="one error"),
    "families:declaration_step": page(CARE, of("declaration", "correct"), CAF, post_only=True),
    "families:declaration_amend": page(f"{CARE} {CAF}", of("locked_month"), states="one error"),
    "families:declaration_still_free": page(
        CARE,
        lambda world: [world.declaration.pk, world.offer.pk],
        f"{CAF}",
        post_only=True,
    ),
    "families:declaration_sheet": page(CARE, of("declaration"), CAF),
    "families:declaration_statement": page("coordinator childminder", of("hours_locked"), CAF),
    "families:month_grid": page("operator", forbidden=but("operator"), states="many error"),
    "families:declaration_import": page(
        f"{RUNS} newcomer", forbidden=but(f"{RUNS} newcomer"), states="one error"
    ),
    "families:declaration_model": page(f"{RUNS} newcomer", forbidden=but(f"{RUNS} newcomer")),
    "families:declaration_preview": page("director", of("month_import")),
    "families:quota_list": page(MEMBERS, states="empty many"),
}
