"""The lifecycle board over the sample company's year, in a real browser at a real Airflow."""
