"""A list as a file that a spreadsheet opens; no cell of it is ever a formula."""

import io
from collections.abc import Iterable

from defusedcsv import csv
from django.http import HttpResponse

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def csv_file(filename: str, header: Iterable[str], rows: Iterable[list]) -> HttpResponse:
    """With semicolons and a mark of UTF-8, as French spreadsheets expect it."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(header)
    writer.writerows(rows)
    return _download(text.getvalue().encode("utf-8-sig"), f"{filename}.csv", "text/csv")


def xlsx_file(filename: str, header: Iterable[str], rows: Iterable[list]) -> HttpResponse:
    """One sheet; text stays text, whatever it begins with."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Liste")

    def cell(value):
        if not isinstance(value, str):
            return value
        written = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
        written.data_type = "s"
        return written

    sheet.append(list(header))
    for row in rows:
        sheet.append([cell(value) for value in row])
    data = io.BytesIO()
    book.save(data)
    return _download(data.getvalue(), f"{filename}.xlsx", XLSX)


def _download(data, filename, content_type):
    response = HttpResponse(data, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
