"""Two families, three places, two agencies and a clock: every act, in any order, by Hypothesis.

One instance lives in a savepoint: what it did is undone, the world it began with stays.
"""

from contextlib import ExitStack
from datetime import UTC, datetime, time, timedelta
from functools import wraps

from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from avip.workflow import StepRefused
from families import follow_up_jobs, nightly, signing
from families.models import (
    AvipContract,
    Channel,
    ContractVersion,
    Household,
    Placement,
    ReferentChange,
    Referral,
    Signatory,
    Signature,
)
from families.parties import code_channel, link_channels
from families.workflow import adjustments, contracts, endings, outcomes, referents, referrals
from families.workflow.no_shows import no_show
from families.workflow.revisions import revise, withdraw_revision
from tests.families import factories as f
from tests.families import truths
from tests.families.crossroads import same_identifiers

Contract, Version, Method = AvipContract.Status, ContractVersion.Status, Signature.Method
NIGHTLY = (
    nightly.begin_placements,
    nightly.end_contracts,
    nightly.lapse_contracts,
    nightly.recall_unsigned,
    follow_up_jobs.end_care,
    follow_up_jobs.remind_of_outcomes,
    follow_up_jobs.ask_about_work,
)
WEEKS = [
    f.NEED,
    [(1, time(8, 30), time(17))],
    [(1, time(9), time(13))],
    [(1, time(9), time(11)), (3, time(9), time(11))],
    [(0, time(8, 30), time(17)), (2, time(8, 30), time(17)), (4, time(8, 30), time(12))],
]
SOME = st.integers(0, 5)
PHONES = ["0600000001", "0600000002", ""]


def seen(*what):
    """Only while such a thing exists, as the last look at the truths found it."""
    return precondition(lambda self: self.seen.intersection(what))


def act(method):
    """One step of the machine: counted; refused in words is an answer, anything else a bug."""

    @wraps(method)
    def run(self, *args, **kwargs):
        self.at += timedelta(minutes=1)
        try:
            with transaction.atomic():
                if method(self, *args, **kwargs) is False:
                    return  # nothing there to act on: no step
            type(self).taken += 1
            self.moved = True
        except StepRefused as refusal:
            assert refusal.reasons and all(refusal.reasons)
        type(self).steps += 1

    return run


