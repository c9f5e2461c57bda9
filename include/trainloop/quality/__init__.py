"""The data-quality layer: contract → Great Expectations suite → verdict, reasons in plain words, pages, audit.

Great Expectations decides whether a check passes; which rows fail is asked of PostgreSQL set-based with the same
condition. Check results, pages and logs hold counts and ids, never values.
"""
