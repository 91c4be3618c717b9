"""The guide: reached from the page it explains."""

import re

import pytest
from django.urls import reverse

from reporting.guide import GUIDES, TOPICS, html_of, topics_of
from tests.access_table import ACCESS


@pytest.mark.parametrize("guide", GUIDES)
def test_every_guide_opens_for_anybody(guide, client, db):
    page = client.get(reverse("reporting:guide", args=[guide])).content.decode()
    assert GUIDES[guide][0] in page


def test_a_guide_that_nobody_wrote_does_not_exist(client, db):
    assert client.get(reverse("reporting:guide", args=["parc"])).status_code == 404


def test_help_leads_to_the_section_that_explains_the_page(client, caf_agent, director):
    client.force_login(caf_agent)
    page = client.get(reverse("labels:application_list")).content.decode()
    assert 'href="/aide/caf/#demandes"' in page
    client.force_login(director)
    page = client.get(reverse("labels:label_list")).content.decode()
    assert 'href="/aide/creche/#labels"' in page


@pytest.mark.parametrize("guide", GUIDES)
def test_every_section_explains_a_page(guide):
    assert topics_of(guide) <= {*TOPICS.values(), "clavier"}


def test_every_explained_page_exists():
    assert set(TOPICS) <= set(ACCESS)


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_quotes_no_number_of_the_law(guide):
    text = re.sub("<[^>]+>", "", html_of(guide))
    assert not re.search(r"\d+\s*(%|mois|jours|heures)", text)
