"""What each kind of dossier asks for: its sections and its documents."""

from labels.models import LabelApplication, SupportingDocument

Kind, Block, Document = LabelApplication.Kind, LabelApplication.Block, SupportingDocument.Kind

SECTIONS = {
    "identite": "La crèche",
    "gestionnaire": "Gestionnaire et direction",
    "capacite": "Places et enfants accueillis",
    "horaires": "Horaires d’ouverture",
    "engagements": "Engagements de la charte",
    "referent": "Référent familles",
    "documents": "Pièces à joindre",
}

SECTION_OF_BLOCK = {
    Block.CAPACITY: "capacite",
    Block.HOURS: "horaires",
    Block.MANAGER: "gestionnaire",
    Block.REFERENT: "referent",
}

# CASF, art. L. 214-7, III: both documents provide for the children of parents in search of work.
BY_LAW = (Document.PROJECT, Document.RULES)
HELPFUL = (Document.AUTHORISATION, Document.PARTNERSHIP)

IDENTITY_FIELDS = ("facility_name", "siret", "address", "facility_type", "funding", "in_qpv")
FIELDS_OF_BLOCK = {
    Block.CAPACITY: (
        "licensed_capacity",
        "planned_children",
        "planned_avip_children",
        "planned_periods",
    ),
    Block.HOURS: ("open_days", "opens", "closes"),
    Block.MANAGER: ("operator_name", "operator_siren", "director_name"),
    Block.REFERENT: ("family_referent_name", "family_referent_role"),
}

DOCUMENT_OF_BLOCK = {
    Block.CAPACITY: Document.AUTHORISATION,
    Block.HOURS: Document.RULES,
    Block.MANAGER: Document.STATUTES,
}


def sections_of(application) -> dict:
    """{name: title} of the sections that open, in order; an amendment opens what was ticked."""
    if application.kind != Kind.AMENDMENT:
        return SECTIONS
    names = {SECTION_OF_BLOCK[block] for block in application.blocks}
    if required_documents(application):
        names.add("documents")
    return {name: title for name, title in SECTIONS.items() if name in names}


def fields_of(application) -> tuple:
    """The answers that this dossier changes: all of them, or those of the ticked blocks."""
    amends = application.kind == Kind.AMENDMENT
    changed = [
        name
        for block, names in FIELDS_OF_BLOCK.items()
        if not amends or block in application.blocks
        for name in names
    ]
    return tuple(changed) if amends else (*IDENTITY_FIELDS, *changed)


def required_documents(application) -> tuple:
    """The documents without which the dossier is not handed over."""
    if application.kind != Kind.AMENDMENT:
        return BY_LAW
    return tuple(
        document for block, document in DOCUMENT_OF_BLOCK.items() if block in application.blocks
    )


def accepted_documents(application) -> tuple:
    """Those asked for, then those that help the reviewer."""
    required = required_documents(application)
    return (*required, *(document for document in HELPFUL if document not in required))
