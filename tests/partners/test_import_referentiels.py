import csv
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from partners.models import (
    Agency,
    Caf,
    Commune,
    Facility,
    Membership,
    PriorityNeighbourhood,
    Provider,
)
from tests import factories as f

pytestmark = pytest.mark.django_db

# Invented places.
FILES = {
    "cafs.csv": [
        {"code": "971", "name": "Caf des Alizés", "department_code": "971", "siren": ""},
        {"code": "01", "name": "Caf de Rivière", "department_code": "01", "siren": "732829320"},
    ],
    "communes.csv": [
        {"code_insee": "01901", "name": "Bourg-Neuf", "kind": "commune", "parent_code": "",
         "department_code": "01", "postal_codes": "01990", "population": "1200",
         "lat": "46.1", "lon": "5.2"},
        {"code_insee": "01902", "name": "Val-Clair", "kind": "commune", "parent_code": "",
         "department_code": "01", "postal_codes": "", "population": "", "lat": "", "lon": ""},
    ],
    "qpv.csv": [
        {"code_qp": "QN00199Z", "name": "Les Sources", "commune_codes": "01901|01902",
         "department_code": "01", "lat": "46.1", "lon": "5.2"},
    ],
    "agences_france_travail.csv": [
        {"safir_code": "01999", "name": "France Travail BOURG-NEUF", "kind": "agence",
         "address": "1 rue des Ateliers", "postal_code": "01990", "city": "BOURG-NEUF",
         "code_insee": "01901", "department_code": "01", "lat": "46.1", "lon": "5.2"},
        {"safir_code": "01998", "name": "France Travail DT RIVIÈRE", "kind": "direction",
         "address": "2 rue des Ateliers", "postal_code": "01990", "city": "BOURG-NEUF",
         "code_insee": "01901", "department_code": "01", "lat": "", "lon": ""},
    ],
    "missions_locales.csv": [
        {"code_milo": "01901S00", "official_name": "01-ML BOURG-NEUF", "usual_name": "",
         "department_code": "01", "siret": "", "address": "", "postal_code": "", "city": "",
         "code_insee": "", "lat": "", "lon": ""},
    ],
}  # fmt: skip

CRECHES = [
    {"id": "RIV-1", "name": "Les Galets", "kind": "creche_collective", "address": "3 quai Neuf",
     "code_insee": "01901", "department_code": "01", "lat": "46.11", "lon": "5.21"},
    {"id": "RIV-2", "name": "Le Gué", "kind": "halte_garderie", "address": "",
     "code_insee": "01902", "department_code": "01", "lat": "", "lon": ""},
]  # fmt: skip


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_all(folder, **changes):
    for name, rows in (FILES | changes).items():
        write(folder / name, rows)
    return folder


def run(command, *args):
    out, err = StringIO(), StringIO()
    call_command(command, *args, stdout=out, stderr=err)
    return out.getvalue().replace("\xa0", " "), err.getvalue().replace("\xa0", " ")


def changed(file, **values):
    first, *others = FILES[file]
    return {file: [first | values, *others]}


def test_a_folder_of_open_data_becomes_organisations_and_places(tmp_path):
    out, err = run("import_referentiels", write_all(tmp_path))
    assert err == ""
    assert out.startswith(
        "2 Caf, 2 communes, 1 quartier prioritaire, 1 agence France Travail, 1 Mission Locale."
    )
    assert "1 ligne laissée de côté, aucune ligne refusée" in out
    assert Caf.objects.get(code="971").time_zone == "America/Guadeloupe"
    assert Caf.objects.get(code="01").time_zone == "Europe/Paris"
    quarter = PriorityNeighbourhood.objects.get()
    assert set(quarter.communes.values_list("pk", flat=True)) == {"01901", "01902"}
    agency = Agency.objects.get(kind=Agency.Kind.FRANCE_TRAVAIL)
    assert (agency.commune_id, agency.address) == ("01901", "1 rue des Ateliers, 01990 BOURG-NEUF")
    assert Agency.objects.get(kind=Agency.Kind.MISSION_LOCALE).name == "ML BOURG-NEUF"


