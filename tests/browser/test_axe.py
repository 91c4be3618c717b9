"""Accessibility: axe finds nothing, nothing scrolls sideways at 360 px, no error is logged."""

from contextlib import contextmanager

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from axe_playwright_python.sync_playwright import Axe
from django.test.signals import template_rendered
from django.urls import reverse

from tests.access_table import ACCESS
from tests.browser import pages
from tests.browser.walk import DESK, PHONE, Window
from tests.factories import PASSWORD, make_agency, make_user
from tests.world import build_world

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CLEAR_THE_FORM = """form => {
  for (const field of form.elements) {
    if (field.type === "checkbox" || field.type === "radio") field.checked = false;
    else if (field.type !== "hidden" && field.type !== "submit") field.value = "";
  }
  form.requestSubmit(form.querySelector("[type=submit]"));
}"""


class Inspector:
    """Opens pages, notes what is wrong with each and which templates were seen."""

    def __init__(self, browser, world):
        self.browser, self.world = browser, world
        self.axe, self.wrong, self.templates = Axe(), [], set()
        self.windows = {}

    def window(self, persona) -> Window:
        """The window of this persona, or of this very user, signed in."""
        if persona not in self.windows:
            window = self.windows[persona] = self.browser.window()
            if persona != "anonymous":
                user = self.world.people.get(persona, persona)
                cookie = pages.session_of(user, self.browser.url)
                window.page.context.add_cookies([cookie])
        return self.windows[persona]

    def opens(self, persona, address, *, error=False, sizes=(DESK,)):
        """Look at this page, then at the same page refusing an empty form."""
        window = self.window(persona)
        window.opens(address)
        self.looks(window, persona, sizes)
        if error:
            self.sends_an_empty_form(window, persona, sizes)

    def sends_an_empty_form(self, window, persona, sizes=(DESK,)):
        forms = window.page.locator("main form:has(:is(input:not([type=hidden]), textarea))")
        if forms.count():
            with window.page.expect_navigation():
                forms.first.evaluate(CLEAR_THE_FORM)
        if not window.page.locator(".error-summary").count():
            self.wrong.append(f"{persona} {window.path}: an empty form meets no error")
        self.looks(window, f"{persona}, errors,", sizes)

    def looks(self, window, who, sizes=(DESK,)):
        """What axe finds at these sizes; the width at 360 px always."""
        for size in sizes:
            with window.at(size):
                for found in self.axe.run(window.page).response["violations"]:
                    targets = [node["target"][0] for node in found["nodes"]]
                    self.wrong.append(
                        f"{who} {window.path} {size['width']}: {found['id']} {targets[:3]}"
                    )
        with window.at(PHONE):
            if wide := window.sticks_out():
                self.wrong.append(f"{who} {window.path}: scrolls sideways, {wide}")

    @contextmanager
    def noting_templates(self):
        """Remember every template that the server renders meanwhile."""

        def note(sender, template, **kwargs):
            self.templates.add(template.name)

        template_rendered.connect(note)
        yield
        template_rendered.disconnect(note)


@pytest.fixture
def inspector(browser, settings):
    settings.ROOT_URLCONF = "tests.browser.urls"
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 24 * 3600
    inspector = Inspector(browser, build_world())
    pages.prepare(inspector.world)
    with inspector.noting_templates():
        yield inspector


def test_axe_finds_nothing_on_one_page_per_template(inspector):
    for name in ACCESS:
        for persona in pages.readers_of(name)[:1]:
            address = pages.address(name, inspector.world)
            inspector.opens(persona, address, error=pages.can_refuse(name))
    for persona, address, error in pages.other_pages(inspector.world):
        inspector.opens(persona, address, error=error)
    a_parent_signs(inspector)
    somebody_answers_by_her_link(inspector)
    support_borrows_an_account(inspector)
    somebody_looks_after_her_account(inspector)
    assert not inspector.wrong, "\n".join(inspector.wrong)
    assert pages.page_templates() - inspector.templates == set()


