"""The service's door to the warehouse: one function of schema `forms` a call, as role trainloop_forms, from a pool."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from trainloop.errors import TransientError
from trainloop.forms.answers import Choice, Filled
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

logger = logging.getLogger(__name__)
POOL_SIZE = 8
# Topics change once a year; a page need not ask for them each time.
LIST_SECONDS = 60.0
SHUFFLE_SECONDS = 1.0


class StoreUnreachableError(TransientError):
    """The forms service cannot reach the warehouse: {detail}. It answers again as soon as the server does."""


class Store:
    """The warehouse as the service sees it; a context manager that holds the connections and the shuffling thread."""

    def __init__(self) -> None:
        self._pool = engine.pool("forms", POOL_SIZE)
        self._topics: tuple[float, tuple[Choice, ...]] = (-LIST_SECONDS, ())
        self._is_dirty = threading.Event()
        self._is_over = threading.Event()
        self._shuffler = threading.Thread(target=self._shuffle_for_ever, name="shuffle", daemon=True)

    def __enter__(self) -> Store:
        self._pool.open()
        # What a killed service left unshuffled.
        self._is_dirty.set()
        self._shuffler.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._is_dirty.set()
        self._shuffler.join(timeout=10)
        self._pool.close()

    def open_form(self, link: bytes, draft: bytes) -> dict[str, Any] | None:
        """Return how a survey link stands (columns of `forms.open_form`); None when nobody was given it."""
        return self._row("open_form", {"link": link, "draft": draft})

    def keep_draft(self, link: bytes, draft: bytes, sealed: bytes) -> bool:
        """Keep a sealed draft; False when the form can no longer be sent."""
        return bool(self._value("keep_draft", {"link": link, "draft": draft, "sealed": sealed}))

    def submit(self, link: bytes, draft: bytes, filled: Filled, pseudonym: str | None) -> bool:
        """Store one filled form; False when it was sent before or can no longer be sent."""
        is_taken = bool(
            self._value(
                "submit",
                {
                    "link": link,
                    "draft": draft,
                    "answers": Jsonb(list(filled.answers)),
                    "is_straight_lined": filled.is_straight_lined,
                    "pseudonym": pseudonym,
                },
            )
        )
        if is_taken:
            self._is_dirty.set()
        return is_taken

    def topics(self) -> tuple[Choice, ...]:
        """Return the topics that items may offer, a minute old at most."""
        read_at, topics = self._topics
        if time.monotonic() - read_at > LIST_SECONDS:
            with self._connection() as connection:
                rows = connection.execute(statement("forms", "training_topics")).fetchall()
            topics = tuple(Choice(row["code"], row["name_zh"], row["name_en"]) for row in rows)
            self._topics = (time.monotonic(), topics)
        return topics

    def open_action(self, link: bytes) -> dict[str, Any] | None:
        """Return how a link to something owed or to be decided stands; None when nobody was given it."""
        return self._row("open_action", {"link": link})

    def answer_action(self, link: bytes, choice: str, comment: str) -> bool:
        """Write the answer once; False when it is not open any more."""
        return bool(self._value("answer_action", {"link": link, "choice": choice, "comment": comment}))

    def open_desk(self, link: bytes) -> dict[str, Any] | None:
        """Return how the link of a sign-in sheet stands (columns of `forms.open_class_desk`); None for nobody's."""
        return self._row("open_class_desk", {"link": link})

    def sign_in(self, link: bytes, slot: int, statuses: Mapping[str, str]) -> int | None:
        """Write a portion of a sheet, learner → status; return how many changed, None when it cannot be written."""
        written: int | None = self._value(
            "sign_in", {"link": link, "slot": slot, "people": list(statuses), "statuses": list(statuses.values())}
        )
        return written

    def report_incident(self, link: bytes, said: Mapping[str, str], *, is_closed: bool) -> bool:
        """Write one incident: kind, severity, learner, description, action, venue; False when it cannot be written."""
        return bool(self._value("report_incident", {"link": link, "is_closed": is_closed, **said}))

    def close_incident(self, link: bytes, incident_id: int) -> bool:
        """Close an incident of a sheet; False when the sheet cannot be written."""
        return bool(self._value("close_incident", {"link": link, "incident_id": incident_id}))

    def open_plan(self, link: bytes) -> dict[str, Any] | None:
        """Return how the page of an action plan stands (columns of `forms.open_plan`); None for nobody's link."""
        return self._row("open_plan", {"link": link})

    def update_plan(self, link: bytes, instrument_code: str, answers: Mapping[str, Any]) -> bool:
        """Keep one update or check-in, item → value; False when the plan has ended."""
        values = {"link": link, "instrument_code": instrument_code, "answers": Jsonb(dict(answers))}
        return bool(self._value("update_plan", values))

    def plan_days(self, link: bytes) -> dict[str, Any] | None:
        """Return what a plan form is judged by: ended_on, today, calendar_code; None for any other questionnaire."""
        return self._row("plan_days", {"link": link})

    def open_offer(self, link: bytes) -> dict[str, Any] | None:
        """Return how an offered seat stands; None when nobody was given the link."""
        return self._row("open_offer", {"link": link})

    def answer_offer(self, link: bytes, *, is_accepted: bool) -> str | None:
        """Take a learner's word about a seat once; return how the offer stands then, None for an unknown link."""
        state: str | None = self._value("answer_offer", {"link": link, "is_accepted": is_accepted})
        return state

    def open_dispute(self, link: bytes) -> dict[str, Any] | None:
        """Return how the link of a dispute's step stands (columns of `forms.open_dispute`); None for nobody's."""
        return self._row("open_dispute", {"link": link})

    def answer_dispute(self, link: bytes, said: Mapping[str, Any], identity: str, *, is_contact_known: bool) -> str:
        """Write one party's words once; return ok, closed or wrong_person."""
        values = {"link": link, "said": Jsonb(dict(said)), "identity": identity, "is_contact_known": is_contact_known}
        return str(self._value("answer_dispute", values))

    def register_pilot(self, link: bytes, canonical: str, said: Mapping[str, Any]) -> str:
        """Lock a pilot before its data; return ok, closed, or why it is refused."""
        return str(self._value("register_pilot", {"link": link, "canonical": canonical, "said": Jsonb(dict(said))}))

    def open_dispute_door(self, person: tuple[str, str, str], days: int) -> dict[str, Any] | None:
        """Return what a person (kind, id, class) may open a dispute about; None when nothing."""
        return self._row("open_dispute_door", _door(person, days))

    def begin_dispute(
        self, person: tuple[str, str, str], days: int, head: str, reason: str, contact: str
    ) -> str | None:
        """Open a dispute; return its id, or that of the one under way, None when the person may not."""
        values = _door(person, days) | {"head": head, "reason": reason, "contact": contact}
        dispute_id: str | None = self._value("begin_dispute", values)
        return dispute_id

    def open_results(self, link: bytes) -> dict[str, Any] | None:
        """Return what a link to competency results shows; None when nobody was given it."""
        return self._row("open_results", {"link": link})

    def open_materials(self, link: bytes, link_days: int) -> dict[str, Any] | None:
        """Return how a link to the materials of a class stands; None when nobody was given it."""
        return self._row("open_materials", {"link": link, "link_days": link_days})

    def use_material(
        self, link: bytes, link_days: int, asset_code: str, event: str, *, is_noted: bool
    ) -> dict[str, Any] | None:
        """Return where an asset's file is, noting that it was opened or finished; None when it is not in the pack."""
        values = {"link": link, "link_days": link_days, "asset_code": asset_code, "event": event, "is_noted": is_noted}
        return self._row("use_material", values)

    def ask_question(self, link: bytes, link_days: int, question: str, most: int) -> bool:
        """Keep a learner's question; False when the class has begun or they asked enough."""
        return bool(
            self._value("ask_question", {"link": link, "link_days": link_days, "question": question, "most": most})
        )

    def open_points(self, link: bytes) -> dict[str, Any] | None:
        """Return what a link to a person's own points shows; None when nobody was given it."""
        return self._row("open_points", {"link": link})

    def appeal_points(self, link: bytes, appeal: Mapping[str, Any], most: int) -> bool:
        """Open an appeal (rule_code, entry_id, happened_on, quantity, words); False when it cannot be opened."""
        return bool(self._value("appeal_points", {"link": link, "most": most, **appeal}))

    def appeal_details(self, appeal_id: str) -> dict[str, Any] | None:
        """Return what an appeal says, for the page of whoever answers it."""
        found: dict[str, Any] | None = self._value("appeal_details", {"id": appeal_id})
        return found

    def open_case(self, link: bytes) -> dict[str, Any] | None:
        """Return how a practice case stands; None when nobody was given the link."""
        return self._row("open_case", {"link": link})

    def write_case(self, link: bytes, said: Mapping[str, str], *, is_named: bool) -> bool:
        """Take a case (title, situation, action, result, lesson) once; False when it is not open any more."""
        return bool(self._value("write_case", {"link": link, "is_named": is_named, **said}))

    def withdraw_case(self, link: bytes) -> bool:
        """Take the author's consent back; False when there is nothing to take back."""
        return bool(self._value("withdraw_case", {"link": link}))

    def case_details(self, case_id: str) -> dict[str, Any] | None:
        """Return what a case says, for the page of whoever comments or decides; None when it is not under way."""
        found: dict[str, Any] | None = self._value("case_details", {"id": case_id})
        return found

    def gets_optional_mail(self, kind: str, recipient_id: str) -> bool | None:
        """Return whether a person gets optional mail; None for somebody nobody knows."""
        found: bool | None = self._value("gets_optional_mail", {"kind": kind, "id": recipient_id})
        return found

    def set_optional_mail(self, kind: str, recipient_id: str, *, is_wanted: bool) -> bool:
        """Stop or resume optional mail; False for somebody nobody knows."""
        return bool(self._value("set_optional_mail", {"kind": kind, "id": recipient_id, "is_wanted": is_wanted}))

    def shuffle(self) -> int:
        """Write waiting forms anew in random order; return how many wait."""
        return int(self._value("shuffle", {}))

    def is_alive(self) -> bool:
        """Whether the warehouse answers as our role."""
        try:
            with self._connection() as connection:
                connection.execute("select 1")
        except StoreUnreachableError:
            return False
        return True

    def _shuffle_for_ever(self) -> None:
        # A second's submissions share one rewriting; what fails is tried again, the close of a wave mixes all the same.
        while True:
            self._is_dirty.wait()
            self._is_over.wait(SHUFFLE_SECONDS)
            self._is_dirty.clear()
            try:
                self.shuffle()
            except StoreUnreachableError:
                logger.warning("waiting forms could not be shuffled; tried again in a moment")
                self._is_dirty.set()
            if self._is_over.is_set():
                return

    def _row(self, name: str, values: dict[str, Any]) -> dict[str, Any] | None:
        with self._connection() as connection:
            return connection.execute(statement("forms", name), values).fetchone()

    def _value(self, name: str, values: dict[str, Any]) -> Any:
        row = self._row(name, values)
        assert row is not None
        return row["value"]

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        try:
            with self._pool.connection() as connection:
                yield connection
        except psycopg.OperationalError as error:
            raise StoreUnreachableError(detail=type(error).__name__) from error


def _door(person: tuple[str, str, str], days: int) -> dict[str, Any]:
    return {"kind": person[0], "id": person[1], "session": person[2], "days": days}
