"""Every page of the site and who opens it: by the table of access, or by its own story."""

import re
from types import SimpleNamespace

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from families.answer_links import answer_path
from families.models import MonthlyDeclaration, ParentLink, Referral, SigningCode
from families.signing import code_digits, issue_link, link_token, send_code
from families.still_free import Question
from labels.checklist import sections_of
from labels.models import DecisionConfirmation, LabelApplication, NetworkMember
from labels.requests import ask_for_label
from labels.workflow import record_decision
from labels.workflow.network import question_token
from partners import phone_access
from partners.invitations import token_of
from partners.models import PhoneLink, User
from partners.tokens import make_token, sha256_of
from reporting.demo.label_story import LabelStory
from tests import factories as f
from tests.access_table import ACCESS
from tests.access_words import SIGNED_IN

# Those for whom a page has most to show; for the others, the first who sees it.
CONCERNED = {
    "reporting:todo": "adviser",
    "reporting:caf_dashboard": "caf_officer",
    "labels:application_list": "director",
    "labels:label_list": "caf_officer",
    "labels:meeting_list": "caf_officer",
    "labels:rule_detail": "caf_manager",
    "reporting:simulation": "caf_manager",
    "labels:caf_edit": "caf_manager",
    "families:household_list": "adviser",
    "families:referral_list": "adviser",
    "families:search": "adviser",
    "families:match_list": "caf_officer",
    "families:network_list": "coordinator",
    "families:network_sheets": "coordinator",
    "families:wish_sheet": "coordinator",
    "reporting:network_figures": "coordinator",
    "reporting:network_elected": "coordinator",
    "reporting:network_demand": "coordinator",
    "families:contract_list": "adviser",
    "families:declaration_list": "director",
    "families:quota_list": "director",
    "families:declaration_detail": "director",
}
DOWNLOADS = {
    "labels:supporting_document",
    "labels:application_summary",
    "labels:application_export",
    "labels:message_document",
    "labels:certificate",
    "labels:committee_pack",
    "labels:committee_minutes",
    "labels:opinion_pack",
    "labels:opinion_minutes",
    "labels:label_export",
    "labels:letter",
    "labels:takeover_model",
    "labels:meeting_ics",
    "labels:meeting_minutes",
    "families:contract_pdf",
    "families:contract_evidence",
    "families:contract_evidence_json",
    "families:contract_scan",
    "families:parent_pdf",
    "families:declaration_model",
    "families:declaration_statement",
    "families:network_export",
    "reporting:network_figures_export",
    "reporting:network_elected_pdf",
    "reporting:network_demand_export",
    "families:network_model",
}
# An empty answer is right there, or there is no question: without the link of a mail, for instance.
NEVER_REFUSE = {
    "families:month_grid",
    "partners:calendar",
    "labels:application_check",
    "labels:application_section",
    "labels:request_confirm_form",
    "labels:decision_confirm_form",
    "families:referral_validate",
    "families:parent_lost",
}
FAULTS = ["400", "403", "403_csrf", "404", "429", "500"]


def readers_of(name):
    """Who opens this page, whoever it concerns most first; nobody for what only takes a POST."""
    page = ACCESS[name]
    if page.post_only or name in DOWNLOADS:
        return []
    seen_by = [persona for persona in ["anonymous", *SIGNED_IN] if persona in page.see]
    return sorted(seen_by, key=lambda persona: persona != CONCERNED.get(name))


def address(name, world):
    return reverse(name, args=ACCESS[name].args(world))


def can_refuse(name):
    """Whether this page has a form that an empty answer does not satisfy."""
    return "error" in ACCESS[name].states and name not in NEVER_REFUSE


def prepare(world):
    """The parent who has still to sign is reached both ways, and has been sent a code."""
    parent = world.parent_signatory.parent
    parent.email, parent.phone = "parent@example.fr", "0600000009"
    parent.save(update_fields=["email", "phone"])
    director = world.people["director"]
    send_code(world.parent_signatory, channel="sms", by=director, at=timezone.now())


def _new_referent(world):
    """Somebody of the agency that is asked to take over a contract."""
    return User.objects.filter(memberships__agency=world.referent_change.to_agency).first()


