"""The commitments of the charter, as the application asks for them and the reviewer reads them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Commitment:
    code: str
    title: str
    question: str
    reference: str


COMMITMENTS = [
    Commitment(
        "C1",
        "Besoins du territoire",
        "Comment partagez-vous le diagnostic des besoins et complétez-vous l’offre locale\xa0?",
        "Charte nationale",
    ),
    Commitment(
        "C2",
        "Partenariat avec l’insertion",
        "Avec quels partenaires de l’emploi travaillez-vous "
        "(France Travail, Mission Locale, Département), et comment\xa0?",
        "Charte nationale",
    ),
    Commitment(
        "C3",
        "Part d’enfants accueillis",
        "Quelle part d’enfants de parents en recherche active accueillez-vous, à quelles périodes, "
        "avec quelle attention aux familles monoparentales et aux quartiers prioritaires\xa0?",
        "CASF, art. L. 214-7, III\xa0; charte nationale",
    ),
    Commitment(
        "C4",
        "Accueil adapté aux familles",
        "Comment prenez-vous le temps d’accueillir, de familiariser l’enfant "
        "et de suivre les changements d’horaires\xa0?",
        "Charte nationale",
    ),
    Commitment(
        "C5",
        "Référent familles",
        "Quelle est la mission du référent familles que vous désignez\xa0?",
        "Charte nationale",
    ),
    Commitment(
        "C6",
        "Repérage et orientation",
        "Comment prenez-vous part au repérage et à l’orientation des parents\xa0?",
        "Instruction interministérielle de 2016",
    ),
    Commitment(
        "C7",
        "Place pérenne",
        "Comment gardez-vous une place durable "
        "quand le parent trouve un emploi ou une formation\xa0?",
        "Instruction interministérielle de 2016",
    ),
    Commitment(
        "C8",
        "Urgence et horaires atypiques",
        "Quels accueils d’urgence ou en horaires décalés pouvez-vous proposer\xa0?",
        "Fiche AISS/Cnaf",
    ),
    Commitment(
        "C9",
        "Accompagnement du projet",
        "Comment soutenez-vous chaque parent dans son projet d’emploi, "
        "avec un plan personnalisé\xa0?",
        "Fiche AISS/Cnaf",
    ),
    Commitment(
        "C10",
        "Temps de coordination",
        "Quel temps consacrez-vous au point régulier avec chaque famille "
        "et avec les partenaires\xa0?",
        "Fiche AISS/Cnaf",
    ),
    Commitment(
        "C11",
        "Réseau et bilan",
        "Comment répondez-vous aux orientations "
        "et participez-vous au réseau, aux réunions et au bilan annuel\xa0?",
        "Caf de Paris",
    ),
    Commitment(
        "C12",
        "Visibilité",
        "Acceptez-vous d’être signalé comme crèche Avip sur monenfant.fr, "
        "et qui tient la fiche à jour\xa0?",
        "monenfant.fr",
    ),
    Commitment(
        "C13",
        "Mêmes tarifs, même qualité",
        "Comment garantissez-vous le même tarif et la même qualité d’accueil "
        "que pour toute famille\xa0?",
        "Présentation nationale du label",
    ),
]

BY_CODE = {commitment.code: commitment for commitment in COMMITMENTS}
