"""Counts that leave the service: the small ones are not published, nor what would give them."""

from dataclasses import dataclass, replace

from avip.templatetags.words import number


@dataclass(frozen=True)
class Figure:
    """One number with what makes it honest: what it is counted on, and what it means."""

    label: str
    count: int | None  # None: too small to be published
    of: int | None = None  # its denominator, where there is one
    of_what: str = ""
    definition: str = ""
    words: str = ""  # said instead of the count: a delay, hours

    @property
    def share_bp(self):
        """The share, in basis points; None without a denominator, or where one is masked."""
        return self.count * 10_000 // self.of if self.of and self.count is not None else None

    @property
    def said(self) -> str:
        """The number as it is read."""
        return self.words or ("non publié" if self.count is None else number(self.count))


def masked_parts(counts: list[int], least: int) -> list:
    """The parts of a total that is published: small ones are None, and never one alone.

    One missing part would be the total minus the others: the next smallest goes with it.
    """
    masked = [None if 0 < count < least else count for count in counts]
    if masked.count(None) == 1:
        others = [count for count in masked if count]
        if others:
            masked[masked.index(min(others))] = None
    return masked


def total_is_small(figures: list[Figure], least: int) -> bool:
    """The parts of a total too small to be published say it again: they are not shown."""
    return any(figure.of and figure.of < least for figure in figures)


def mask(figures: list[Figure], least: int) -> list[Figure]:
    """These figures, parts of one another, as they may be published."""
    if not least:
        return figures
    counts = masked_parts([figure.count or 0 for figure in figures], least)
    totals = [None if figure.of and figure.of < least else figure.of for figure in figures]
    return [
        replace(figure, count=count, of=of, words=figure.words if count is not None else "")
        for figure, count, of in zip(figures, counts, totals, strict=True)
    ]
