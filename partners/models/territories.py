"""Communes and priority neighbourhoods: open data of `import_referentiels`, never edited here."""

from math import cos, radians

from django.db import models
from django.db.models.functions import ACos, Cos, Greatest, Least, Radians, Sin

OVERSEAS_ZONES = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "976": "Indian/Mayotte",
}


def time_zone_of(department_code) -> str:
    """The time zone in which people of this département live."""
    return OVERSEAS_ZONES.get(department_code, "Europe/Paris")


EARTH_RADIUS_KM = 6371
KM_PER_DEGREE = 111


class NearQuerySet(models.QuerySet):
    """Rows with `lat` and `lon` (WGS84 degrees)."""

    def near(self, lat, lon, within_km=None):
        """Annotate `distance_km` from a point (great circle); keep those in a radius, if any."""
        lat, lon = float(lat), float(lon)
        cosine = Sin(Radians(models.Value(lat))) * Sin(Radians("lat")) + Cos(
            Radians(models.Value(lat))
        ) * Cos(Radians("lat")) * Cos(Radians(models.F("lon") - models.Value(lon)))
        # Rounding may push the cosine of a point with itself past 1.
        distance = EARTH_RADIUS_KM * ACos(Least(Greatest(cosine, -1.0), 1.0))
        rows = self.exclude(lat=None).annotate(distance_km=distance)
        if within_km is None:
            return rows
        # One degree of latitude is 111 km: the box uses the index, the distance decides.
        margin = within_km / KM_PER_DEGREE
        wider = margin / cos(radians(lat))
        return rows.filter(
            lat__range=(lat - margin, lat + margin),
            lon__range=(lon - wider, lon + wider),
            distance_km__lte=within_km,
        )


class Commune(models.Model):
    """A commune, or an arrondissement of Paris, Lyon or Marseille."""

    code = models.CharField("code Insee", max_length=5, primary_key=True)
    name = models.CharField("nom", max_length=80)
    kind = models.CharField("nature", max_length=30)
    parent_code = models.CharField("commune de rattachement", max_length=5, blank=True)
    department_code = models.CharField("département", max_length=3, db_index=True)
    postal_codes = models.CharField("codes postaux", max_length=300, blank=True)
    population = models.PositiveIntegerField("population", null=True)
    lat = models.FloatField("latitude", null=True)
    lon = models.FloatField("longitude", null=True)

    objects = NearQuerySet.as_manager()

    class Meta:
        verbose_name = "commune"
        ordering = ["name"]
        indexes = [models.Index(fields=["lat"], name="commune_lat")]

    def __str__(self):
        return self.name


class PriorityNeighbourhood(models.Model):
    """Quartier prioritaire de la politique de la ville (QPV)."""

    code = models.CharField("code", max_length=8, primary_key=True)
    name = models.CharField("nom", max_length=200)
    department_code = models.CharField("département", max_length=3, db_index=True)
    communes = models.ManyToManyField(
        Commune, related_name="priority_neighbourhoods", verbose_name="communes"
    )
    lat = models.FloatField("latitude", null=True)
    lon = models.FloatField("longitude", null=True)

    objects = NearQuerySet.as_manager()

    class Meta:
        verbose_name = "quartier prioritaire"
        verbose_name_plural = "quartiers prioritaires"
        ordering = ["name"]

    def __str__(self):
        return self.name
