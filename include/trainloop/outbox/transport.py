"""Handing frozen bytes to a mail server.

A `Transport` sends one message in two steps, so that the outbox can commit "this one is leaving" between them:
`address` (MAIL, RCPT) may be undone, `transmit` (DATA to its answer) may not. What went wrong is in the error type:
`ReplyError` the server said no (its code says to whom and for how long), `ConnectionLostError` nothing was handed
over, `AnswerLostError` the bytes left and no answer came: the server may have the message.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from typing import Literal, Protocol

from trainloop.errors import PermanentError, TransientError

_LINE_START_DOT = re.compile(rb"^\.", re.MULTILINE)
# The fewest lines a server needs to explain itself; what it says is kept in the outbox's history.
_KEPT_REPLY = 200
_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")


class MailServerDownError(TransientError):
    """The mail server {host}:{port} does not take mail: {detail}. Mails stay queued; the next run tries again."""


class MailLoginRefusedError(PermanentError):
    """The mail server {host}:{port} refused the login ({code}). Correct the user and password of smtp_default."""


class SenderRefusedError(PermanentError):
    """The mail server refused the sender address ({code} {text}). Correct mail.sender_email in the site file."""


class ReplyError(TransientError):
    """The mail server answered {code} {text} at {step}. The mail stays queued unless the answer is final."""

    def __init__(self, code: int, text: str, step: Literal["sender", "recipient", "content"]) -> None:
        super().__init__(code=code, text=text, step=step)
        self.code = code
        self.text = text
        self.step = step

    @property
    def is_permanent(self) -> bool:
        """Whether asking again cannot help (5xx)."""
        return self.code >= 500

    @property
    def is_unknown_address(self) -> bool:
        """Whether the recipient's address does not exist (RFC 3463: 5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10)."""
        return self.step == "recipient" and re.search(r"\b5\.1\.(1|2|3|6|10)\b", self.text) is not None


class ConnectionLostError(TransientError):
    """The mail server hung up before it was given the message. The next run tries again."""


class AnswerLostError(TransientError):
    """The mail server hung up after the message and before its answer. The next run sends the same bytes again."""


class Transport(Protocol):
    """What the outbox needs of a mail server; one session serves many messages."""

    def open(self) -> None:
        """Start a session; raise MailServerDownError or MailLoginRefusedError. An open session stays."""

    def address(self, sender: str, recipient: str) -> None:
        """Name both ends of the next message; raise ReplyError or ConnectionLostError."""

    def transmit(self, content: bytes) -> int:
        """Send the message's exact bytes, return the server's code; raise ReplyError or AnswerLostError."""

    def reset(self) -> None:
        """Forget the addressed message; the session stays when the server allows it."""

    def close(self) -> None:
        """End the session; never raises."""


@dataclass
class SmtpTransport:
    """SMTP by smtplib: plain (a relay), STARTTLS or implicit TLS; certificates are verified."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    security: Literal["none", "starttls", "tls"] = "none"
    timeout_seconds: float = 10.0
    _session: smtplib.SMTP | None = field(default=None, init=False, repr=False)

    def open(self) -> None:
        if self._session is not None:
            return
        session: smtplib.SMTP | None = None
        try:
            session = self._connect()
            session.ehlo_or_helo_if_needed()
            if self.security == "starttls":
                session.starttls(context=ssl.create_default_context())
                session.ehlo()
            if self.user is not None:
                session.login(self.user, self.password or "")
        except smtplib.SMTPAuthenticationError as error:
            _hang_up(session)
            if error.smtp_code < 500:
                raise MailServerDownError(host=self.host, port=self.port, detail=error.smtp_code) from error
            raise MailLoginRefusedError(host=self.host, port=self.port, code=error.smtp_code) from error
        except (smtplib.SMTPException, OSError) as error:
            _hang_up(session)
            raise MailServerDownError(host=self.host, port=self.port, detail=_detail(error)) from error
        # Nagle's algorithm would hold a mail's last packet until the server acknowledges the one before it.
        if session.sock is not None:
            session.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._session = session

    def _connect(self) -> smtplib.SMTP:
        if self.security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_seconds, context=context)
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout_seconds)

    def address(self, sender: str, recipient: str) -> None:
        steps: tuple[tuple[Literal["sender", "recipient"], str], ...] = (
            ("sender", f"MAIL FROM:<{sender}>"),
            ("recipient", f"RCPT TO:<{recipient}>"),
        )
        for step, command in steps:
            try:
                code, text = self._opened().docmd(command)
            except (smtplib.SMTPException, OSError) as error:
                self.close()
                raise ConnectionLostError from error
            self._accept(code, text, step, (250, 251, 252))

    def transmit(self, content: bytes) -> int:
        session = self._opened()
        try:
            code, text = session.docmd("DATA")
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise ConnectionLostError from error
        self._accept(code, text, "content", (354,))
        body = _LINE_START_DOT.sub(b"..", content)
        if not body.endswith(b"\r\n"):
            body += b"\r\n"
        try:
            session.send(body + b".\r\n")
            code, text = session.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise AnswerLostError from error
        self._accept(code, text, "content", (250,))
        return code

    def reset(self) -> None:
        if self._session is not None:
            try:
                self._session.rset()
            except (smtplib.SMTPException, OSError):
                self.close()

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                session.quit()
            session.close()

    def _opened(self) -> smtplib.SMTP:
        if self._session is None:
            raise ConnectionLostError
        return self._session

    def _accept(
        self, code: int, text: bytes, step: Literal["sender", "recipient", "content"], good: tuple[int, ...]
    ) -> None:
        if code in good:
            return
        if code == 421 or not 400 <= code <= 599:
            self.close()
        else:
            self.reset()
        # Servers like to repeat the recipient's address; the reply is kept and shown where no person may be named.
        reply = _ADDRESS.sub("…", text.decode("ascii", "replace").replace("\n", " "))[:_KEPT_REPLY]
        raise ReplyError(code if 400 <= code <= 599 else 451, reply, step)


def _hang_up(session: smtplib.SMTP | None) -> None:
    if session is not None:
        session.close()


def _detail(error: Exception) -> str:
    """What happened, without the server's host name or address repeated."""
    return str(error.args[-1])[:_KEPT_REPLY] if error.args else type(error).__name__
