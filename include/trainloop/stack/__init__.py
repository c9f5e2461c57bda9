"""The local stack: PostgreSQL, Airflow's processes and the dev mailbox, started and stopped by `trainloop up/down`."""
