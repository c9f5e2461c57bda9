"""The forms service: questionnaires and small decisions for people who have no Airflow account.

Its own process and its own database role, which reads no table: every act is a SECURITY DEFINER function of schema
`forms`. GET never changes anything (mail scanners follow links); the page's own button does. No script is needed.

Addresses, below `TRAINLOOP_FORMS_URL`; `?lang=zh-CN|en` chooses the language:

- `GET /f/<token>`: a survey's page; the link stands in the mail, `<token>` is `ops.invitations.token`. 200 open or
  answered already, 404 unknown, 410 closed, withdrawn, replaced or not asked any more, 403 not open yet, 429 tried too
  often.
- `POST /f/<token>` (urlencoded): hidden field `form_token` from the page, one field `q_<item code>` per item: a score,
  an option's code, `not_applicable`, a number, a date (ISO) or text; a multi item's field comes once per chosen option.
  `action=submit` → 303 to `/f/<token>?sent=1`, or 422 and the page with the errors; `action=save` keeps a draft → 303
  to `/f/<token>?saved=1`; `action=lang-zh-CN|lang-en` shows the page again in that language.
- `GET|POST /a/<token>`: something owed (`ops.commitments`) or to be decided (`ops.approvals`): fields `form_token`,
  `choice`, `comment` → 303 to `/a/<token>?sent=1`.
- `GET /r/<token>`: competency results of the reader, or of those who reported to the reader (`ops.competency_pages`):
  200 while they can be read, 410 after that. There is no POST.
- `GET|POST /u/<token>`: optional mail stopped with one click (RFC 8058: body `List-Unsubscribe=One-Click`) or resumed
  (`action=resume`).
- `GET /health`: `{"status": "ok"}` when the warehouse answers, else 503.

Submissions wait in `forms.submissions`; `trainloop.surveys.sources.forms.pull()` (in `collect_survey_responses`) or the
close of their wave moves them on.
"""
