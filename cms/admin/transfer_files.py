"""Files of exercises: CSV that a spreadsheet opens without running it, and JSON."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from io import StringIO
from typing import Any

import tablib
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.admin import transfer_rows
from cms.admin.transfer_rows import COLUMNS, FIELDS, REQUIRED, Fault, Faults, Row

FORMS = ("csv", "json")
MAX_BYTES = 1024 * 1024
MAX_ROWS = 100
# A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection).
RUNS = tuple("=+-@\t\r\n\0＝＋－＠")
DELIMITERS = ",;\t"


class FileFault(ValueError):
    """Why nothing of the file can be read, and what to do."""


@dataclass
class Line:
    """A row of a file, numbered as a spreadsheet does: the header is row 1."""

    number: int
    slug: str = ""
    row: Row | None = None
    faults: list[Fault] = field(default_factory=list)


# ------------------------------------------------------------------ out


def write(rows: Iterable[Row], form: str) -> bytes:
    """CSV carries a mark of its encoding, without which Excel reads umlauts wrongly."""
    if form == "json":
        data = tablib.Dataset(headers=list(FIELDS))
        for row in rows:
            data.append(list(row.model_dump().values()))
        text: str = data.export("json")
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2).encode()
    data = tablib.Dataset(headers=list(COLUMNS))
    for row in rows:
        data.append([neutral(text) for text in transfer_rows.cells(row).values()])
    return str(data.export("csv")).encode("utf-8-sig")


def neutral(text: str) -> str:
    """A text that no spreadsheet runs; `restored` undoes it."""
    return f"'{text}" if text.lstrip("'").startswith(RUNS) else text


def restored(text: str) -> str:
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(RUNS) else text


# ------------------------------------------------------------------ in


def read(content: bytes, form: str) -> list[Line]:
    """Every row, with its faults. Raises FileFault if there are no rows to speak of."""
    if len(content) > MAX_BYTES:
        raise FileFault(_("The file is larger than 1 MB. Split it into several files."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileFault(
            _("The file is not in UTF-8. In Excel, save it as “CSV UTF-8”; else choose UTF-8.")
        ) from None
    if "\0" in text:
        raise FileFault(_("The file holds NUL characters, so it is no text file. Export it again."))
    lines = list(read_json(text) if form == "json" else read_csv(text))
    if not lines:
        raise FileFault(_("The file has no rows. Fill in at least one below the header."))
    if len(lines) > MAX_ROWS:
        raise FileFault(
            _("The file has %(rows)s rows, and %(most)s are the most. Split it into several files.")
            % {"rows": len(lines), "most": MAX_ROWS}
        )
    return marked_twins(lines)


def marked_twins(lines: list[Line]) -> list[Line]:
    counts = Counter(line.slug for line in lines if line.slug)
    for line in lines:
        if counts[line.slug] > 1:
            others = ", ".join(
                str(o.number) for o in lines if o.slug == line.slug and o is not line
            )
            line.faults.append(
                Fault("slug", _("stands in row %(rows)s too. Keep one.") % {"rows": others})
            )
    return lines


def read_csv(text: str) -> Iterator[Line]:
    first = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        # As tablib leaves out empty lines, their numbers are counted here.
        raw = list(csv.reader(StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise FileFault(
            _("The file is no CSV: %(error)s. Export it again.") % {"error": error}
        ) from None
    header = [name.strip() for name in raw[0]] if raw else []
    check_columns(header)
    numbers = [number for number, row in enumerate(raw, 1) if row][1:]
    for number, row in zip(numbers, filled(raw), strict=True):
        if len(row) > len(header):
            raise FileFault(
                _("Row %(row)s has more cells than the header. Put texts with commas into quotes.")
                % {"row": number}
            )
    data = tablib.Dataset().load(text, format="csv", delimiter=delimiter)
    for number, values in zip(numbers, data, strict=True):
        texts = dict(zip(header, map(restored, values), strict=True))
        if any(value.strip() for value in texts.values()):
            yield line_of(number, texts, transfer_rows.from_cells)


def filled(raw: list[list[str]]) -> list[list[str]]:
    return [row for row in raw[1:] if row]


def check_columns(header: list[str]) -> None:
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise FileFault(_("The column %(name)s stands there twice. Keep one.") % {"name": twice[0]})
    unknown = [name for name in header if name not in COLUMNS]
    missing = [name for name in REQUIRED if name not in header]
    problems = [unknown_column(name) for name in unknown]
    if missing:
        problems.append(
            ngettext(
                "The column %(names)s is missing.",
                "The columns %(names)s are missing.",
                len(missing),
            )
            % {"names": ", ".join(missing)}
        )
    if problems:
        advice = _("Export the exercises for a file that has every column.")
        raise FileFault(" ".join([*problems, advice]))


def unknown_column(name: str) -> str:
    near = get_close_matches(name, COLUMNS, n=1)
    if near:
        return _("There is no column “%(name)s”. Did you mean %(near)s?") % {
            "name": name,
            "near": near[0],
        }
    return _("There is no column “%(name)s”.") % {"name": name}


def read_json(text: str) -> Iterator[Line]:
    """Our own reading: tablib's takes the keys of the first object for those of all."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileFault(_("The file is no JSON: %(error)s.") % {"error": error}) from None
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise FileFault(_("The file must be a list of exercises: [{…}, {…}]."))
    for number, values in enumerate(data, 1):
        yield line_of(number, values, transfer_rows.validated)


def line_of(number: int, values: dict[str, Any], make: Any) -> Line:
    slug = values.get("slug")
    line = Line(number, slug.strip() if isinstance(slug, str) else "")
    try:
        line.row = make(values)
    except Faults as faults:
        line.faults = faults.faults
    return line
