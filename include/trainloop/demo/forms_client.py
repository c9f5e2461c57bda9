"""A person's browser, as far as the demo needs one: open the link of a mail, read the page, press its button."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence

import httpx

from trainloop.errors import PermanentError

_FORM_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
Fields = Mapping[str, str | Sequence[str]]


class FormRefusedError(PermanentError):
    """The forms service did not take what somebody sent: {what} answered {status}. Its page says: {said}

    Look at the log of the forms service, then run `make demo` again: it goes on at this day.
    """


class FormAcceptedError(PermanentError):
    """The forms service answered {what} with {status} where it had to refuse and say why. Its page says: {said}

    A rule of the product is broken: look at the page's rules in `trainloop.forms`.
    """


class Browser:
    """Follows links over HTTP and never runs a script. `saved` counts the drafts that were kept before sending."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self.saved = 0

    def answer(self, token: str, values: Fields, *, saves_first: bool = False) -> None:
        """Fill a questionnaire and send it; a form that was sent before is left alone."""
        fields = {f"q_{code}": value for code, value in values.items()}
        if saves_first and (signed := self._open(f"/f/{token}")):
            half = dict(list(fields.items())[: len(fields) // 2])
            self._press(f"/f/{token}", half | {"form_token": signed, "action": "save"})
            self.saved += 1
        if signed := self._open(f"/f/{token}"):
            self._press(f"/f/{token}", fields | {"form_token": signed, "action": "submit"})

    def act(self, token: str, choice: str, comment: str = "") -> None:
        """Decide or acknowledge by a link; what was done before is left alone."""
        if signed := self._open(f"/a/{token}"):
            self._press(f"/a/{token}", {"form_token": signed, "choice": choice, "comment": comment})

    def plan(self, token: str, values: Fields) -> None:
        """Send what the page of an action plan asks for today."""
        self.press(f"/p/{token}", {f"q_{code}": value for code, value in values.items()})

    def press(self, path: str, fields: Fields) -> None:
        """Open a page and press its button; a page that asks for nothing any more is left alone."""
        if signed := self._open(path):
            self._press(path, dict(fields) | {"form_token": signed})

    def refused(self, path: str, fields: Fields, reasons: Iterable[str]) -> None:
        """Press a button in vain: the page has to say one of the reasons; what was done before is left alone."""
        if signed := self._open(path):
            page = self._http.post(path, data=dict(fields) | {"form_token": signed}, follow_redirects=False)
            text = html.unescape(page.text)
            if not page.is_client_error or not any(reason in text for reason in reasons):
                raise FormAcceptedError(what=f"POST {path[:3]}…", status=page.status_code, said=_words(page.text))

    def _open(self, path: str) -> str | None:
        """Return the page's own signature; None when nothing is left to do there."""
        page = self._http.get(path, follow_redirects=False)
        if page.status_code != httpx.codes.OK:
            raise FormRefusedError(what=f"GET {path[:3]}…", status=page.status_code, said=_words(page.text))
        found = _FORM_TOKEN.search(page.text)
        return found[1] if found else None

    def _press(self, path: str, fields: Fields) -> None:
        page = self._http.post(path, data=dict(fields), follow_redirects=False)
        if page.status_code != httpx.codes.SEE_OTHER:
            raise FormRefusedError(what=f"POST {path[:3]}…", status=page.status_code, said=_words(page.text))


def _words(page: str) -> str:
    """Return what a page says, without its markup."""
    body = re.sub(r"(?s)<(head|style|script).*?</\1>", " ", page)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).strip()[:300]
