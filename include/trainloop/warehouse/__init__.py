"""The only place that opens PostgreSQL: engine, statements, migrations, the embedded server."""
