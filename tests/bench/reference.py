"""The yardstick: a page of 300 rows that depends on nothing of the project, and never changes."""

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import connection
from django.http import HttpResponse
from django.template import Context, Engine
from django.test import override_settings
from django.urls import path

PATH = "/reference/"
SQL = """
    SELECT md5(n::text || 'a') || ' & compagnie', 'Commune n° ' || n, date '2026-01-01' + n, n * 37
    FROM generate_series(1, 300) AS n ORDER BY md5(n::text)
"""
TABLE = Engine().from_string(
    """<!DOCTYPE html>
<html lang="fr">
  <head><title>Reference</title></head>
  <body>
    <table>
      <tbody>{% for row in rows %}
        <tr><td>{{ forloop.counter }}</td><td>{{ row.0 }}</td><td>{{ row.1 }}</td>
          <td>{{ row.2|date:"j F Y" }}</td><td>{{ row.3 }}</td></tr>{% endfor %}
      </tbody>
    </table>
  </body>
</html>
"""
)


def reference(request):
    """One query of 300 rows and 4 columns, as the cursor gives them: 1,500 cells, 300 dates."""
    with connection.cursor() as cursor:
        cursor.execute(SQL)
        rows = cursor.fetchall()
    return HttpResponse(TABLE.render(Context({"rows": rows})))


urlpatterns = [path(PATH.lstrip("/"), reference)]


class BareRequest(WSGIRequest):
    urlconf = __name__


class BareHandler(WSGIHandler):
    """Django without any middleware, for the urlconf above."""

    request_class = BareRequest

    def load_middleware(self, is_async=False):
        with override_settings(MIDDLEWARE=[]):
            super().load_middleware(is_async)
