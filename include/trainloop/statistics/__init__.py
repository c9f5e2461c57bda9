"""Estimators of surveys and tests, and the one place that decides what may be shown of them.

Pure functions on arrays and frames: no database, no files, no clock. What cannot be answered is a `Refusal` with a
reason, never a number. scipy and statsmodels are imported inside functions: the CLI and DAG files import this package.
"""
