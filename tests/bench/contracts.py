"""Contracts in every state, with their versions, schedules, signatures, placements and holds."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from avip.models import Document
from families.models import (
    AvipContract,
    ContractStatusChange,
    ContractVersion,
    Hold,
    Placement,
    PlacementStatusChange,
    Referral,
    ScheduleSlot,
    Signatory,
    Signature,
    VersionStatusChange,
)
from families.models.places import HalfDay
from tests.bench.families import (
    WEEK,
    Family,
    a_family,
    a_referral,
    insert_families,
    insert_referrals,
    moment,
)
from tests.bench.places import Country, insert

Status = AvipContract.Status
# Of forty contracts, as two years of signing leave them; the last of eight in a row renews the
# one before it.
STATES = [Status.ENDED, Status.ACTIVE, Status.ENDED, Status.ENDED, Status.ACTIVE] * 7
STATES += [Status.TO_SIGN, Status.TERMINATED, Status.ENDED, Status.TERMINATED, Status.CANCELLED]
OUTCOMES = ["cdi", "cdd_long", "training", "none", "interim", "unknown", "other_care"] * 3 + [""]
REFERRAL_STATE = {Status.TO_SIGN: Referral.Status.CONFIRMED, Status.CANCELLED: "cancelled"}
VERSION_STATE = {Status.TO_SIGN: "to_sign", Status.CANCELLED: "abandoned"}
ARTICLE = "<h2>Article {}</h2><p>" + "Les parties conviennent de ce qui suit. " * 40 + "</p>"
BATCH = 2_000
LENGTH = timedelta(days=91)


@dataclass
class Signed:
    """A contract on its way to the database, with the rows that go along."""

    contract: AvipContract
    family: Family
    version: ContractVersion
    referral: Referral
    is_viewed: bool


def sign(country: Country, offers: dict) -> None:
    """All the contracts, batch after batch: memory stays small."""
    scans = {
        "sealed_pdf": Document.objects.write(filename="contrat.pdf", data=bytes(60_000)),
        "evidence_pdf": Document.objects.write(filename="preuve.pdf", data=bytes(40_000)),
    }
    taken = Counter()
    for first in range(0, country.size.contracts, BATCH):
        ranks = range(first, min(first + BATCH, country.size.contracts))
        _insert(country, _signed(country, ranks, offers, scans), offers, taken)


def _signed(country, ranks, offers, scans):
    rows = []
    for rank in ranks:
        if rank % 8 == 7 and rows and rows[-1].is_viewed == _is_viewed(country, rank):
            row = _renewal(country, rows[-1], scans)
        else:
            row = _first(country, rank, offers, scans)
        rows.append(row)
    return rows


def _is_viewed(country, rank):
    return rank < country.size.viewed_contracts


def _first(country, rank, offers, scans):
    random, size, is_viewed = country.random, country.size, _is_viewed(country, rank)
    place = country.viewed if is_viewed else random.choice(country.places[1:])
    if rank < size.viewed_provider_contracts:
        provider = country.provider
    else:
        provider = random.choice(
            place.childminders if random.random() < 0.3 else place.facilities[is_viewed:]
        )
    agency = country.agency if is_viewed else random.choice(place.agencies)
    status = STATES[rank % len(STATES)]
    start_on = _start(country, status)
    born_on = start_on - timedelta(days=random.randint(150, 600))
    family = a_family(country, place, agency, born_on)
    referral = a_referral(
        country, family, provider, REFERRAL_STATE.get(status, "placed"), start_on,
        offers[provider.pk],
    )  # fmt: skip
    return _row(country, status, start_on, family, referral, scans, is_viewed)


def _start(country, status):
    random, today = country.random, country.today
    if status == Status.ACTIVE:
        return today - timedelta(days=random.randint(0, 85))
    if status == Status.TO_SIGN:
        return today + timedelta(days=random.randint(1, 40))
    return today - timedelta(days=random.randint(100, 700))


def _renewal(country, before, scans):
    """The contract that follows: the one before it ended the day before."""
    ended = before.contract
    _close(ended, Status.ENDED, country.today - timedelta(days=country.random.randint(1, 80)))
    ended.start_on, ended.end_on = ended.ended_on - LENGTH, ended.ended_on
    before.version.start_on, before.version.end_on = ended.start_on, ended.end_on
    before.version.status = "in_force"
    _prove(before.version, scans)
    before.referral.status = Referral.Status.PLACED
    before.referral.confirmed_at = before.referral.sent_at + timedelta(days=2)
    row = _row(
        country, Status.ACTIVE, ended.ended_on + timedelta(days=1), before.family, before.referral,
        scans, before.is_viewed,
    )  # fmt: skip
    row.contract.previous, row.contract.number = ended, 2
    return row


def _close(contract, status, ended_on):
    contract.status, contract.ended_on = status, ended_on


def _row(country, status, start_on, family, referral, scans, is_viewed):
    random = country.random
    contract = AvipContract(
        status=status,
        referral=referral,
        household=family.household,
        provider=referral.provider,
        agency=family.agency,
        adviser=family.adviser,
        caf_id=referral.caf_id,
        duration_months=3,
        renewals_allowed=1,
        start_on=start_on,
        end_on=start_on + LENGTH,
    )
    if status == Status.ENDED:
        _close(contract, status, contract.end_on)
    elif status == Status.TERMINATED:
        _close(contract, status, start_on + timedelta(days=random.randint(10, 80)))
    if contract.ended_on:
        contract.outcome = random.choice(OUTCOMES)
        contract.outcome_recorded_on = contract.ended_on if contract.outcome else None
    text = "".join(ARTICLE.format(number) for number in range(14 if is_viewed else 1))
    version = ContractVersion(
        status=VERSION_STATE.get(status, "in_force"),
        contract=contract,
        start_on=contract.start_on,
        end_on=contract.end_on,
        envelope_minutes=960,
        settling_in_days=5,
        template="contract-1",
        rules_on=start_on,
        html=text,
        text_sha256=sha256(text.encode()).hexdigest(),
        proposed_at=moment(start_on - timedelta(days=10)),
        signatories_expected=3,
    )
    if version.status == "in_force":
        _prove(version, scans)
    elif version.status == "to_sign":
        version.adviser_signed = random.choice([0, 1])
    return Signed(contract, family, version, referral, is_viewed)


def _prove(version, scans):
    version.care_signed = version.parents_signed = version.adviser_signed = 1
    version.in_force_at = moment(version.start_on - timedelta(days=3))
    version.sealed_pdf, version.evidence_pdf = scans["sealed_pdf"], scans["evidence_pdf"]


def _insert(country, rows, offers, taken):
    firsts = [row for row in rows if row.contract.number == 1]
    insert_families([row.family for row in firsts])
    insert_referrals(country, [(row.family, row.referral) for row in firsts])
    # A renewal points to a row of the same batch: the database looks at the end of the transaction.
    insert(row.contract for row in rows)
    insert(
        AvipContract.children.through(avipcontract=row.contract, child=row.family.child)
        for row in rows
    )
    insert(row.version for row in rows)
    insert(
        ScheduleSlot(version=row.version, weekday=weekday, starts=starts, ends=ends)
        for row in rows
        for weekday, starts, ends in WEEK
    )
    _insert_signatures(country, rows)
    _insert_placements(rows)
    _insert_holds(rows, offers, taken)
    _insert_history(rows)


def _insert_signatures(country, rows):
    signatories = []
    for row in rows:
        family, provider = row.family, row.contract.provider
        printed = [
            ("care", "Nadia Benali", "directrice", provider.name, None),
            ("parent", str(family.parent), "", "", family.parent),
            ("adviser", str(family.adviser), "conseiller", family.agency.name, None),
        ]
        signatories += [
            Signatory(
                version=row.version,
                role=role,
                name=name,
                quality=quality,
                organisation=organisation,
                parent=parent,
            )
            for role, name, quality, organisation, parent in printed
        ]
    insert(signatories)
    signed = []
    for position, signatory in enumerate(signatories):
        row, version = rows[position // 3], signatory.version
        if getattr(version, f"{signatory.role.replace('parent', 'parents')}_signed"):
            is_parent = signatory.role == "parent"
            signed.append(
                Signature(
                    signatory=signatory,
                    version=version,
                    text_sha256=version.text_sha256,
                    method="on_site_attested" if is_parent else "account",
                    signed_at=moment(version.start_on - timedelta(days=3)),
                    user=None if is_parent else row.family.adviser,
                    attested_by=row.family.adviser if is_parent else None,
                )
            )
    insert(signed)


def _insert_placements(rows):
    started = [row for row in rows if row.version.in_force_at]
    placements = insert(
        Placement(
            status="running" if row.contract.status == Status.ACTIVE else "ended",
            contract=row.contract,
            child=row.family.child,
            provider=row.contract.provider,
            caf_id=row.contract.caf_id,
            start_on=row.contract.start_on,
            end_on=row.contract.ended_on or row.contract.end_on,
            counts_from=row.contract.start_on,
        )
        for row in started
    )
    insert(
        PlacementStatusChange(
            dossier=placement,
            step="start",
            source="planned",
            target="running",
            at=moment(placement.start_on),
        )
        for placement, row in zip(placements, started, strict=True)
        if row.is_viewed
    )


def _insert_holds(rows, offers, taken):
    """Running contracts keep a numbered place, as long as their provider offers one."""
    holds = []
    for row in rows:
        offer = offers[row.contract.provider_id]
        if row.contract.status not in {Status.ACTIVE, Status.TO_SIGN}:
            continue
        if taken[offer.pk] == offer.places or row.contract.number > 1:
            continue
        taken[offer.pk] += 1
        holds += [
            Hold(
                referral=row.referral,
                child=row.family.child,
                provider=row.contract.provider,
                offer=offer,
                slot_number=taken[offer.pk],
                weekday=weekday,
                half_day=half_day,
                from_on=row.contract.start_on,
                until=row.contract.end_on,
            )
            for weekday, _, _ in WEEK
            for half_day in HalfDay
        ]
    insert(holds)


def _insert_history(rows):
    """The steps that led there, where they are looked at."""
    contracts, versions = [], []
    for row in rows:
        if not row.is_viewed:
            continue
        at, user = row.version.proposed_at, row.family.adviser
        steps = [("propose", "draft", "to_sign"), ("sign", "to_sign", "to_sign")]
        if row.version.in_force_at:
            steps += [("sign", "to_sign", "to_sign"), ("enter_into_force", "to_sign", "in_force")]
        versions += [
            VersionStatusChange(
                dossier=row.version, step=step, source=source, target=target, at=at, user=user
            )
            for step, source, target in steps
        ]
        roads = [("propose", "draft", "to_sign"), ("activate", "to_sign", "active")]
        contracts += [
            ContractStatusChange(
                dossier=row.contract, step=step, source=source, target=target, at=at, user=user
            )
            for step, source, target in roads[: 1 + bool(row.version.in_force_at)]
        ]
    insert(contracts)
    insert(versions)
