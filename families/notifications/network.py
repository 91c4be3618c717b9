"""A childminder left or moved: told to her, to those who asked her, to both services."""

from avip import mail, outbox
from avip.templatetags.words import fr_date
from families.models import Referral
from labels.models import NetworkMember
from labels.notifications import link, send
from labels.tasks.network import TEMPLATE, asker_of, send_about
from labels.workflow.network import way_to_ask
from partners.models import Provider, User
from partners.permissions import coordinates_childminder


@outbox.handler("families.childminder_left")
def tell_adviser(row):
    """The childminder she had asked leaves the network: the family needs another place."""
    person = User.objects.filter(pk=row.recipient_id, is_active=True).first()
    referral = (
        person
        and (Referral.objects.visible_to(person).filter(pk=row.object_id, status__in=Referral.OPEN))
        .select_related("provider")
        .first()
    )
    if not referral:
        return
    send(
        row,
        person.email,
        TEMPLATE,
        subject="Une demande de place à adresser ailleurs",
        lead=f"{referral.provider.public_name}, assistante maternelle, a quitté le réseau.",
        text="Elle n’accueille plus de nouvelle famille au titre du label. Voyez avec la famille "
        "une autre place\xa0; la coordination peut aussi vous en proposer une.",
        action_label="Voir la demande",
        action_url=link("families:referral_detail", referral.pk),
        why="vous avez envoyé cette demande",
    )


@outbox.handler("families.network_left")
def tell_her(row):
    """She has left: what goes on, how to come back; by her account, else where she is reached."""
    member = NetworkMember.objects.select_related("provider__childminder__service", "caf").get(
        pk=row.object_id
    )
    if member.status != NetworkMember.Status.LEFT:
        return
    person = User.objects.filter(pk=row.recipient_id or None, is_active=True).first()
    if person is None and way_to_ask(member.provider) == "sms":
        mail.send_sms(
            member.provider.phone,
            "Avip : votre départ du réseau est noté. Vos accueils en cours continuent.",
        )
        return
    address = person.email if person else member.provider.email
    if not person and not address:
        return
    send(
        row,
        address,
        TEMPLATE,
        subject="Votre départ du réseau est noté",
        lead=f"Vous avez quitté le réseau le {fr_date(member.left_on)}.",
        text="Vos accueils en cours continuent jusqu’à leur terme\xa0; aucune nouvelle famille ne "
        f"vous est adressée. Pour revenir, dites-le à {asker_of(member)}.",
        action_label="Ce que le réseau change et ne change pas",
        action_url=link("labels:before_yes"),
        why="vous étiez membre du réseau d’assistantes maternelles",
    )


@outbox.handler("families.childminder_moved_out")
def tell_former_coordination(row):
    """Her new commune coordinates her from now on, with what is running."""
    person = User.objects.filter(pk=row.recipient_id, is_active=True).first()
    provider = Provider.objects.select_related("commune", "caf", "childminder__service").get(
        pk=row.object_id
    )
    if person is None or coordinates_childminder(person, provider):
        return  # she came back meanwhile
    send(
        row,
        person.email,
        TEMPLATE,
        subject="Une assistante maternelle a changé de commune",
        lead=f"{provider} accueille désormais à {provider.commune}.",
        text=f"{provider.childminder.service or provider.caf} coordonne ses accueils, ceux en "
        "cours compris. Vous n’avez rien à faire.",
        action_label="Voir votre réseau",
        action_url=link("families:network_list"),
        why="vous coordonniez cette assistante maternelle",
    )


@outbox.handler("families.childminder_moved_in")
def tell_new_coordination(row):
    """She arrives with what is running; in another Caf, to be asked if she wishes to join."""
    person = User.objects.filter(pk=row.recipient_id, is_active=True).first()
    provider = Provider.objects.select_related("commune", "childminder__service").get(
        pk=row.object_id
    )
    if person is None:
        return
    member = (
        NetworkMember.objects.visible_to(person)
        .filter(provider=provider)
        .exclude(status=NetworkMember.Status.LEFT)
    )
    text = "Ses accueils en cours continuent, sous votre coordination."
    if not member.exists():
        text += " Elle ne fait pas partie de votre réseau\xa0: demandez-lui si elle le souhaite."
    send_about(
        row,
        person,
        provider,
        subject="Une assistante maternelle arrive dans votre commune",
        lead=f"{provider} accueille désormais à {provider.commune}.",
        text=text,
    )
