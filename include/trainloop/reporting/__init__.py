"""Reports: published rows → frozen view model → HTML → PDF.

A kind of report is four small things, each in a file of its own:

1. a view, a subclass of `document.Document` with its `kind` and `template`: everything the page prints, already in the
   reader's words. It is listed in `kinds.KINDS`;
2. a page, `templates/<kind>.html.j2`, which extends `frame.html.j2` (head, running titles) and fills its blocks; lists
   and tables from `parts.html.j2`, charts from `charts.html.j2`, own looks in `styles/<kind>.css`;
3. words, `locale/<area>.<locale>.yaml` for each locale, under keys of its own;
4. an entry module that reads what is published, builds one view per audience and locale, and in one transaction calls
   `production.make`, `production.register` and plans the notices; after the commit `production.refuse_failures`.

Drawing, limits, fonts, glyph checks, hashes, storage, attached data (`data.csv`, `data.json`) and re-runs are the same
for all. How the mail finds the file: `outbox.kinds.files.report_file`, by kind, subject, revision, audience and locale.
"""
