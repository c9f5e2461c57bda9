"""Airflow's side of TrainLoop: defaults, tags, retries, assets, callbacks, connections. No business logic."""
