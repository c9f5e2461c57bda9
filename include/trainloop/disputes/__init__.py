"""Disputes 三方沟通 R47–R52: HR, trainer and business head agree about a course on the same evidence.

`opening` takes the form of the Airflow UI, `scan` moves every dispute by what the three wrote, `evidence` and `pilot`
read the warehouse, `papers` freezes what the PDFs of `reporting.dispute_papers` print. The rules are `domain.dispute`.
"""
