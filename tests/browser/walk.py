"""The windows of the people of a story, and what one does there by the words on the page."""

import json
import re
from contextlib import contextmanager

from django.conf import settings
from django.core import mail
from playwright.sync_api import expect

from tests.factories import PASSWORD

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
STICKS_OUT = """() => {
  const width = document.scrollingElement.scrollWidth;
  if (width <= innerWidth) return [];
  const wide = one => one.getBoundingClientRect().left + one.scrollWidth > innerWidth;
  const found = [...document.querySelectorAll("main *")].filter(wide);
  return [`${width} px`, ...found.map(one => one.outerHTML.slice(0, 120)).slice(-3)];
}"""
PATIENCE = 15_000  # milliseconds: the machine may be busy
expect.set_options(timeout=PATIENCE)


class Browser:
    """Every window of a test; `problems` collects errors that no visitor would report."""

    def __init__(self, chromium, url):
        self.chromium, self.url = chromium, url
        self.contexts, self.problems = [], []

    def window(self, *, size=DESK, scripts=True):
        """A new window of this size, with no cookie of the others."""
        context = self.chromium.new_context(
            base_url=self.url,
            viewport=size,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            java_script_enabled=scripts,
        )
        context.set_default_timeout(PATIENCE)
        context.on("console", self._heard)
        context.on("weberror", lambda event: self.problems.append(f"script: {event.error}"))
        context.on("response", self._answered)
        self.contexts.append(context)
        return Window(context.new_page())

    def window_of(self, user, **options):
        """The window of somebody who has an account."""
        window = self.window(**options)
        window.user = user
        return window

    def close(self):
        """Close all of them."""
        for context in self.contexts:
            context.close()

    def _heard(self, message):
        # A refused form answers 4xx, which Chromium logs as a failed resource: no error here.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.problems.append(f"{message.page.url}: {message.text}")

    def _answered(self, response):
        if response.status >= 500 or (response.status == 404 and "/static/" in response.url):
            self.problems.append(f"{response.status} {response.url}")


class Window:
    """One person at a screen. Every method is something that she does or sees there."""

    def __init__(self, page, part=None, user=None):
        self.page, self.user = page, user
        self.part = part or page

    def group(self, name):
        """The same person, looking at one group of questions only."""
        return Window(self.page, self.page.get_by_role("group", name=name).first, self.user)

    def row(self, text):
        """The same person, looking at the row that says this."""
        rows = self.page.get_by_role("listitem").filter(has_text=text)
        return Window(self.page, rows.first, self.user)

    @property
    def path(self):
        """Where she is, without the host."""
        return re.sub(r"^https?://[^/]+", "", self.page.url)

    def opens(self, address):
        """Type an address, or click one in a mail."""
        self.page.goto(address)
        return self

    def arrives(self):
        """Come to « À traiter »; the session of another day is over, so with one's password."""
        self.opens("/")
        if self.path.startswith("/connexion/"):
            self.fills("Adresse électronique", self.user.email)
            self.fills("Mot de passe", PASSWORD)
            self.presses("Se connecter")
        return self.sees_title("À traiter")

    def confirms_password(self):
        """The second look before an act that binds."""
        self.sees_title("Confirmez que c’est bien vous")
        self.fills("Mot de passe", PASSWORD)
        self.presses("Confirmer")

    def follows(self, link, *, exact=False, within=None):
        """Click a link by its words."""
        self._in(within).get_by_role("link", name=link, exact=exact).first.click()

    def presses(self, button, *, exact=False, within=None):
        """Click a button by its words."""
        self._in(within).get_by_role("button", name=button, exact=exact).first.click()

    def fills(self, label, value):
        """Write in the field that has this label."""
        self._field(label).fill(value)

    def fills_all(self, answers):
        """Write in several fields, by label."""
        for label, value in answers.items():
            self.fills(label, value)

    def selects(self, label, choice):
        """Choose in a list, by the words of the choice."""
        self._field(label).select_option(label=choice)

    def ticks(self, *choices, within=None):
        """Tick boxes or radio buttons by their words, among those of a question if given."""
        place = self.group(within).part if within else self.part
        for choice in choices:
            place.get_by_label(beginning(choice)).first.check()

    def joins(self, label, data, name="document.pdf"):
        """Choose a file of these bytes."""
        file = {"name": name, "mimeType": "application/pdf", "buffer": data}
        self._field(label).set_input_files(file)

    def address_of(self, link):
        """Where a link leads, to open it elsewhere."""
        return self.part.get_by_role("link", name=link).first.get_attribute("href")

    def downloads(self, link):
        """The bytes behind a link that is a download."""
        with self.page.expect_download() as download:
            self.follows(link)
        return download.value.path().read_bytes()

    def sees(self, *texts):
        """These words are on the page."""
        for text in texts:
            expect(self.page.get_by_text(text).first).to_be_visible()
        return self

    def sees_title(self, text):
        """The page's own heading."""
        expect(self.page.get_by_role("heading", level=1, name=text).first).to_be_visible()
        return self

    def does_not_see(self, *texts):
        """These words are nowhere on the page."""
        for text in texts:
            expect(self.page.get_by_text(text)).to_have_count(0)
        return self

    def sticks_out(self):
        """What makes the page scroll sideways at this width; nothing when it fits."""
        self.page.wait_for_load_state()
        return self.page.evaluate(STICKS_OUT)

    @contextmanager
    def at(self, size):
        """The same page in a window of another size."""
        before = self.page.viewport_size
        self.page.set_viewport_size(size)
        yield self
        self.page.set_viewport_size(before)

    def _in(self, heading):
        """The sheet under this heading, else the page."""
        if not heading:
            return self.part
        return self.page.get_by_role("region", name=heading).first

    def _field(self, label):
        return self.part.get_by_label(beginning(label)).first


def beginning(label):
    """Labels that begin with these words, whatever the spaces: « Nom » is not « Prénom »."""
    return re.compile(r"^\s*" + r"\s+".join(map(re.escape, label.split())), re.IGNORECASE)


def link_in_last_mail_to(address):
    """The address of our site in the latest mail to that person."""
    message = next(m for m in reversed(mail.outbox) if address in m.to)
    return re.search(rf"{re.escape(settings.BASE_URL)}/\S+", message.body).group()


def texts_to(number):
    """The SMS to that telephone, in order."""
    file = settings.PRIVATE_DIR / "sms.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [sms["text"] for line in lines if (sms := json.loads(line))["to"] == number]


def code_in_last_text_to(number):
    """The six digits of the latest SMS to that telephone."""
    return re.search(r"\b\d{6}\b", texts_to(number)[-1]).group()
