"""Labels that change, and how the Caf presents its own: amendments, questions, calls."""

from datetime import time, timedelta

from labels import filing, workflow
from labels.checklist import BY_LAW, required_documents
from labels.models import CallForProjects, LabelApplication, PublicQuestion
from reporting.demo import names
from reporting.demo.review_tales import at_ten

Proposal = LabelApplication.Proposal


def _amendment(story, provider, day, blocks, values):
    """A crèche labelled a year before asks to change these blocks of its dossier."""
    story.decided(provider, day - timedelta(days=365))
    director, at = story.world.directors[provider.pk], at_ten(day)
    kind = LabelApplication.Kind.AMENDMENT
    application = filing.open_application(
        provider, kind=kind, blocks=blocks, by=director, on=day, at=at
    )
    writing = {"by": director, "seen": None, "at": at}
    filing.save_section(application, values=values, **writing)
    paper = story.files[BY_LAW[0]]
    files = dict.fromkeys(required_documents(application), paper)
    filing.save_documents(application, files=files, **writing)
    return application


def amended(story, provider, today):
    """More places: submitted, reviewed, granted."""
    day = today - timedelta(days=70)
    places = provider.facility.licensed_capacity + 6
    application = _amendment(
        story,
        provider,
        day,
        ["capacity"],
        {"licensed_capacity": places, "planned_children": places},
    )
    workflow.submit(application, by=story.world.directors[provider.pk], on=day, at=at_ten(day))
    review = {"by": story.world.officer, "on": day + timedelta(days=4)}
    review["at"] = at_ten(review["on"])
    workflow.start_review(application, **review)
    workflow.declare_ready(
        application, proposal=Proposal.GRANT, reasons="Autorisation jointe.", **review
    )
    decided = day + timedelta(days=20)
    workflow.record_decision(
        application,
        by=story.world.manager,
        on=decided,
        at=at_ten(decided),
        decision=Proposal.GRANT,
        reasons="Avis favorable du comité.",
        decided_on=decided,
    )


def amending(story, provider, today):
    """Longer hours and another référent: begun, not handed over yet."""
    hours = {"opens": time(7), "closes": time(19), "open_days": [0, 1, 2, 3, 4]}
    _amendment(story, provider, today - timedelta(days=6), ["hours", "referent"], hours)


def public_page(caf, today):
    """The Caf's answers to what crèches ask, a call that is over and the one to come."""
    for position, (question, answer) in enumerate(names.QUESTIONS):
        PublicQuestion.objects.create(caf=caf, position=position, question=question, answer=answer)
    for days, title in [(-300, "Premier appel à projets"), (45, "Quartiers du nord-est")]:
        opens_on = today + timedelta(days=days)
        CallForProjects.objects.create(
            caf=caf,
            title=title,
            text="Les crèches des quartiers prioritaires sont attendues en premier.",
            opens_on=opens_on,
            closes_on=opens_on + timedelta(days=60),
        )
