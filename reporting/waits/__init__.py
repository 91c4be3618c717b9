"""The kinds of things that wait, in the order of the page."""

from reporting.waits.committees import COMMITTEES
from reporting.waits.counters import COUNTERS
from reporting.waits.families import FAMILIES
from reporting.waits.follow_ups import FOLLOW_UPS
from reporting.waits.labels import LABELS
from reporting.waits.matches import MATCHES
from reporting.waits.meetings import MEETINGS
from reporting.waits.months import MONTHS
from reporting.waits.network import NETWORK
from reporting.waits.places import PLACES
from reporting.waits.referrals import REFERRALS

WAITS = [
    *COUNTERS,
    *REFERRALS,
    *FAMILIES,
    *MONTHS,
    *PLACES,
    *FOLLOW_UPS,
    *LABELS,
    *NETWORK,
    *MATCHES,
    *COMMITTEES,
    *MEETINGS,
]
