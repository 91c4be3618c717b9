"""The network at every stage: asked, silent, declined, moved, by phone, without a service."""

from datetime import timedelta

from families.workflow.leaving import move
from labels import workflow as labels
from labels.childminders import open_phone_access
from labels.models import NetworkMember
from labels.network_import import keep_for_preview
from partners.models import User
from reporting.demo import people, places
from reporting.demo.label_story import at_ten

How = NetworkMember.WishHow
HOUSE = "MAM Les Trois Petits Chats"


class NetworkStory:
    """Childminders of their own, so that the stories of families keep theirs."""

    def __init__(self, world, today):
        self.world, self.today = world, today
        # Read again: what somebody belongs to is remembered on the instance.
        self.coordinator = User.objects.get(pk=world.coordinator.pk)
        self.service = self.coordinator.memberships_today[0].service
        self.number = 50

    def childminder(self, first, last, *, commune=None, service=True, **fields):
        """A childminder without an account; `fields` correct her licence."""
        self.number += 1
        commune = commune or self.service.communes.order_by("code").last()
        owner = self.service
        provider = people.childminder(first, last, owner, commune, self.number, self.today)
        for name, value in fields.items():
            setattr(provider.childminder, name, value)
        if not service:
            provider.childminder.service = None
        provider.childminder.save()
        return provider

    def act(self, days_ago):
        """Who acts and when, for a step taken so many days ago."""
        day = self.today - timedelta(days=days_ago)
        return {"by": self.coordinator, "on": day, "at": at_ten(day)}

    def member(self, provider, days_ago, **how):
        """Her wish, her licence, her entrance."""
        member = labels.express_wish(provider, **self.act(days_ago), **how)
        labels.check_licence(member, **self.act(days_ago - 1))
        labels.join_network(member, **self.act(days_ago - 2))
        return member


def tell(world, today):
    """After the families: nothing here changes theirs."""
    story = NetworkStory(world, today)
    _questions(story)
    _house(story)
    _by_phone(story)
    _moved(story)
    _without_service(story)
    _list_to_import(story)


def _questions(story):
    """One thinks about it, one let the question lapse, one said no, one said yes on paper."""
    labels.ask_to_join(story.childminder("Josiane", "Petitjean"), **story.act(3))
    labels.ask_to_join(story.childminder("Rachida", "Slimani"), **story.act(45))
    declined = labels.ask_to_join(story.childminder("Odette", "Vasseur"), **story.act(20))
    day = story.today - timedelta(days=18)
    labels.answer_by_link(declined, wishes=False, on=day, at=at_ten(day))
    wishing = story.childminder("Lucette", "Garnier")
    signed_on = story.today - timedelta(days=9)
    labels.express_wish(wishing, **story.act(6), how=How.PAPER, wish_on=signed_on)


def _house(story):
    """Two members of a maison d’assistants maternels, each with her place."""
    for first, last in (("Karine", "Ollivier"), ("Djamila", "Kaci")):
        story.member(story.childminder(first, last, house=HOUSE), 90, how=How.LINK)


def _by_phone(story):
    """No e-mail address: a link and a code; her licence ends soon."""
    until = story.today + timedelta(days=25)
    provider = story.childminder("Rosa", "Ferreira", licence_until=until)
    provider.email = ""
    provider.save(update_fields=["email"])
    story.member(provider, 60)
    when = story.act(50)
    open_phone_access(provider, by=when["by"], at=when["at"])


def _moved(story):
    """She moved to the neighbouring département: its Caf is told."""
    provider = story.childminder("Sandrine", "Lopes")
    story.member(provider, 200)
    move(provider, places.montreuil(), **story.act(5))


def _without_service(story):
    """In an arrondissement without a service, the Caf itself coordinates."""
    alone = places.arrondissements()[0]
    provider = story.childminder("Eugénie", "Marchal", commune=alone, service=False)
    officer = User.objects.get(pk=story.world.officer.pk)
    labels.express_wish(provider, by=officer, on=story.today, at=at_ten(story.today))


def _list_to_import(story):
    """A list deposited this morning, its lines not yet recorded: two good, one refused."""
    until = f"{story.today + timedelta(days=900):%d/%m/%Y}"
    commune = story.service.communes.order_by("code").last().name
    rows = [
        {
            "line": line,
            "last_name": last,
            "first_name": first,
            "phone": f"06 99 20 00 {line:02d}",
            "email": "",
            "commune": commune,
            "licence_number": number,
            "licence_from": "01/03/2024",
            "licence_until": until,
            "licensed_places": "3",
        }
        for line, first, last, number in [
            (2, "Chantal", "Briand", "075-3001"),
            (3, "Fanta", "Keïta", "075-3002"),
            (4, "Chantal", "Briand", "075 3001"),
        ]
    ]
    keep_for_preview(
        story.service, story.world.caf, rows, by=story.coordinator, at=at_ten(story.today)
    )
