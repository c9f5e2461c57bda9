"""Learning and development without machinery: pure rules, no Airflow, database, files or clock."""
