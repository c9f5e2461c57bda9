"""TrainLoop: a company's whole training lifecycle as Airflow DAGs."""