def test_the_same_folder_twice_changes_nothing_and_a_corrected_one_corrects(tmp_path):
    run("import_referentiels", write_all(tmp_path))
    before = {m: set(m.objects.values_list("pk", flat=True)) for m in (Caf, Commune, Agency)}
    agency = Agency.objects.get(code="01999")
    Agency.objects.filter(pk=agency.pk).update(email="accueil@example.fr")
    write_all(
        tmp_path,
        **changed("agences_france_travail.csv", name="France Travail LES ATELIERS"),
        **changed("qpv.csv", commune_codes="01902"),
    )
    run("import_referentiels", tmp_path)
    assert before == {m: set(m.objects.values_list("pk", flat=True)) for m in before}
    agency.refresh_from_db()
    assert (agency.name, agency.email) == ("France Travail LES ATELIERS", "accueil@example.fr")
    assert [c.pk for c in PriorityNeighbourhood.objects.get().communes.all()] == ["01902"]


@pytest.mark.parametrize(
    ("file", "change", "reason"),
    [
        (
            "cafs.csv",
            {"siren": "123456789"},
            "cafs.csv, ligne 2 : SIREN : Ce numéro SIREN n’existe pas",
        ),
        ("cafs.csv", {"name": ""}, "cafs.csv, ligne 2 : la colonne name est vide"),
        ("communes.csv", {"lat": "nord"}, "communes.csv, ligne 2 : coordonnées illisibles"),
        ("communes.csv", {"lat": "146"}, "communes.csv, ligne 2 : coordonnées hors de la Terre"),
        (
            "communes.csv",
            {"population": "beaucoup"},
            "communes.csv, ligne 2 : population illisible",
        ),
        ("communes.csv", {"name": "B" * 81}, "communes.csv, ligne 2 : nom : "),
        ("qpv.csv", {"commune_codes": "99999"}, "qpv.csv, ligne 2 : commune 99999 inconnue"),
        ("missions_locales.csv", {"siret": "12345678901234"}, "ligne 2 : SIRET : Ce numéro SIRET"),
    ],
)
def test_a_line_that_cannot_be_right_is_refused_with_its_reason(tmp_path, file, change, reason):
    out, err = run("import_referentiels", write_all(tmp_path, **changed(file, **change)))
    assert reason in err
    assert "ligne refusée" in out or "lignes refusées" in out


def test_a_repeated_line_is_refused_and_the_first_one_kept(tmp_path):
    rows = [*FILES["communes.csv"], FILES["communes.csv"][0] | {"name": "Autre nom"}]
    _, err = run("import_referentiels", write_all(tmp_path, **{"communes.csv": rows}))
    assert "communes.csv, ligne 4 : 01901 est déjà ligne 2" in err
    assert Commune.objects.get(pk="01901").name == "Bourg-Neuf"


def test_a_line_with_too_many_or_too_few_cells_is_refused(tmp_path):
    write_all(tmp_path)
    with (tmp_path / "cafs.csv").open("a") as stream:
        stream.write("02,Caf courte\n03,Caf longue,03,,un,deux\n")
    _, err = run("import_referentiels", tmp_path)
    assert "ligne 4 : le nombre de colonnes" in err and "ligne 5 : le nombre de colonnes" in err


def test_a_missing_file_or_column_stops_everything_in_words(tmp_path):
    write_all(tmp_path)
    (tmp_path / "missions_locales.csv").unlink()
    with pytest.raises(
        CommandError, match="missions_locales.csv n’existe pas. Rien n’a été importé"
    ):
        run("import_referentiels", tmp_path)
    assert not Caf.objects.exists()
    rows = [{"code": "01", "nom": "Caf de Rivière"}]
    with pytest.raises(CommandError, match="il manque les colonnes name, department_code, siren"):
        run("import_referentiels", write_all(tmp_path, **{"cafs.csv": rows}))
    with pytest.raises(CommandError, match="Le dossier .* n’existe pas"):
        run("import_referentiels", tmp_path / "ailleurs")


