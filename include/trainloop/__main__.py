"""`python -m trainloop` is the command `trainloop`."""

from trainloop.cli import app

app()
