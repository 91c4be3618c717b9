"""The question sent to a childminder, her answer told to her coordination, the end of a licence."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from avip import jobs, mail, outbox
from avip.jobs import SCHEDULES
from avip.templatetags.words import fr_date
from labels.ending import CATCH_UP_DAYS, latest_due
from labels.models import NetworkMember
from labels.notifications import coordination_of, link, people_of_childminder, send, tell
from labels.permissions import coordinates_member
from labels.workflow.network import question_token, way_to_ask
from partners.models import Provider, User

N = NetworkMember.Status
TEMPLATE = "labels/email/network"


@outbox.handler("labels.network_question")
def send_question(row):
    """« Souhaitez-vous rejoindre le réseau ? », by mail or SMS; nothing once she has answered."""
    member = NetworkMember.objects.select_related("provider__childminder__service", "caf").get(
        pk=row.object_id
    )
    if member.status != N.ASKED or not row.key.endswith(f":{member.ask_generation}"):
        return
    address = settings.BASE_URL + reverse("labels:network_question", args=[question_token(member)])
    way, who = way_to_ask(member.provider), asker_of(member)
    if way == "sms":
        mail.send_sms(
            member.provider.phone,
            f"Avip : souhaitez-vous rejoindre le réseau d'assistantes maternelles ? {address}",
        )
    elif way:
        send(
            row,
            member.provider.email,
            TEMPLATE,
            subject="Une question pour vous",
            lead=f"{who} vous demande si vous souhaitez rejoindre le réseau "
            "d’assistantes maternelles du label Avip.",
            text="La page dit en quelques lignes ce que cela change et ne change pas. Vous "
            "répondez oui ou non d’un geste, et pouvez changer d’avis.",
            action_label="Lire et répondre",
            action_before=f"Ce lien sert jusqu’au {fr_date(member.ask_expires_at)}.",
            action_url=address,
            why=f"{who} connaît votre adresse comme assistante maternelle",
        )


def asker_of(member) -> str:
    """Who asks: her coordinating service, or the Caf where there is none."""
    return str(member.provider.childminder.service or member.caf)


@outbox.handler("labels.network_wish")
def tell_wish(row):
    """She said yes by her link: her coordination checks her licence next."""
    member = NetworkMember.objects.select_related("provider__childminder", "caf").get(
        pk=row.object_id
    )
    person = User.objects.filter(pk=row.recipient_id, is_active=True).first()
    if person is None or member.status != N.WISH:
        return
    send_about(
        row,
        person,
        member.provider,
        subject="Une assistante maternelle souhaite rejoindre le réseau",
        lead=f"{member.provider} souhaite rejoindre le réseau.",
        text="Vérifiez son agrément, puis faites-la entrer.",
        action_label="Vérifier son agrément",
    )


def send_about(row, person, provider, *, subject, lead, text, action_label="Voir sa page"):
    """A mail about a childminder to one person who may see her page."""
    if not Provider.objects.visible_to(person).filter(pk=provider.pk).exists():
        return
    send(
        row,
        person.email,
        TEMPLATE,
        subject=subject,
        lead=lead,
        text=text,
        action_label=action_label,
        action_url=link("families:provider_detail", provider.pk),
        why="vous suivez le réseau d’assistantes maternelles, ou en êtes membre",
    )


@jobs.daily("labels.licence_warnings")
def warn_of_licences(on):
    """Six months before the end of a member's licence, then closer, until the day after it.

    After some days without a machine, the latest warning alone leaves.
    """
    furthest = on + relativedelta(months=max(SCHEDULES["licence_end_warning_months"]), days=4)
    members = NetworkMember.objects.filter(
        status=N.MEMBER,
        provider__childminder__licence_until__range=(on - timedelta(days=CATCH_UP_DAYS), furthest),
    ).select_related("provider__childminder", "caf")
    told = 0
    for member in members.order_by("pk"):
        until = member.provider.childminder.licence_until
        since = timezone.localtime(member.created_at).date()
        if name := latest_due(licence_warnings(until), on, since):
            people = {
                person.pk: person
                for person in [
                    *people_of_childminder(member.provider, on),
                    *coordination_of(member.provider, on),
                ]
            }
            with transaction.atomic():
                key = f"{member.pk}:{until}:{name}"
                tell("labels.licence_ending", member, people.values(), key=key)
            told += 1
    return f"{told} fins d’agrément annoncées"


def licence_warnings(until):
    """When the end of a licence is announced: [(day, name)], the earliest first."""
    months = [
        (until - relativedelta(months=count), f"m{count}")
        for count in SCHEDULES["licence_end_warning_months"]
    ]
    days = [
        (until - timedelta(days=count), f"d{count}")
        for count in SCHEDULES["licence_end_warning_days"]
    ]
    return sorted([*months, *days])


@outbox.handler("labels.licence_ending")
def tell_licence_ending(row):
    """To her and to her coordination; the wording is that of the day it leaves."""
    member = NetworkMember.objects.select_related("provider__childminder", "caf").get(
        pk=row.object_id
    )
    person = User.objects.filter(pk=row.recipient_id, is_active=True).first()
    until = member.provider.childminder.licence_until
    if person is None or member.status != N.MEMBER or str(until) not in row.key:
        return  # renewed meanwhile, or she has left
    over, hers = until < timezone.localdate(), not coordinates_member(person, member)
    whose = "Votre agrément" if hers else f"L’agrément de {member.provider}"
    running = "Les accueils en cours continuent" + (
        "\xa0; aucune nouvelle famille ne peut vous être confiée."
        if hers
        else "\xa0; aucune nouvelle famille ne peut lui être confiée."
    )
    renewed = (
        "Dès qu’il est renouvelé, donnez ses nouvelles dates à votre coordination."
        if hers
        else "Dès qu’il est renouvelé, notez ses nouvelles dates sur sa page."
    )
    send_about(
        row,
        person,
        member.provider,
        subject="Un agrément est fini" if over else "Un agrément finit bientôt",
        lead=f"{whose} {'a fini' if over else 'finit'} le {fr_date(until)}.",
        text=f"{running} {renewed}" if over else renewed,
    )