def answer_address(world):
    """The link of the mail by which the director answers a request."""
    return answer_path(world.referral, world.people["director"], timezone.now())


def other_pages(world):
    """(who, address, refuses an empty form): the pages of the table in their other states."""

    def at(who, name, *args, error=False, query=""):
        return who, reverse(name, args=args) + query, error

    accepted = Referral.objects.filter(status="accepted").first()
    declared = (
        MonthlyDeclaration.objects.exclude(status="open").filter(provider=world.first).first()
    )
    return [
        at("caf_officer", "labels:application_detail", world.unattached.pk),
        at(_new_referent(world), "families:referent_change", world.referent_change.pk),
        at("caf_officer", "labels:application_detail", world.under_review.pk),
        at("caf_officer", "labels:application_list"),
        at("caf_officer", "labels:caf_edit", world.caf.pk),
        at("caf_officer", "labels:committee_detail", world.planned_committee.pk),
        at("caf_officer", "labels:committee_detail", world.closed_committee.pk),
        at("operator", "labels:application_list"),
        at("director", "labels:application_detail", world.draft_of_first.pk),
        at("caf_manager", "labels:label_detail", world.replied.pk),
        at("caf_officer", "labels:label_detail", world.leaving.pk),
        at("caf_officer", "labels:label_detail", world.reserved.pk),
        at(holder_of(world.noticed), "labels:label_detail", world.noticed.pk),
        at(holder_of(world.noticed), "labels:label_reply", world.noticed.pk, error=True),
        at(holder_of(world.leaving), "labels:label_detail", world.leaving.pk),
        *[
            at("director", "labels:application_section", world.draft_of_first.pk, section)
            for section in sections_of(world.draft_of_first)
        ],
        at(world.submitted.opened_by, "labels:application_submitted", world.submitted.pk),
        at(world.request.user, "labels:request_waiting"),
        at("caf_officer", "labels:meeting_detail", world.held_meeting.pk),
        at("director", "labels:meeting_detail", world.meeting.pk),
        at("caf_manager", "reporting:simulation", "quota_rate", query="?value=40"),
        at("director", "reporting:todo"),
        at("childminder", "families:offer_update", world.her_offer.pk, error=True),
        at(counter_person(world), "families:referral_dispatch", world.to_dispatch.pk),
        at(counter_person(world), "families:referral_detail", world.to_dispatch.pk),
        at(counter_person(world), "families:referral_transfer", world.to_dispatch.pk, error=True),
        at("director", "families:contract_detail", world.to_sign.pk),
        at("director", "families:declaration_detail", declared.pk),
        at("director", "families:declaration_detail", declared.pk, query="?fait=1"),
        at("childminder", "families:declaration_detail", world.hours_to_declare.pk),
        at(
            "childminder",
            "families:declaration_detail",
            world.hours_to_declare.pk,
            query="?jours=1",
        ),
        at("childminder", "families:declaration_detail", world.hours_locked.pk),
        at("childminder", "reporting:todo"),
        at("coordinator", "reporting:network_figures", query="?du=2026-05-01&au=2026-04-01"),
        at("adviser", "families:search", query=f"?famille={world.household.pk}"),
        at(
            "adviser",
            "families:referral_send_many",
            world.household.pk,
            query=f"?a={world.first.pk}",
            error=True,
        ),
        at(accepted.adviser, "families:referral_confirm", accepted.pk, error=True),
        at("anonymous", "families:verify", world.sealed.code),
        at("anonymous", "families:verify", "INCONNU"),
        *[
            ("newcomer", page, False)
            for name in CONCERNED
            if "newcomer" in ACCESS[name].see
            for page in [address(name, world)]
        ],
        *[("anonymous", address, error) for address, error in pages_behind_a_link(world)],
        *[("anonymous", f"/panne/{number}/", False) for number in FAULTS],
    ]


def counter_person(world):
    """Somebody of the guichet unique that has a request."""
    return User.objects.filter(memberships__service=world.to_dispatch.counter).first()


def holder_of(label):
    """The person of the crèche that holds this label."""
    return label.application.opened_by


