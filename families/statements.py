"""« Relevé du mois » of a childminder: rendered once when her month is locked, then served."""

from avip import outbox
from avip.models import Document
from avip.pdf import render_pdf
from avip.templatetags.words import fr_date, fr_month
from avip.workflow import edit
from families.hours_page import gauge
from families.models import MonthlyDeclaration, Parent
from families.workflow.declarations import lines_of
from labels.rules import rules_for
from partners.calendars import month_bounds


def statement_context(declaration) -> dict:
    """What the statement prints: hours by family, the cap, closures, who declared and when."""
    provider = declaration.provider
    first, last = month_bounds(declaration.month)
    rules = rules_for(declaration.caf, last)
    families = _families(declaration)
    declared = sum(family["declared"] for family in families)
    signed = declaration.history.filter(step="submit").select_related("user").last()
    return {
        "title": "Relevé du mois",
        "subtitle": f"{fr_month(first).capitalize()}, heures d’accueil au titre du label",
        "caf": declaration.caf,
        "declaration": declaration,
        "provider": provider,
        "service": provider.childminder.service,
        "families": families,
        "planned": sum(family["planned"] for family in families),
        "declared": declared,
        "before_signature": sum(family["before"] for family in families),
        "gauge": gauge(declared, rules.childminder_hours_month_cap),
        "cap": rules.entry("childminder_hours_month_cap"),
        "closures": [
            closure
            for closure in provider.closures.all()
            if closure.first_day <= last and closure.last_day >= first
        ],
        "declared_on": fr_date(declaration.submitted_at),
        "declared_by": signed.by if signed else "",
        "amended_on": fr_date(getattr(declaration.amendments.last(), "made_at", None)),
    }


def _families(declaration):
    """The lines of each family together, by the short name of its referring parent."""
    found = {}
    for line in lines_of(declaration):
        household = line.placement.child.household_id
        family = found.setdefault(
            household, {"children": [], "planned": 0, "declared": 0, "before": 0}
        )
        family["children"].append(line.placement.child.first_name)
        family["planned"] += line.planned_minutes
        family["declared"] += line.declared_minutes
        family["before"] += line.before_signature_minutes
    parents = Parent.objects.filter(household__in=found, is_referring=True)
    names = {parent.household_id: parent.short_name for parent in parents}
    return [{"name": names.get(pk, "cette famille")} | family for pk, family in found.items()]


def make_statement(declaration):
    """The PDF of a locked month, made once: another run finds it there."""
    if declaration.statement_id:
        return
    data = render_pdf("families/pdf/statement.html", statement_context(declaration))
    with edit(declaration, by=None, seen=None, fields=["statement"]):
        if declaration.statement_id is None:
            declaration.statement = Document.objects.write(
                filename=f"releve-{declaration.month:%Y-%m}.pdf", data=data
            )


@outbox.handler("families.month_statement")
def deliver_statement(row):
    """The statement of the month of this row."""
    declarations = MonthlyDeclaration.objects.select_related(
        "caf", "provider__caf", "provider__commune", "provider__childminder__service"
    )
    make_statement(declarations.get(pk=row.object_id))