class ContractMachine(RuleBasedStateMachine):
    """The life of the contracts of two families."""

    world = None
    steps = taken = 0

    def __init__(self):
        super().__init__()
        self.undone = ExitStack()
        self.undone.enter_context(transaction.atomic())
        self.undone.enter_context(same_identifiers(seed=2))
        self.on = f.ON
        self.at = f.AT
        self.tabs = []
        self.seen = set()
        self.moved = True

    def teardown(self):
        connection.check_constraints()
        transaction.set_rollback(True)
        self.undone.close()

    # Who acts.

    def pick(self, rows, n):
        rows = list(rows.order_by("pk") if hasattr(rows, "order_by") else rows)
        return rows[n % len(rows)] if rows else None

    def contract(self, n, *statuses):
        rows = AvipContract.objects.order_by("created_at", "pk")
        rows = list(rows.filter(status__in=statuses) if statuses else rows)
        return rows[n % len(rows)] if rows else None

    def member(self, contract, n=0):
        """Somebody of a party: the adviser's side, or who gives care."""
        if n % 2:
            return self.world.people[contract.provider_id]
        return self.world.advisers[contract.agency_id]

    def when(self):
        return {"on": self.on, "at": self.at}

    # The request.

    @rule(who=SOME, where=SOME, siblings=st.booleans(), week=SOME, ahead=st.sampled_from([0, 3, 8]))
    @act
    def a_family_gets_a_place(self, who, where, siblings, week, ahead):
        household = Household.objects.get(pk=self.pick(self.world.households, who).pk)
        children = household.children.all() if siblings else household.children.all()[:1]
        if Referral.objects.filter(household=household).count() > 5:
            return False
        provider = self.pick(self.world.providers, where)
        monday = self.on + timedelta(days=ahead * 7 - self.on.weekday() + (7 if not ahead else 0))
        f.make_referral(
            "confirmed",
            provider=provider,
            household=household,
            adviser=self.world.advisers[household.agency_id],
            children=children,
            slots=None if provider.is_childminder else WEEKS[week % len(WEEKS)],
            from_on=monday,
            on=self.on,
            at=self.at,
        )

    @seen("confirmed", "placed")
    @rule(n=SOME, how=st.sampled_from(["decline", "cancel", "no_show"]), side=SOME)
    @act
    def a_place_falls(self, n, how, side):
        referral = self.pick(Referral.objects.filter(status__in=["confirmed", "placed"]), n)
        if referral is None:
            return False
        adviser = self.world.advisers[referral.agency_id]
        if how == "no_show":
            by = self.world.people[referral.provider_id] if side % 2 else adviser
            no_show(referral, by=by, **self.when())
        else:
            getattr(referrals, how)(referral, by=adviser, **self.when())

    # The text.

    @seen("to propose")
    @rule(
        n=SOME, late=st.sampled_from([0, 0, 0, 7, 35]), week=SOME, settling=st.sampled_from([0, 3])
    )
    @act
    def somebody_proposes(self, n, late, week, settling):
        referral = self.pick(Referral.objects.filter(status="confirmed"), n)
        if referral is None:
            return False
        contracts.propose(
            referral,
            by=self.member(referral, n),
            start_on=referral.from_on + timedelta(days=late),
            slots=self.slots_of(referral, week),
            envelope_minutes=24 * 60,
            settling_in_days=settling,
            **self.when(),
        )

    def slots_of(self, referral, week):
        asked = [(s.weekday, s.starts, s.ends) for s in referral.slots.all()]
        return asked if week % 2 else WEEKS[week % len(WEEKS)]

    @seen("to_sign", "active")
    @rule(
        n=SOME, side=SOME, week=SOME, later=st.sampled_from([None, None, 10]), stale=st.booleans()
    )
    @act
    def somebody_revises(self, n, side, week, later, stale):
        contract = self.contract(n, Contract.TO_SIGN, Contract.ACTIVE)
        if contract is None:
            return False
        first = max(contract.start_on, self.on)
        revise(
            contract,
            by=self.member(contract, side),
            slots=WEEKS[week % len(WEEKS)],
            envelope_minutes=24 * 60,
            from_on=first + timedelta(days=later) if later else None,
            seen=contract.revision - 1 if stale else contract.revision,
            **self.when(),
        )
        assert not stale, "a page of another day was believed"

    @seen("new text")
    @rule(n=SOME, side=SOME)
    @act
    def somebody_gives_the_new_text_up(self, n, side):
        contract = self.contract(n, Contract.ACTIVE)
        if contract is None:
            return False
        withdraw_revision(contract, by=self.member(contract, side), **self.when())

    @seen("active", "ended")
    @rule(n=SOME, side=SOME)
    @act
    def somebody_renews(self, n, side):
        contract = self.contract(n, Contract.ACTIVE, Contract.ENDED)
        if contract is None:
            return False
        contracts.renew(contract, by=self.member(contract, side), **self.when())

    # The signatures.

    def page(self, n, which, how):
        """Any party of any text that waits; None when none does."""
        version = self.pick(ContractVersion.objects.filter(status=Version.TO_SIGN), n)
        return version and self.page_of(self.pick(version.signatories.all(), which), how)

    def page_of(self, signatory, how):
        """What somebody has under the eyes: a text, a signatory, a way to sign."""
        version = signatory.version
        by, method, facts = self.member(version.contract), Method.ACCOUNT, {}
        if signatory.role == Signatory.Role.PARENT:
            method = list(Method)[1 + how % 4]
        elif signatory.role == Signatory.Role.CARE:
            by = self.world.people[version.contract.provider_id]
            if version.contract.provider.is_childminder:
                method = Method.ON_SITE_ATTESTED
        if method == Method.PAPER:
            facts["scan"] = self.world.scan
        if method in (Method.ON_SITE_CODE, Method.LINK_CODE):
            facts["code"], link = self.prove(version, signatory, method, by)
            by = link or by
        return version.pk, signatory.pk, method, version.text_sha256, by, facts

    def prove(self, version, signatory, method, by):
        link, channel = None, Channel.SMS
        if method == Method.LINK_CODE:
            by_mail = next(iter(link_channels(signatory.parent)), Channel.EMAIL)
            link = signing.issue_link(
                version.contract, signatory.parent, channel=by_mail, by=by, at=self.at
            )
            channel, by = code_channel(by_mail), None
        code = signing.send_code(signatory, channel=channel, by=by, at=self.at, link=link)
        assert signing.try_code(code, signing.code_digits(code), at=self.at) == ""
        code.refresh_from_db()
        return code, link

    def press(self, version, signatory, method, text, by, facts):
        if method == Method.LINK_CODE:
            by.refresh_from_db()
        contracts.sign(
            ContractVersion.objects.get(pk=version),
            signatory=Signatory.objects.get(pk=signatory),
            method=method,
            text_sha256=text,
            by=by,
            **facts,
            **self.when(),
        )

    @seen("text to sign")
    @rule(n=SOME, which=SOME, how=SOME)
    @act
    def one_party_signs(self, n, which, how):
        page = self.page(n, which, how)
        if page is None:
            return False
        self.press(*page)

    @seen("text to sign")
    @rule(n=SOME, how=SOME)
    @act
    def all_parties_sign(self, n, how):
        version = self.pick(ContractVersion.objects.filter(status=Version.TO_SIGN), n)
        if version is None:
            return False
        for signatory in version.signatories.filter(signature=None).order_by("pk"):
            self.press(*self.page_of(signatory, how))

    @seen("text to sign")
    @rule(n=SOME, which=SOME, how=SOME)
    @act
    def a_tab_is_left_open(self, n, which, how):
        if page := self.page(n, which, how):
            self.tabs.append(page)

    @precondition(lambda self: self.tabs)
    @rule(n=SOME, text=st.sampled_from(["read", "read", "another"]))
    @act
    def an_old_tab_is_pressed(self, n, text):
        version, signatory, method, read, by, facts = self.tabs[n % len(self.tabs)]
        before = Signature.objects.filter(signatory=signatory).exists()
        if not self.is_still_theirs(version, by):
            return False
        self.press(version, signatory, method, read if text == "read" else "0" * 64, by, facts)
        assert text == "read", "a text that nobody wrote was signed"
        live = ContractVersion.objects.get(pk=version).status
        assert before or live in (Version.TO_SIGN, Version.IN_FORCE)

    def is_still_theirs(self, version, by):
        contract = AvipContract.objects.get(versions=version)
        mine = {self.world.people[contract.provider_id].pk}
        mine.add(self.world.advisers[contract.agency_id].pk)
        return not hasattr(by, "memberships") or by.pk in mine

    @rule(n=SOME, phone=st.sampled_from(PHONES))
    @act
    def a_number_is_corrected(self, n, phone):
        household = self.pick(self.world.households, n)
        parent = self.pick(household.parents.all(), n)
        signed = Signature.objects.count()
        parent.phone = phone
        parent.save(update_fields=["phone"])
        signing.contact_corrected(parent, at=self.at)
        assert not parent.links.filter(revoked_at=None).exists()
        assert Signature.objects.count() == signed

    # Ordinary life.

    @seen("active")
    @rule(
        n=SOME,
        side=SOME,
        week=SOME,
        ahead=st.sampled_from([0, 3, 20]),
        length=st.sampled_from([None, 7]),
    )
    @act
    def hours_are_adjusted(self, n, side, week, ahead, length):
        contract = self.contract(n, Contract.ACTIVE)
        if contract is None:
            return False
        first = max(contract.start_on, self.on) + timedelta(days=ahead)
        until = first + timedelta(days=length) if length else None
        slots = WEEKS[week % len(WEEKS)]
        adjustments.adjust(
            contract, slots, first, until, by=self.member(contract, side), **self.when()
        )

    @seen("adjusted")
    @rule(n=SOME, side=SOME)
    @act
    def an_adjustment_is_taken_back(self, n, side):
        contract = self.contract(n, Contract.ACTIVE)
        adjustment = contract and self.pick(contract.adjustments.filter(cancelled_at=None), n)
        if not adjustment:
            return False
        adjustments.cancel_adjustment(adjustment, by=self.member(contract, side), **self.when())

    @seen("active")
    @rule(n=SOME, side=SOME)
    @act
    def another_agency_is_asked(self, n, side):
        contract = self.contract(n, Contract.ACTIVE)
        if contract is None:
            return False
        other = next(a for a in self.world.agencies if a.pk != contract.agency_id)
        by = self.member(contract, side)
        referents.propose_change(contract, to_agency=other, reason="moved", by=by, **self.when())

    @seen("agency asked")
    @rule(n=SOME, answer=st.sampled_from(["accept", "accept", "decline", "cancel"]))
    @act
    def the_other_agency_answers(self, n, answer):
        change = self.pick(ReferentChange.objects.filter(status="proposed"), n)
        if change is None:
            return False
        adviser = self.world.advisers[change.to_agency_id]
        if answer == "accept":
            text = referents.sha256_of(referents.frozen_text(change))
            referents.accept_change(change, text_sha256=text, by=adviser, **self.when())
        elif answer == "decline":
            referents.decline_change(change, by=adviser, **self.when())
        else:
            referents.cancel_change(change, by=change.asked_by, **self.when())

    @seen("active")
    @rule(n=SOME)
    @act
    def a_job_is_found(self, n):
        contract = self.contract(n, Contract.ACTIVE)
        if contract is None:
            return False
        adviser = self.member(contract)
        endings.say_job(contract, by=adviser, **self.when())
        if n % 2:
            endings.confirm_job(contract, by=adviser, kind=endings.JOB, **self.when())

    # The end.

    @seen("to_sign")
    @rule(n=SOME, side=SOME)
    @act
    def a_contract_not_signed_is_given_up(self, n, side):
        contract = self.contract(n, Contract.TO_SIGN)
        if contract is None:
            return False
        contracts.cancel(contract, by=self.member(contract, side), **self.when())

    @seen("active")
    @rule(n=SOME, side=SOME, notice=st.sampled_from([0, 0, 10]))
    @act
    def a_contract_is_stopped(self, n, side, notice):
        contract = self.contract(n, Contract.ACTIVE)
        if contract is None:
            return False
        contracts.terminate(
            contract,
            by=self.member(contract, side),
            reason="déménagement",
            last_day=self.on + timedelta(days=notice) if notice else None,
            **self.when(),
        )

    @seen("ended", "terminated")
    @rule(n=SOME, side=SOME, outcome=st.sampled_from(["cdi", "none", "moved"]))
    @act
    def an_outcome_is_noted(self, n, side, outcome):
        contract = self.contract(n, Contract.ENDED, Contract.TERMINATED)
        if contract is None:
            return False
        by = self.member(contract, side)
        outcomes.record(contract, by=by, outcome=outcome, **self.when())

    @seen("placed")
    @rule(n=SOME, months=st.sampled_from([1, 6]))
    @act
    def a_place_is_kept(self, n, months):
        placement = self.pick(Placement.objects.filter(status__in=["running", "ended"]), n)
        if placement is None:
            return False
        by = self.world.people[placement.provider_id]
        until = endings.kept_until(placement, self.on)
        contracts.keep_place(placement, by=by, until=until, **self.when())

    @seen("kept")
    @rule(n=SOME)
    @act
    def a_kept_place_is_left(self, n):
        placement = self.pick(Placement.objects.filter(status="kept"), n)
        if placement is None:
            return False
        by = self.member(placement.contract, n)
        endings.leave_place(placement, by=by, **self.when())

    # The clock.

    @rule(days=st.sampled_from([1, 2, 5, 7, 20, 32, 45, 91]))
    @act
    def days_pass(self, days):
        self.on += timedelta(days=days)
        self.at = datetime(self.on.year, self.on.month, self.on.day, 9, 0, tzinfo=UTC)
        for job in NIGHTLY:
            job(self.on)
        truths.nothing_is_late(self.on)

    @invariant()
    def the_truths_hold(self):
        if self.moved:
            self.seen, self.moved = truths.all_hold(self.on), False
