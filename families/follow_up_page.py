"""What the page of a contract says of its ordinary life: who talks with whom, what comes after."""

from datetime import date

from avip.templatetags.words import and_list, count_of, fr_date, fr_datetime, fr_month
from families.models import AvipContract, Placement
from families.permissions import manages, takes_part
from families.workflow import endings, reviews, work_checks
from labels.rules import rules_for
from partners.permissions import is_adviser, is_hijacked

Contract, Care = AvipContract.Status, Placement.Status


def follow_up_of(contract, user, on: date) -> dict | None:
    """For `_contract_follow_up.html`; None for whoever is no party, or before the contract runs."""
    lived = (Contract.ACTIVE, Contract.ENDED, Contract.TERMINATED)
    if not takes_part(user, contract) or contract.status not in lived:
        return None
    acts = not is_hijacked(user)
    agency = is_adviser(user, contract)
    kept = [placement for placement in contract.placements.all() if placement.status == Care.KEPT]
    return {
        "runs": contract.status == Contract.ACTIVE,
        "agency": agency,
        "acts": acts,
        # Interviews are read by the agency alone.
        "interviews": [
            (interview, say_interview(interview)) for interview in contract.interviews.all()
        ]
        if agency
        else [],
        "points": and_list([fr_date(p.held_on) for p in contract.coordination_points.all()]),
        "months": and_list([fr_month(t.month) for t in reversed(contract.ticks.all())]),
        "review_rows": reviews.rows_of(contract) if shows_review(contract, on) else [],
        "gives_opinion": acts and bool(reviews.parts_of(user, contract)),
        "review_open": reviews.is_due(contract, on),
        "job_waits": contract.job_said_at and not contract.job_confirmed_at and agency,
        "job": job_words(contract),
        "kept": [f"{p.child.first_name}, jusqu’au {fr_date(p.end_on)}" for p in kept],
        "leaves": acts and kept and manages(user, contract.provider),
        "may_keep": acts and manages(user, contract.provider) and bool(to_keep(contract, on)),
        "work_asked": agency
        and acts
        and "still_in_work" in work_checks.CHECK.available(contract, user, on),
        "work": work_words(contract),
    }


def shows_review(contract, on) -> bool:
    """Near the end, or as soon as somebody has said something."""
    return reviews.is_due(contract, on) or hasattr(contract, "review")


def say_interview(interview) -> str:
    """« 3 mars 2026 : a eu lieu, suite : travailler le CV »."""
    if interview.was_held is None:
        return f"prévu le {fr_datetime(interview.planned_at)}"
    held = "a eu lieu" if interview.was_held else "n’a pas eu lieu"
    step = interview.get_next_step_display()
    return f"{fr_date(interview.held_on)}\xa0: {held}" + (f", suite\xa0: {step}" if step else "")


def job_words(contract) -> str:
    """What is known of a job said by the family."""
    if contract.job_confirmed_at:
        return f"Emploi confirmé le {fr_date(contract.job_confirmed_at)}. Le contrat continue."
    if contract.job_said_at:
        return f"La famille a annoncé un emploi le {fr_date(contract.job_said_at)}."
    return ""


def work_words(contract) -> str:
    """What became of the job six months later."""
    if not contract.still_in_work_on:
        return ""
    word = {True: "oui", False: "non", None: "on ne sait pas"}[contract.still_in_work]
    return f"{word}, le {fr_date(contract.still_in_work_on)}"


def to_keep(contract, on: date) -> list:
    """[(placement, until)]: the children whose place may become permanent."""
    if contract.status == Contract.ACTIVE and contract.job_confirmed_at is None:
        return []  # whatever the rules, which need not be read
    if not endings.may_be_kept(contract, rules_for(contract.caf, on)):
        return []
    rows = contract.placements.filter(status__in=[Care.RUNNING, Care.ENDED])
    found = [
        (placement, endings.kept_until(placement, on))
        for placement in rows.select_related("child", "caf", "provider")
    ]
    return [(placement, until) for placement, until in found if until > on]


def say_ticked(count: int, month: date) -> str:
    """After the press."""
    families = count_of(count, "famille suivie,familles suivies")
    return f"C’est noté pour {fr_month(month)}\xa0: {families}."
