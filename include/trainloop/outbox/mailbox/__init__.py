"""The dev mailbox: catches every mail of a demo or a development machine and shows it on a page of our own.

    python -m trainloop.outbox.mailbox --smtp-port 1025 --web-port 8025 --folder .trainloop/mailbox

One process: an SMTP server that keeps each mail as an .eml file, and pages to read them. Loopback only, no login.
"""
