"""How a childminder enters the labelled network, and leaves it."""

from django.db import transaction

from avip.workflow import Step, StepRefused, Workflow, moment
from labels.models import NetworkMember, NetworkMemberStatusChange
from labels.permissions import coordinates_member, may_leave_network
from labels.rules import RuleMissing, rules_for

N = NetworkMember.Status


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


NETWORK = Workflow(
    check_licence=Step(
        "Agrément vérifié",
        (N.WISH,),
        N.LICENCE_CHECKED,
        coordinates_member,
        _licensed,
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


@transaction.atomic
def express_wish(provider, *, by, on, at=None):
    """A childminder wishes to join the network; her coordinator or herself says so."""
    member = NetworkMember(provider=provider, caf=provider.caf, created_at=moment(at))
    if not may_leave_network(by, member):
        raise StepRefused("Seule sa coordination peut noter ce souhait.")
    if provider.network_memberships.exclude(status=N.LEFT).exists():
        raise StepRefused("Cette assistante maternelle est déjà dans le réseau.")
    member.save(force_insert=True)
    member.history.create(
        step="wish",
        source="",
        target=member.status,
        at=moment(at),
        **NetworkMemberStatusChange.actor(by),
    )
    return member


def check_licence(member, *, by, on, at=None):
    """The coordinator has seen the licence: its dates and places hold."""
    with NETWORK.take("check_licence", member, by=by, on=on, at=at):
        pass


def join_network(member, *, by, on, at=None):
    """She may now be offered an Avip place's family."""
    with NETWORK.take("join", member, by=by, on=on, at=at):
        member.joined_on = on


def leave_network(member, *, by, on, reasons="", at=None):
    """No new family from that day; what is running goes on."""
    with NETWORK.take("leave", member, by=by, on=on, at=at, comment=reasons):
        member.left_on = on
