"""The guide, by trade: written in docs/guide, read in the application from the page it explains."""

from functools import cache

import markdown
from django.conf import settings
from django.urls import reverse
from django.utils.safestring import mark_safe

FOLDER = settings.BASE_DIR / "docs" / "guide"

# Who reads which guide: the first that concerns a person is hers.
GUIDES = {
    "caf": ("Guide de la Caf", lambda reach: reach.cafs),
    "conseiller": ("Guide du conseiller", lambda reach: reach.agencies),
    "gestionnaire": ("Guide du gestionnaire", lambda reach: reach.operators),
    "creche": ("Guide de la crèche", lambda reach: reach.runs_facilities),
    "coordinateur": ("Guide de la coordination", lambda reach: reach.services),
    "assistante-maternelle": (
        "Guide de l’assistante maternelle",
        lambda reach: reach.providers and not reach.runs_facilities,
    ),
    "parent": ("Guide du parent", lambda reach: False),  # no account: reached from the link
}

# The section that explains a page, where the guide of its reader has it.
TOPICS = {
    "reporting:todo": "a-traiter",
    "reporting:caf_dashboard": "pilotage",
    "reporting:simulation": "regles",
    "labels:application_list": "demandes",
    "labels:application_create": "ouvrir",
    "labels:application_detail": "dossier",
    "labels:application_section": "remplir",
    "labels:application_check": "deposer",
    "labels:application_submitted": "deposer",
    "labels:application_withdraw": "retirer",
    "labels:application_correction": "correction",
    "labels:application_ready": "proposer",
    "labels:application_decision": "decision",
    "labels:application_dismiss": "demandes",
    "labels:label_list": "labels",
    "labels:label_detail": "labels",
    "labels:label_relinquish": "rendre",
    "labels:committee_list": "comite",
    "labels:committee_create": "comite",
    "labels:committee_detail": "comite",
    "labels:takeover": "reprise",
    "labels:takeover_import": "reprise",
    "labels:takeover_preview": "reprise",
    "labels:rules": "regles",
    "labels:rule_detail": "regles",
    "labels:meeting_list": "reunions",
    "labels:meeting_detail": "reunions",
    "labels:caf_edit": "page-publique",
    "partners:team": "equipe",
    "families:household_list": "familles",
    "families:household_create": "familles",
    "families:household_detail": "familles",
    "families:household_update": "familles",
    "families:search": "chercher",
    "families:referral_create": "envoyer",
    "families:referral_list": "places",
    "families:referral_detail": "places",
    "families:referral_accept": "places",
    "families:referral_refuse": "places",
    "families:referral_confirm": "places",
    "families:occasional_search": "ponctuel",
    "families:occasional_create": "ponctuel",
    "families:takeup_list": "relais",
    "families:takeup_create": "relais",
    "families:takeup_detail": "relais",
    "families:provider_detail": "offres",
    "families:offer_create": "offres",
    "families:offer_update": "offres",
    "families:contract_list": "contrats",
    "families:contract_detail": "contrats",
    "families:contract_propose": "contrats",
    "families:contract_takeover": "contrats",
    "families:contract_sign": "signer",
    "families:sign_on_site": "signer",
    "families:sign_attested": "signer",
    "families:sign_on_paper": "signer",
    "families:contract_send_link": "signer",
    "families:interview_list": "suivi",
    "families:contract_renew": "fin",
    "families:contract_end": "fin",
    "families:outcome_record": "fin",
    "families:outcome_many": "fin",
    "families:place_keep": "fin",
    "families:declaration_list": "mois",
    "families:declaration_detail": "mois",
    "families:declaration_amend": "mois",
    "families:declaration_sheet": "mois",
    "families:month_grid": "ensemble",
    "families:declaration_import": "tableau",
    "families:declaration_preview": "tableau",
    "families:network_list": "reseau",
    "families:childminder_create": "reseau",
    "families:referral_validate": "valider",
    "families:referral_dispatch": "guichet",
    "families:own_place": "offres",
    "families:network_import": "importer",
    "partners:service_counter": "guichet",
    "families:network_sheets": "feuilles",
    "families:wish_sheet": "feuilles",
    "families:place_sheet": "feuilles",
    "reporting:network_figures": "chiffres",
    "reporting:network_demand": "sans-place",
    "reporting:network_elected": "elus",
    "families:quota_list": "quota",
    "families:parent_entry": "lien",
    "families:parent_lost": "lien-perdu",
    "families:parent_document": "signer",
    "families:parent_home": "votre-page",
    "families:parent_job": "travail",
    "families:parent_wish": "suite",
    "families:parent_data": "donnees",
    "families:verify": "verifier",
    "families:network_wish": "rejoindre",
    "families:network_leave": "quitter",
    "labels:before_yes": "rejoindre",
    "partners:account": "espace",
}


def guide_of(reach):
    """The name of the guide of this reader; None where nothing is written for her yet."""
    return next((name for name, (_, reads) in GUIDES.items() if reads(reach)), None)


def help_url(reach, view_name):
    """Where « Aide » leads from this page."""
    guide = guide_of(reach)
    if guide is None:
        return reverse("help")
    topic = TOPICS.get(view_name, "")
    page = reverse("reporting:guide", args=[guide])
    return f"{page}#{topic}" if topic in topics_of(guide) else page


@cache
def _converted(guide):
    converter = markdown.Markdown(extensions=["toc", "attr_list"])
    # Our own text, shipped with the code: nothing in it was typed by anybody else.
    html = converter.convert((FOLDER / f"{guide}.md").read_text(encoding="utf-8"))
    return mark_safe(html.partition("</h1>")[2]), converter.toc_tokens  # the page has its title


def html_of(guide):
    """The text of a guide, as HTML."""
    return _converted(guide)[0]


def sections_of(guide):
    """[(anchor, title)] of its sections, in order."""
    return [
        (section["id"], section["name"])
        for title in _converted(guide)[1]
        for section in title["children"]
    ]


def topics_of(guide):
    """The anchors of its sections."""
    return {anchor for anchor, _ in sections_of(guide)}
