"""Mails of ordinary life and of ends: a job said, an outcome awaited, a place kept, a question."""

from django.conf import settings
from django.urls import reverse

from avip import mail, outbox
from avip.templatetags.words import fr_date
from families.models import AvipContract, CorrectionRequest, Placement, Signatory
from families.notifications.referral_news import News
from families.wording import say_in_sms
from families.workflow import outcomes, work_checks
from partners.models import User

TEMPLATE = "families/email/referral_news"
FOLLOWS = "Vous recevez ce courriel parce que vous suivez ce contrat pour l’une de ses parties."
GAVE = (
    "Vous recevez ce courriel parce que vous avez donné cette adresse à votre conseiller. "
    "Si ce n’est pas vous, supprimez-le."
)


def _mail(row, person, news, path):
    context = {
        "news": news,
        "person": person,
        "action_label": news.action,
        "action_url": settings.BASE_URL + path,
        "action_before": news.before,
    }
    mail.send(mail.Mail(person.email, TEMPLATE, context), key=row.key)


def _contract_of(row):
    """The contract of this row, while the person it goes to may still see it."""
    person = User.objects.get(pk=row.recipient_id)
    seen = AvipContract.objects.visible_to(person).select_related("provider")
    return person, seen.filter(pk=row.object_id).first()


@outbox.handler("families.job_said")
def tell_job_said(row):
    """To the adviser: a family says it found work; confirm it with the family."""
    person, contract = _contract_of(row)
    if contract is None or contract.job_said_at is None or contract.job_confirmed_at:
        return
    news = News(
        "Une famille annonce un emploi",
        "Une famille que vous suivez a trouvé un emploi ou une formation.",
        f"Appelez-la, puis confirmez\xa0: le contrat continue, et {contract.provider.said} peut "
        "ensuite garder la place jusqu’à l’école.",
        "Confirmer",
        FOLLOWS,
    )
    _mail(row, person, news, reverse("families:job_confirm", args=[contract.pk]))


@outbox.handler("families.outcome_due")
def ask_for_outcome(row):
    """What became of the family is not known yet."""
    person, contract = _contract_of(row)
    if contract is None or not outcomes.waiting(AvipContract.objects.filter(pk=contract.pk)):
        return
    news = News(
        "L’issue d’un contrat reste à noter",
        f"Un contrat chez {contract.provider.public_name} a fini le {fr_date(contract.ended_on)}.",
        "Notez ce que devient la famille\xa0: une catégorie suffit, même «\xa0sans nouvelles\xa0».",
        "Noter l’issue",
        FOLLOWS,
    )
    _mail(row, person, news, reverse("families:outcome_record", args=[contract.pk]))


@outbox.handler("families.place_kept")
def tell_place_kept(row):
    """To the other professionals: the place goes on after the contract."""
    person = User.objects.get(pk=row.recipient_id)
    seen = Placement.objects.visible_to(person).select_related("provider", "contract")
    placement = seen.filter(pk=row.object_id, status=Placement.Status.KEPT).first()
    if placement is None:
        return
    news = News(
        "Une place est gardée jusqu’à l’école",
        f"{placement.provider.public_name} garde une place jusqu’au {fr_date(placement.end_on)}.",
        "L’accueil continue après le contrat. La famille en est prévenue.",
        "Voir le contrat",
        FOLLOWS,
    )
    _mail(row, person, news, placement.contract.get_absolute_url())


@outbox.handler("families.parent_place_kept")
def tell_parent_place_kept(row):
    """To the parent, by SMS, else by mail; neither name nor place."""
    signatory = Signatory.objects.select_related(
        "parent", "version__contract__adviser", "version__contract__agency"
    ).get(pk=row.object_id)
    contract, parent = signatory.version.contract, signatory.parent
    kept = contract.placements.filter(status=Placement.Status.KEPT).order_by("end_on").first()
    if kept is None:
        return
    phone = (contract.adviser and contract.adviser.phone) or contract.agency.phone
    said = f"votre place d’accueil est gardée jusqu’au {fr_date(kept.end_on)}"
    call = f" Une question : {phone}." if phone else ""
    if parent.phone:
        mail.send_sms(parent.phone, say_in_sms(f"Avip : {said}.{call}"))
    elif parent.email:
        _write_parent(
            row,
            parent,
            News(
                "Votre place est gardée",
                f"Bonne nouvelle\xa0: {said}.",
                f"Vous n’avez rien à faire. Cela seul ne change aucune allocation.{call}",
                "Retrouver ma page",
                GAVE,
            ),
            reverse("families:parent_lost"),
        )


@outbox.handler("families.parent_still_in_work")
def ask_parent_about_work(row):
    """One question, by mail else by SMS: a link that names nobody."""
    contract = AvipContract.objects.get(pk=row.object_id)
    if contract.still_in_work_on:
        return
    parent = contract.household.parents.filter(is_referring=True).first()
    path = reverse("families:work_answer", args=[work_checks.token_for(contract)])
    if parent and parent.email:
        news = News(
            "Une seule question",
            "Il y a quelques mois, votre enfant a été accueilli avec un contrat Avip.",
            "Êtes-vous toujours en emploi ou en formation\xa0? Un clic suffit pour répondre. "
            "Cela ne change rien à votre place ni à vos allocations.",
            "Répondre",
            GAVE,
        )
        _write_parent(row, parent, news, path)
    elif parent and parent.phone:
        asked = f"Avip : toujours en emploi ? {settings.BASE_URL}{path}"
        mail.send_sms(parent.phone, say_in_sms(asked))


@outbox.handler("families.correction_asked")
def tell_correction_asked(row):
    """To the adviser: something in a family's file is wrong, says the family."""
    person = User.objects.get(pk=row.recipient_id)
    correction = (
        CorrectionRequest.objects.visible_to(person).filter(pk=row.object_id, done_at=None).first()
    )
    if correction is None:
        return
    news = News(
        "Une famille demande une correction",
        "Une famille que vous suivez dit qu’une donnée de son dossier est fausse.",
        "Voyez avec elle ce qui est à corriger, corrigez le dossier, puis dites que c’est fait. "
        "Elle doit avoir une réponse dans le mois.",
        "Ouvrir le dossier",
        "Vous recevez ce courriel parce que vous suivez cette famille.",
    )
    _mail(row, person, news, correction.household.get_absolute_url())


def _write_parent(row, parent, news, path):
    context = {
        "news": news,
        "action_label": news.action,
        "action_url": settings.BASE_URL + path,
    }
    mail.send(mail.Mail(parent.email, TEMPLATE, context), key=row.key)