def pages_behind_a_link(world):
    """(address, refuses an empty form): the links of mails to people without an account."""
    invitation = world.invitation
    invitation.token_sha256 = sha256_of(token_of(invitation))
    invitation.save(update_fields=["token_sha256"])
    request = ask_for_label(
        world.caf,
        siret=f.make_siret(),
        facility_name="La Toute Neuve",
        postal_code="75020",
        first_name="Nina",
        last_name="Neuve",
        email="nina@example.fr",
    )
    request_token = make_token("labels.request", request.pk)
    return [
        (reverse("partners:invitation", args=["inconnu"]), False),
        (reverse("partners:invitation", args=[token_of(invitation)]), True),
        (reverse("labels:request_confirm", args=[request_token]), True),
        (reverse("labels:decision_confirm", args=[_decision_to_confirm()]), False),
        (reverse("labels:decision_confirm", args=[_session_to_confirm()]), False),
        *_pages_of_a_member(world),
        (answer_path(world.referral, world.people["director"], timezone.now()), False),
        *[
            (reverse("labels:network_question", args=[question_token(member)]), False)
            for member in NetworkMember.objects.exclude(ask_token_sha256="")
        ],
        *[
            (phone_access.address_of(link).removeprefix(settings.BASE_URL), False)
            for link in PhoneLink.objects.all()
        ],
        (_still_free(world), False),
    ]


def _still_free(world):
    """The link of « toujours libre ? » sent to the childminder this month."""
    month = timezone.localdate().replace(day=1)
    return Question(world.her_offer.pk, world.people["childminder"].pk, month).path


def _decision_to_confirm():
    """The token of a committee member, in a Caf whose only agent reviewed the dossier."""
    caf = f.make_caf("77", "Caf de Seine-et-Marne")
    creche = f.make_facility("Les Grands Prés", caf=caf)
    officer = f.make_user("Solène", "Seule", member_of=caf)
    director = f.make_user("Dora", "Prés", member_of=creche)
    today = timezone.localdate()
    story = LabelStory(SimpleNamespace(directors={creche.pk: director}, officer=officer))
    confirmation = record_decision(
        story.ready(creche, today),
        by=officer,
        on=today,
        decision=LabelApplication.Proposal.GRANT,
        reasons="Avis favorable.",
        decided_on=today,
        confirmer={"name": "Jeanne Comité", "quality": "membre", "email": "jeanne@example.fr"},
    )
    return make_token("labels.decision", confirmation.pk)


def _session_to_confirm():
    """The token of the member whom the neighbouring Caf asks about a whole session."""
    confirmation = DecisionConfirmation.objects.exclude(committee=None).get()
    return make_token("labels.decision", confirmation.pk)


def _pages_of_a_member(world):
    """The dossiers of her committee, then one of them: the link opens both."""
    token = make_token("labels.opinion", world.committee_member.pk)
    return [
        (reverse("labels:opinion_link", args=[token]), False),
        (reverse("labels:opinion_item", args=[world.convened_item.pk]), False),
    ]


def parent_link(world):
    """The link of the parent who has still to sign, just sent."""
    parent = world.parent_signatory.parent
    return issue_link(world.to_sign, parent, channel="email", by=None, at=timezone.now())


def expire(link):
    """A week has passed."""
    ParentLink.objects.filter(pk=link.pk).update(expires_at=timezone.now())


def parent_address(link):
    link.refresh_from_db()
    return reverse("families:parent_entry", args=[link_token(link)])


def latest_code():
    """What the parent reads on her telephone."""
    return code_digits(SigningCode.objects.latest("sent_at"))


def session_of(user, url, **kept):
    """The cookie of somebody who has just given her password, for a browser at this address."""
    client = Client()
    client.force_login(user)
    session = client.session
    record_authentication(
        SimpleNamespace(session=session), user, method="password", reauthenticated=True
    )
    session.update(kept)
    session.save()
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}


def page_templates():
    """Every template that is a whole page."""
    folder = settings.BASE_DIR / "templates"
    whole = re.compile(r'{% extends "base(_parent)?\.html"')
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*.html")
        if whole.search(path.read_text(encoding="utf-8"))
    }
