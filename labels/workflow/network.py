"""How a childminder enters the labelled network: asked or not, her wish, her licence, and out."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from avip import outbox
from avip.jobs import SCHEDULES
from avip.templatetags.words import fr_date
from avip.workflow import Step, StepRefused, Workflow, moment, system
from labels.models import NetworkMember, NetworkMemberStatusChange
from labels.notifications import coordination_of, tell
from labels.permissions import coordinates_member, may_leave_network
from labels.rules import RuleMissing, rules_for
from partners.models import Provider
from partners.permissions import coordinates_childminder, runs_provider
from partners.tokens import make_token, sha256_of
from partners.validators import is_mobile

N = NetworkMember.Status
How = NetworkMember.WishHow
Leave = NetworkMember.LeaveReason


def _licensed(member, on):
    """The licence holds that day and counts enough places for an Avip one."""
    childminder = member.provider.childminder
    reasons = []
    if not childminder.licence_from <= on <= childminder.licence_until:
        reasons.append(
            f"Son agrément va du {childminder.licence_from:%d/%m/%Y} "
            f"au {childminder.licence_until:%d/%m/%Y}\xa0: il ne couvre pas le {on:%d/%m/%Y}."
        )
    try:
        places = rules_for(member.caf, on).childminder_max_places
    except RuleMissing as missing:
        return [*reasons, str(missing)]
    if childminder.licensed_places < places:
        reasons.append("Son agrément ne compte pas assez de places pour une place Avip.")
    return reasons


def _complete_licence(member, on):
    """And it has a number, given by the département where she works."""
    provider = member.provider
    licence, here = provider.childminder, provider.commune.department_code
    reasons = _licensed(member, on)
    if not licence.licence_number.strip():
        reasons.append("Notez le numéro de son agrément.")
    if licence.licence_department not in ("", here):
        reasons.append(
            f"Son agrément vient du département {licence.licence_department}, elle accueille dans "
            f"le {here}\xa0: notez l’agrément de ce département."
        )
    return reasons


def _may_be_asked(member, on):
    """She can be reached, and is not already thinking about it."""
    if not way_to_ask(member.provider):
        return ["Notez d’abord son courriel ou son téléphone mobile."]
    until = member.ask_expires_at and timezone.localtime(member.ask_expires_at).date()
    if member.status == N.ASKED and until and until >= on:
        return [f"Sa réponse est attendue jusqu’au {fr_date(until)}."]
    return []


NETWORK = Workflow(
    ask=Step(
        "Lui demander de nouveau",
        (N.ASKED, N.DECLINED),
        N.ASKED,
        coordinates_member,
        _may_be_asked,
        "Question envoyée",
    ),
    # Whoever holds a link too old has another one sent to the same address.
    ask_again_by_link=Step(
        "Recevoir un nouveau lien", (N.ASKED,), N.ASKED, system, _may_be_asked, "Lien renvoyé"
    ),
    wish=Step(
        "Noter son souhait",
        (N.ASKED, N.DECLINED),
        N.WISH,
        may_leave_network,
        done="Souhait de rejoindre le réseau",
    ),
    wish_by_link=Step(
        "Oui, je souhaite le rejoindre",
        (N.ASKED, N.DECLINED),
        N.WISH,
        system,
        done="Souhait de rejoindre le réseau",
    ),
    decline=Step(
        "Elle ne souhaite pas",
        (N.ASKED, N.WISH),
        N.DECLINED,
        may_leave_network,
        done="Ne souhaite pas",
    ),
    decline_by_link=Step(
        "Non, pas maintenant", (N.ASKED, N.WISH), N.DECLINED, system, done="Ne souhaite pas"
    ),
    check_licence=Step(
        "Agrément vérifié",
        (N.WISH,),
        N.LICENCE_CHECKED,
        coordinates_member,
        _complete_licence,
        "Agrément vérifié",
    ),
    join=Step(
        "Faire entrer dans le réseau",
        (N.LICENCE_CHECKED,),
        N.MEMBER,
        coordinates_member,
        _licensed,
        "Entrée dans le réseau",
    ),
    leave=Step(
        "Quitter le réseau",
        (N.WISH, N.LICENCE_CHECKED, N.MEMBER),
        N.LEFT,
        may_leave_network,
        done="Départ du réseau",
    ),
)


def way_to_ask(provider) -> str:
    """« email », « sms », or nothing where she has neither address nor mobile phone."""
    if provider.email:
        return "email"
    return "sms" if is_mobile(provider.phone) else ""


def membership_of(provider):
    """Her way into the network, unless she has left it."""
    return provider.network_memberships.exclude(status=N.LEFT).first()


@transaction.atomic
def ask_to_join(provider, *, by, on, at=None):
    """Ask her if she wishes to join; again once she has declined or let the question lapse.

    Two presses at once are one question: the second waits for the first, and finds it.
    """
    Provider.objects.select_for_update(no_key=True).get(pk=provider.pk)
    member = membership_of(provider)
    if member:
        with NETWORK.take("ask", member, by=by, on=on, at=at):
            _send_question(member, at)
        return member
    member = NetworkMember(
        provider=provider, caf=provider.caf, status=N.ASKED, created_at=moment(at)
    )
    if not coordinates_member(by, member) or getattr(by, "is_hijacked", False):
        raise PermissionDenied
    if reasons := _may_be_asked(member, on):
        raise StepRefused(*reasons)
    _send_question(member, at)
    member.save(force_insert=True)
    _record(member, "ask", by, at)
    return member


@transaction.atomic
def ask_many(providers, *, by, on, at=None) -> int:
    """Ask all these childminders at once: those who can be reached and were never asked.

    In one set: the same number of questions to the database for one or for five hundred. Pressed
    twice at once, the second press waits and finds them asked.
    """
    keys = [provider.pk for provider in providers]
    found = Provider.objects.filter(pk__in=keys).select_related("childminder").order_by("pk")
    found = list(found.select_for_update(of=("self",), no_key=True))
    if getattr(by, "is_hijacked", False) or not all(
        coordinates_childminder(by, provider) for provider in found
    ):
        raise PermissionDenied
    known = set(
        NetworkMember.objects.filter(provider__in=keys)
        .exclude(status=N.LEFT)
        .values_list("provider", flat=True)
    )
    asked = [
        NetworkMember(
            provider=provider, caf_id=provider.caf_id, status=N.ASKED, created_at=moment(at)
        )
        for provider in found
        if provider.pk not in known and way_to_ask(provider)
    ]
    for member in asked:
        _open_question(member, at)
    NetworkMember.objects.bulk_create(asked)
    actor = NetworkMemberStatusChange.actor(by)
    NetworkMemberStatusChange.objects.bulk_create(
        NetworkMemberStatusChange(
            dossier=member, step="ask", source="", target=N.ASKED, at=moment(at), **actor
        )
        for member in asked
    )
    questions = [(member.pk, _question_key(member), "") for member in asked]
    outbox.add_all("labels.network_question", questions, at=at)
    return len(asked)


def renew_question(member, *, on, at=None):
    """A new link, to the same address, asked for by whoever holds one that has lapsed."""
    with NETWORK.take("ask_again_by_link", member, by=None, on=on, at=at):
        _send_question(member, at)


def question_token(member) -> str:
    """The secret of the link, made again when the message leaves."""
    return make_token("network", member.pk, member.ask_generation)


def _send_question(member, at):
    _open_question(member, at)
    outbox.add("labels.network_question", member, key=_question_key(member), at=at)


def _question_key(member):
    return f"{member.pk}:{member.ask_generation}"


def _open_question(member, at):
    member.asked_at = moment(at)
    member.ask_expires_at = moment(at) + timedelta(days=SCHEDULES["network_ask_days"])
    member.ask_generation += 1
    member.ask_token_sha256 = sha256_of(question_token(member))


@transaction.atomic
def express_wish(provider, *, by, on, at=None, how="", wish_on=None):
    """A childminder wishes to join the network; her coordinator or herself says so.

    On paper the wish has a date of its own.
    """
    Provider.objects.select_for_update(no_key=True).get(pk=provider.pk)
    how = how or (How.ACCOUNT if runs_provider(by, provider) else How.TOLD)
    wish_on = wish_on or on
    if wish_on > on:
        raise StepRefused("Ce souhait est daté d’un jour qui n’est pas encore venu.")
    if (member := membership_of(provider)) and member.status in NETWORK.steps["wish"].sources:
        with NETWORK.take("wish", member, by=by, on=on, at=at):
            member.wish_how, member.wish_on = how, wish_on
        return member
    if member:
        raise StepRefused("Cette assistante maternelle est déjà dans le réseau.")
    member = NetworkMember(
        provider=provider,
        caf=provider.caf,
        created_at=moment(at),
        wish_how=how,
        wish_on=wish_on,
    )
    if not may_leave_network(by, member) or getattr(by, "is_hijacked", False):
        raise StepRefused("Seule sa coordination peut noter ce souhait.")
    member.save(force_insert=True)
    _record(member, "wish", by, at)
    return member


def answer_by_link(member, *, wishes, on, at=None):
    """She presses yes or no on the page of her link; the same answer again changes nothing."""
    if member.status == (N.WISH if wishes else N.DECLINED):
        return
    sent = f"Par le lien envoyé le {fr_date(member.asked_at)}."
    name = "wish_by_link" if wishes else "decline_by_link"
    with NETWORK.take(name, member, by=None, on=on, at=at, comment=sent):
        if wishes:
            member.wish_how, member.wish_on = How.LINK, on
            people = coordination_of(member.provider, on)
            tell("labels.network_wish", member, people, key=f"{member.pk}:{member.revision}", at=at)


def decline(member, *, by, on, at=None):
    """She does not wish to join, or not yet; she may be asked again."""
    with NETWORK.take("decline", member, by=by, on=on, at=at):
        pass


def check_licence(member, *, by, on, at=None):
    """The coordinator has seen the licence: its number, dates, places and département hold."""
    with NETWORK.take("check_licence", member, by=by, on=on, at=at):
        member.licence_checked_on = on


def join_network(member, *, by, on, at=None):
    """She may now be offered an Avip place's family."""
    with NETWORK.take("join", member, by=by, on=on, at=at):
        member.joined_on = on


def leave_network(member, *, by, on, reason=Leave.WISH, reasons="", at=None):
    """No new family from that day, and why; what is running goes on."""
    with NETWORK.take("leave", member, by=by, on=on, at=at, comment=reasons):
        member.left_on, member.leave_reason = on, reason


def _record(member, step, by, at):
    member.history.create(
        step=step,
        source="",
        target=member.status,
        at=moment(at),
        **NetworkMemberStatusChange.actor(by),
    )
