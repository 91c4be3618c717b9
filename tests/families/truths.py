"""What is true of every contract after any act: read from the database, by its own means."""

from datetime import timedelta
from hashlib import sha256
from itertools import combinations, pairwise

from avip.jobs import SCHEDULES
from families.models import AvipContract, ContractVersion, Hold, Placement, Referral, Signatory
from families.places import keys_of

Contract, Version, Care = AvipContract.Status, ContractVersion.Status, Placement.Status
LIVE = {Contract.TO_SIGN, Contract.ACTIVE}
OVER = {Contract.ENDED, Contract.TERMINATED}
ROLES = set(Signatory.Role.values)


def all_hold(on):
    """Every truth of this file, on that day; what there is to act on, in words."""
    contracts = list(
        AvipContract.objects.select_related("previous", "referral").prefetch_related(
            "history", "children", "placements__history", "versions__history",
            "versions__signatories__signature", "versions__slots", "renewals",
            "versions__signatories__signature__user__memberships__agency",
            "adjustments", "referent_changes",
        )
    )  # fmt: skip
    for contract in contracts:
        texts_are_signed_by_all(contract)
        one_text_at_a_time(contract)
        chain_is_in_order(contract)
        history_tells_the_status(contract)
        care_follows_the_contract(contract, on)
    holds_have_an_owner(on)
    places_are_held(contracts, on)
    one_place_per_child()
    asked = list(Referral.objects.prefetch_related("history"))
    for referral in asked:
        history_tells_the_status(referral)
    return what_there_is(contracts, asked)


def what_there_is(contracts, referrals) -> set:
    """The states met, and what waits for somebody."""
    found = {contract.status for contract in contracts}
    found |= {referral.status for referral in referrals}
    under_contract = {c.referral_id for c in contracts if c.status not in AvipContract.GIVEN_UP}
    for referral in referrals:
        if referral.status == Referral.Status.CONFIRMED and referral.pk not in under_contract:
            found.add("to propose")
    for contract in contracts:
        if any(version.status == Version.TO_SIGN for version in contract.versions.all()):
            found |= {"text to sign"}
            found |= {"new text"} if contract.status == Contract.ACTIVE else set()
        if contract.status == Contract.ACTIVE and contract.adjustments.all():
            found.add("adjusted")
        if any(change.status == "proposed" for change in contract.referent_changes.all()):
            found.add("agency asked")
        found |= {placement.status for placement in contract.placements.all()}
    return found


def texts_are_signed_by_all(contract):
    """In force, now or once: every listed signatory signed the very text that is printed."""
    for version in contract.versions.all():
        signatories = list(version.signatories.all())
        signed = [s for s in signatories if hasattr(s, "signature")]
        assert len(signed) == version.signatures_count
        for signatory in signed:
            assert signatory.signature.text_sha256 == version.text_sha256
            assert signatory.signature.version_id == version.pk
        assert version.text_sha256 == sha256(version.html.encode()).hexdigest()
        if version.status in (Version.IN_FORCE, Version.SUPERSEDED):
            assert len(signed) == len(signatories) == version.signatories_expected
            assert {s.role for s in signed} == ROLES
        for signatory in signed:
            if signatory.role == Signatory.Role.ADVISER:
                mine = signatory.signature.user.memberships.get().agency
                assert signatory.organisation == str(mine), "signed under another agency’s name"


def one_text_at_a_time(contract):
    """Never two in force nor two to sign; what the contract says is what its texts say."""
    by_status = [version.status for version in contract.versions.all()]
    in_force, to_sign = by_status.count(Version.IN_FORCE), by_status.count(Version.TO_SIGN)
    assert Version.DRAFT not in by_status
    expected = {
        Contract.TO_SIGN: (0, {1}),
        Contract.ACTIVE: (1, {0, 1}),
        Contract.ENDED: (1, {0}),
        Contract.TERMINATED: (1, {0}),
        Contract.CANCELLED: (0, {0}),
        Contract.LAPSED: (0, {0}),
    }[contract.status]
    assert (in_force, to_sign in expected[1]) == (expected[0], True)


