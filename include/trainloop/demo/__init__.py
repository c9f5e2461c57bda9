"""A sample company with planted truth: anyone can see whether the numbers are right.

`company` says who works there and what is true; `files` writes what arrives in the inbox and counts its dirt;
`timeline` is the calendar of the year; `runners` do each day's work, through Airflow or in this process; `findings`
compares.
"""