def test_a_file_in_another_encoding_stops_everything_in_words(tmp_path):
    write_all(tmp_path)
    text = (tmp_path / "qpv.csv").read_text() + "QN1,Cité,01901,01,,\n"
    (tmp_path / "qpv.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(CommandError, match="qpv.csv n’est pas en UTF-8"):
        run("import_referentiels", tmp_path)


def test_an_unknown_column_is_said_and_left_aside(tmp_path):
    rows = [row | {"directeur": "?"} for row in FILES["cafs.csv"]]
    _, err = run("import_referentiels", write_all(tmp_path, **{"cafs.csv": rows}))
    assert "cafs.csv : colonnes inconnues, laissées de côté : directeur." in err


def test_without_a_folder_the_command_says_where_to_name_it(settings):
    with pytest.raises(CommandError, match="AVIP_REFERENTIELS_DIR"):
        call_command("import_referentiels", folder="")


def test_real_creches_arrive_without_any_account_and_twice_is_once(tmp_path):
    run("import_referentiels", write_all(tmp_path))
    path = write(tmp_path / "eaje.csv", CRECHES)
    out, err = run("import_facilities", path)
    assert err == "" and out.startswith("2 crèches.")
    ids = set(Provider.objects.values_list("pk", flat=True))
    run("import_facilities", write(path, [CRECHES[0] | {"name": "Les Galets ronds"}, CRECHES[1]]))
    assert set(Provider.objects.values_list("pk", flat=True)) == ids
    pebbles = Provider.objects.get(source="eaje:RIV-1")
    assert (pebbles.name, pebbles.caf.code) == ("Les Galets ronds", "01")
    assert pebbles.facility.address == "3 quai Neuf"
    assert pebbles.facility.licensed_capacity is None
    assert Provider.objects.get(source="eaje:RIV-2").facility.type == Facility.Type.COLLECTIVE
    assert not Membership.objects.exists()


def test_a_creche_with_a_team_keeps_what_its_team_wrote(tmp_path):
    run("import_referentiels", write_all(tmp_path))
    path = write(tmp_path / "eaje.csv", CRECHES)
    run("import_facilities", path)
    pebbles = Provider.objects.get(source="eaje:RIV-1")
    f.make_user(member_of=pebbles)
    Provider.objects.filter(pk=pebbles.pk).update(name="Le vrai nom")
    out, _ = run("import_facilities", path)
    assert "1 ligne laissée de côté" in out
    pebbles.refresh_from_db()
    assert pebbles.name == "Le vrai nom"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "nurserie"}, "type de crèche inconnu : nurserie"),
        ({"department_code": "02"}, "aucune Caf pour le département 02"),
        ({"code_insee": "99999"}, "commune 99999 inconnue"),
        ({"id": ""}, "la colonne id est vide"),
        ({"address": "x" * 201}, "adresse : "),
    ],
)
def test_a_creche_that_cannot_be_placed_is_refused_with_its_reason(tmp_path, change, reason):
    run("import_referentiels", write_all(tmp_path))
    path = write(tmp_path / "eaje.csv", [CRECHES[0] | change, CRECHES[1]])
    out, err = run("import_facilities", path)
    assert f"eaje.csv, ligne 2 : {reason}" in err
    assert out.startswith("1 crèche.")


def test_creches_wait_for_the_communes(tmp_path):
    path = write(tmp_path / "eaje.csv", CRECHES)
    with pytest.raises(CommandError, match="lancez d’abord import_referentiels"):
        run("import_facilities", path)
    with pytest.raises(CommandError, match="n’existe pas"):
        run("import_facilities", tmp_path / "rien.csv")


@pytest.mark.skipif(
    not settings.REFERENTIELS_DIR, reason="the real open data are not on this machine"
)
def test_the_real_open_data_load_whole_and_twice():
    folder = Path(settings.REFERENTIELS_DIR)
    for _ in range(2):
        _, err = run("import_referentiels", folder)
        assert err == ""
        assert Caf.objects.count() == 101
        assert Commune.objects.count() == 35_014
        assert PriorityNeighbourhood.objects.count() == 1_493
        assert Agency.objects.filter(kind=Agency.Kind.FRANCE_TRAVAIL).count() == 859
        assert Agency.objects.filter(kind=Agency.Kind.MISSION_LOCALE).count() == 448
        _, err = run("import_facilities", folder / "eaje.csv")
        assert err == ""
        assert Facility.objects.count() == Provider.objects.count() == 375