def chain_is_in_order(contract):
    """Never a renewal beyond the stored number; it begins the day after, and follows once."""
    assert contract.number <= contract.renewals_allowed + 1
    live = [c for c in contract.renewals.all() if c.status not in AvipContract.GIVEN_UP]
    assert len(live) <= 1
    before = contract.previous
    if before is None:
        assert contract.number == 1
        return
    assert contract.number == before.number + 1
    assert contract.renewals_allowed == before.renewals_allowed
    assert contract.start_on == before.end_on + timedelta(days=1)
    if contract.status in LIVE:
        assert before.status in {Contract.ACTIVE, Contract.ENDED}, "follows a stopped contract"


def history_tells_the_status(dossier):
    """Each line begins where the one before ended, and the last one is where we are."""
    lines = sorted(dossier.history.all(), key=lambda line: line.pk)
    assert lines and lines[-1].target == dossier.status
    for before, after in pairwise(lines):
        assert after.source == before.target


def care_follows_the_contract(contract, on):
    """A placement per child from the moment all have signed, never before, none after the end."""
    placements = list(contract.placements.all())
    for placement in placements:
        if placement.history.all():
            history_tells_the_status(placement)
        assert placement.status != Care.RUNNING or placement.start_on <= on
        assert placement.counts_from >= contract.start_on
    if contract.status in LIVE - {Contract.ACTIVE} or contract.status in AvipContract.GIVEN_UP:
        assert not placements
    if contract.status == Contract.ACTIVE:
        assert {p.child_id for p in placements} == {c.pk for c in contract.children.all()}
    if contract.status in OVER:
        for placement in placements:
            goes_on = placement.status in {Care.PLANNED, Care.RUNNING}
            assert not goes_on or (
                contract.ended_on >= on and placement.end_on <= contract.ended_on
            )


def holds_have_an_owner(on):
    """Never an orphan: a place held ahead has a request that runs, a contract, or a place kept."""
    standing = Hold.objects.filter(released_at=None, until__gte=on).select_related("referral")
    for hold in standing:
        referral = hold.referral
        if referral.status in {Referral.Status.ACCEPTED, Referral.Status.CONFIRMED}:
            continue
        assert referral.status == Referral.Status.PLACED, referral.status
        live = referral.contracts.filter(status__in=LIVE, children=hold.child).exists()
        # Kept after the contract, left at the end of the day, or stopped with a notice.
        cared = Placement.objects.filter(
            contract__referral=referral, child=hold.child, end_on__gte=hold.until
        )
        assert live or cared.exists(), "held for nobody"


def places_are_held(contracts, on):
    """The half-days that all have signed stay held for each child until the last day."""
    for contract in contracts:
        if contract.status not in LIVE:
            continue
        status = Version.IN_FORCE if contract.status == Contract.ACTIVE else Version.TO_SIGN
        version = next(v for v in contract.versions.all() if v.status == status)
        first = max(on, version.start_on)
        if first > contract.end_on or contract.end_on < on:
            continue
        held = {}
        for hold in contract.referral.holds.filter(released_at=None):
            held.setdefault((hold.child_id, hold.key), []).append((hold.from_on, hold.until))
        for child in contract.children.all():
            for key in keys_of(version.slots.all()):
                assert covers(held.get((child.pk, key), []), first, contract.end_on), (
                    f"{contract.status} {key} {first} {contract.end_on} {held}"
                )


def covers(intervals, first, last) -> bool:
    """Whether these days, together, leave none out."""
    for starts, ends in sorted(intervals):
        if starts <= first <= ends:
            first = ends + timedelta(days=1)
    return first > last


def one_place_per_child():
    """Never two overlapping placements of one child."""
    by_child = {}
    for placement in Placement.objects.all():
        by_child.setdefault(placement.child_id, []).append(placement)
    for placements in by_child.values():
        for one, other in combinations(placements, 2):
            assert one.end_on < other.start_on or other.end_on < one.start_on


def nothing_is_late(on):
    """After the night: nothing runs past its last day, nothing waits past its delay."""
    assert not AvipContract.objects.filter(status=Contract.ACTIVE, end_on__lt=on).exists()
    limit = on - timedelta(days=SCHEDULES["contract_lapse_days"])
    assert not AvipContract.objects.filter(status=Contract.TO_SIGN, start_on__lt=limit).exists()
    assert not Placement.objects.filter(status=Care.PLANNED, start_on__lte=on).exists()
    past = Placement.objects.filter(status__in=[Care.RUNNING, Care.KEPT], end_on__lt=on)
    assert not past.exists()
