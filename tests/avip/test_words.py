from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Engine
from django.utils import timezone

from avip.templatetags import words

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2027, 2, 9, 11, 0, tzinfo=PARIS)


def spaced(text):
    """The text with ordinary spaces, to compare by eye."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_a_date_is_written_as_people_say_it():
    assert words.fr_date(date(2027, 2, 11)) == "11\u00a0février\u00a02027"


def test_the_first_of_the_month_is_an_ordinal():
    assert words.fr_date(date(2027, 3, 1)) == "1ᵉʳ\u00a0mars\u00a02027"
    assert words.fr_day(date(2027, 3, 1)) == "lundi 1ᵉʳ\u00a0mars"


def test_a_moment_is_read_in_local_time():
    almost_midnight = datetime(2027, 1, 31, 23, 30, tzinfo=UTC)
    assert spaced(words.fr_date(almost_midnight)) == "1ᵉʳ février 2027"
    assert words.short_date(almost_midnight) == "01/02/2027"
    assert spaced(words.fr_time(almost_midnight)) == "0 h 30"


def test_a_month_stands_alone():
    assert spaced(words.fr_month(date(2027, 8, 1))) == "août 2027"


def test_a_brief_day_says_its_year_only_when_it_is_another_one():
    assert spaced(words.brief_day(date(2027, 2, 8))) == "8 févr."
    assert spaced(words.brief_day(date(2027, 2, 8), 2027)) == "8 févr."
    assert spaced(words.brief_day(date(2026, 12, 1), 2027)) == "1ᵉʳ déc. 2026"


def test_every_month_has_its_short_name():
    assert [words.brief_day(date(2027, month, 2))[2:] for month in range(1, 13)] == [
        *("janv.", "févr.", "mars", "avr.", "mai", "juin"),
        *("juil.", "août", "sept.", "oct.", "nov.", "déc."),
    ]


@pytest.mark.parametrize(
    ("at", "said"),
    [(time(8, 30), "8 h 30"), (time(9), "9 h"), (time(0, 5), "0 h 05"), (time(0), "0 h")],
)
def test_a_time_is_written_with_its_hour(at, said):
    assert spaced(words.fr_time(at)) == said
    assert " " not in words.fr_time(at)


def test_a_moment_says_its_day_and_its_time():
    assert spaced(words.fr_datetime(NOW)) == "9 février 2027 à 11 h"


@pytest.mark.parametrize(
    ("deadline", "said"),
    [
        (NOW + timedelta(hours=5, minutes=30), "Avant 16 h 30"),
        (NOW + timedelta(hours=18), "Encore 18 h"),
        (NOW + timedelta(hours=14), "Encore 14 h"),
        (NOW + timedelta(days=1), "Encore 1 j"),
        (NOW + timedelta(days=2, hours=4, minutes=59), "Encore 2 j 4 h"),
        (NOW + timedelta(days=7), "Avant le 16 févr."),
        (NOW - timedelta(hours=1), "Depuis 10 h"),
        (NOW, "Depuis 11 h"),
        (NOW - timedelta(days=1), "Depuis le 8 févr."),
        (datetime(2026, 12, 1, tzinfo=PARIS), "Depuis le 1ᵉʳ déc. 2026"),
        (date(2027, 2, 9), "Aujourd’hui"),
        (date(2027, 2, 10), "Demain"),
        (date(2027, 2, 20), "Avant le 20 févr."),
        (date(2027, 2, 8), "Depuis le 8 févr."),
        (date(2028, 1, 1), "Avant le 1ᵉʳ janv. 2028"),
    ],
)
def test_the_time_left_is_said_in_words(deadline, said):
    assert spaced(words.time_left(deadline, NOW)) == said


def test_an_hour_from_midnight_to_the_next_day_is_still_an_hour():
    late = datetime(2027, 2, 9, 23, 50, tzinfo=PARIS)
    assert spaced(words.time_left(late + timedelta(minutes=20), late)) == "Encore 1 h"


def test_the_time_left_may_be_counted_from_a_day():
    assert spaced(words.time_left(NOW, date(2027, 2, 1))) == "Avant le 9 févr."
    assert words.time_left(date(2027, 2, 9), date(2027, 2, 9)) == "Aujourd’hui"


@pytest.mark.parametrize(
    ("deadline", "urgent"),
    [
        (NOW - timedelta(days=3), True),
        (NOW + timedelta(hours=23), True),
        (NOW + timedelta(hours=24), False),
        (date(2027, 2, 9), True),
        (date(2027, 2, 10), False),
        (None, False),
    ],
)
def test_what_is_missed_or_less_than_a_day_away_is_urgent(deadline, urgent):
    assert words.is_urgent(deadline, NOW) is urgent


def test_urgency_may_be_asked_on_a_day():
    assert words.is_urgent(NOW, date(2027, 2, 9)) is True
    assert words.is_urgent(NOW, date(2027, 2, 8)) is False


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (1260, "21 h"),
        (510, "8 h 30"),
        (65, "1 h 05"),
        (45, "45 min"),
        (0, "0 h"),
        (72_000, "1 200 h"),
        (-90, "−1 h 30"),
    ],
)
def test_minutes_are_said_in_hours(minutes, said):
    assert spaced(words.hours(minutes)) == said


@pytest.mark.parametrize(
    ("basis_points", "said"),
    [
        (1960, "19,6 %"),
        (2000, "20 %"),
        (1999, "19,99 %"),
        (1667, "16,67 %"),
        (0, "0 %"),
        (10_000, "100 %"),
        (5, "0,05 %"),
    ],
)
def test_a_share_is_said_to_the_basis_point_so_that_a_missed_rule_never_looks_met(
    basis_points, said
):
    assert spaced(words.percent(basis_points)) == said


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (184_320, "184 Ko"),
        (1_200_000, "1,2 Mo"),
        (10_000_000, "10 Mo"),
        (999_600, "1 Mo"),
        (12, "1 Ko"),
    ],
)
def test_the_weight_of_a_file_is_said_in_words(size, said):
    assert spaced(words.file_size(size)) == said


def test_thousands_stand_apart():
    assert words.number(35_014) == "35\u202f014"
    assert words.number(-1200) == "−1\u202f200"


@pytest.mark.parametrize(
    ("count", "forms", "said"),
    [
        (0, "enfant", "0 enfant"),
        (1, "enfant,enfants", "1 enfant"),
        (2, "enfant", "2 enfants"),
        (3, "cheval,chevaux", "3 chevaux"),
        (0, "place,places,aucune place", "aucune place"),
        (2, "place,places,aucune place", "2 places"),
        (1200, "famille", "1 200 familles"),
    ],
)
def test_a_count_agrees_with_its_word(count, forms, said):
    assert spaced(words.count_of(count, forms)) == said


def test_a_verb_agrees_with_its_number():
    assert words.plural(1, "attend,attendent") == "attend"
    assert words.plural(5, "attend,attendent") == "attendent"


@pytest.mark.parametrize(
    ("born_on", "said"),
    [
        (date(2025, 7, 9), "19 mois"),
        (date(2024, 11, 9), "2 ans et 3 mois"),
        (date(2025, 2, 9), "2 ans"),
        (date(2025, 2, 10), "23 mois"),
        (date(2027, 1, 20), "moins d’un mois"),
        (date(2027, 4, 1), "à naître"),
    ],
)
def test_the_age_of_a_child_is_said_in_months_then_in_years(born_on, said):
    assert spaced(words.age_months(born_on, date(2027, 2, 9))) == said


def test_days_and_half_days_have_their_names():
    assert words.weekday_name(0) == "lundi"
    assert words.weekday_name(date(2027, 3, 7)) == "dimanche"
    assert words.half_day("am") == "matin"
    assert words.half_day("pm") == "après-midi"


def test_a_list_ends_with_and():
    assert words.and_list(["lundi", "mardi", "jeudi"]) == "lundi, mardi et jeudi"
    assert words.and_list(["lundi"]) == "lundi"
    assert words.and_list([]) == ""


def test_a_family_name_is_shortened_to_its_initial():
    assert words.short_name("Fatoumata Diallo") == "Fatoumata\u00a0D."
    person = SimpleNamespace(first_name="Mélissa", last_name="touré")
    assert words.short_name(person) == "Mélissa\u00a0T."
    assert words.short_name("Issa") == "Issa"


@pytest.mark.parametrize(
    ("status", "tone"),
    [("granted", "ok"), ("to_sign", "warn"), ("refused", "bad"), ("draft", "info"), ("?", "info")],
)
def test_each_state_has_a_tone(status, tone):
    assert words.tone(status) == tone


def test_a_state_has_one_tone_only():
    statuses = " ".join(words.TONES.values()).split()
    assert len(statuses) == len(set(statuses))


def test_a_number_for_a_machine_has_no_space_and_no_comma():
    assert words.plain(1960) == "1960"
    assert words.plain(Decimal("19.6")) == "19.6"
    assert words.plain(None) == ""


ONE_ARGUMENT = [
    *("fr_date", "fr_day", "fr_month", "brief_day", "short_date", "fr_time", "fr_datetime"),
    *(
        "time_left",
        "hours",
        "number",
        "percent",
        "file_size",
        "age_months",
        "weekday_name",
        "half_day",
    ),
    *("and_list", "short_name", "plain"),
]


@pytest.mark.parametrize("name", ONE_ARGUMENT)
def test_nothing_to_say_is_an_empty_text(name):
    assert getattr(words, name)(None) == ""


def test_no_count_is_an_empty_text():
    assert words.count_of(None, "enfant") == ""
    assert words.plural(None, "attend,attendent") == "attend"


@pytest.mark.parametrize("call", ["name|short_name", "names|and_list", "name|half_day"])
def test_what_people_typed_is_escaped(call):
    engine = Engine(builtins=["avip.templatetags.words"])
    page = engine.from_string("{{ " + call + " }}").render(
        Context({"name": "<b>", "names": ["<b>", "<i>"]})
    )
    assert "<" not in page


def test_without_a_moment_the_time_left_is_counted_from_now():
    assert words.time_left(timezone.now() - timedelta(days=30)).startswith("Depuis le")
    assert words.is_urgent(timezone.now() - timedelta(days=30)) is True