@pytest.mark.long
def test_axe_finds_nothing_on_any_page_for_anybody_at_any_width(inspector):
    for name in ACCESS:
        address, error = pages.address(name, inspector.world), pages.can_refuse(name)
        for persona in pages.readers_of(name):
            inspector.opens(persona, address, error=error, sizes=(DESK, PHONE))
            error = False  # others may read the same page without its form
    for persona, address, error in pages.other_pages(inspector.world):
        inspector.opens(persona, address, error=error, sizes=(DESK, PHONE))
    a_parent_signs(inspector)
    support_borrows_an_account(inspector)
    somebody_looks_after_her_account(inspector)
    assert not inspector.wrong, "\n".join(inspector.wrong)


def a_parent_signs(inspector):
    """Each page of her path, on her phone, and what an empty answer meets."""
    sizes = (PHONE,)
    parent = inspector.browser.window(size=PHONE)
    link = pages.parent_link(inspector.world)
    pages.expire(link)
    parent.opens(pages.parent_address(link))
    inspector.looks(parent, "parent", sizes)
    parent.presses("Recevoir un nouveau lien")
    inspector.looks(parent, "parent", sizes)
    parent.opens(pages.parent_address(pages.parent_link(inspector.world)))
    inspector.looks(parent, "parent", sizes)
    parent.presses("Continuer")
    inspector.looks(parent, "parent", sizes)
    parent.presses("Recevoir mon code")
    inspector.sends_an_empty_form(parent, "parent", sizes)
    parent.fills("Code reçu", pages.latest_code())
    parent.presses("Continuer")
    inspector.looks(parent, "parent", sizes)
    inspector.sends_an_empty_form(parent, "parent", sizes)
    parent.ticks("J’ai lu et je suis d’accord")
    parent.presses("Signer", exact=True)
    inspector.looks(parent, "parent", sizes)
    for name in ["families:parent_page", "families:parent_job"]:
        parent.opens(reverse(name))
        inspector.looks(parent, "parent", sizes)


def somebody_answers_by_her_link(inspector):
    """The receiver of a request, without signing in."""
    world, window = inspector.world, inspector.browser.window(size=PHONE)
    window.opens(pages.answer_address(world))
    window.opens(reverse("families:answer_step", args=["accepter"]))
    inspector.looks(window, "receiver", (PHONE,))


def support_borrows_an_account(inspector):
    """Every page then says so."""
    people, window = inspector.world.people, inspector.browser.window()
    borrowed = {"hijack_history": [str(people["support"].pk)]}
    cookie = pages.session_of(people["director"], inspector.browser.url, **borrowed)
    window.page.context.add_cookies([cookie])
    window.opens("/").sees("Vous voyez Avip comme")
    inspector.looks(window, "support")


def somebody_looks_after_her_account(inspector):
    """Signing in, passwords, the second factor: the library's pages in our templates."""
    user = make_user("Aline", "Compte", member_of=make_agency())
    window = inspector.browser.window_of(user)

    def looks_at(*addresses):
        for address in addresses:
            window.opens(address)
            inspector.looks(window, "account")

    looks_at("/connexion/")
    inspector.sends_an_empty_form(window, "account")
    looks_at("/mot-de-passe-oublie/")
    inspector.sends_an_empty_form(window, "account")
    looks_at("/mot-de-passe-oublie/envoye/", "/mot-de-passe-oublie/change/", "/compte/inactif/")
    looks_at("/mot-de-passe-oublie/lien/1-inconnu/")
    window.arrives()
    looks_at("/compte/mot-de-passe/", "/compte/double-authentification/", "/deconnexion/")
    looks_at("/compte/application/activer/")
    window.confirms_password()
    inspector.looks(window, "account")
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)
    looks_at("/compte/double-authentification/", "/compte/codes-de-secours/")
    looks_at("/compte/codes-de-secours/nouveaux/", "/compte/application/retirer/")
    looks_at("/compte/confirmer/code/")
    window = inspector.browser.window_of(user)
    window.opens("/connexion/")
    window.fills_all({"Adresse électronique": user.email, "Mot de passe": PASSWORD})
    window.presses("Se connecter")
    inspector.looks(window, "account")
