"""The kinds of things that wait, in the order of the page."""

from reporting.waits.committees import COMMITTEES
from reporting.waits.families import FAMILIES
from reporting.waits.labels import LABELS
from reporting.waits.meetings import MEETINGS

WAITS = [*FAMILIES, *LABELS, *COMMITTEES, *MEETINGS]
