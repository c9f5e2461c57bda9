"""Options that are no part of an instrument's file: the topics of the needs catalogue, as they stand now."""

from __future__ import annotations

from trainloop.surveys.instrument import Instrument, Option, load_instrument
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


def fill_options(connection: Connection, instrument: Instrument) -> Instrument:
    """Return the instrument with every option it offers; one that lists its own is returned without a look."""
    if not any(item.options_from for item in instrument.items):
        return instrument
    rows = connection.execute(statement("survey_responses", "topics"))
    topics = tuple(Option(code=row["topic_code"], zh=row["name_zh"], en=row["name_en"]) for row in rows)
    return instrument.with_options({"training_topics": topics})


def instrument_now(code: str) -> Instrument:
    """Return a shipped instrument with every option it offers now, as the intake may read them."""
    instrument = load_instrument(code)
    if not any(item.options_from for item in instrument.items):
        return instrument
    with engine.connect("intake") as connection:
        return fill_options(connection, instrument)
