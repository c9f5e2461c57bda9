"""Backup and restore of both databases: dumps, what they need outside, a manifest that makes them whole.

A backup is a folder that holds `manifest.json`; the manifest is written last, so a folder without one is no backup. A
restore is one transaction a database: killed at any moment, the old state is whole. It lays the sender's lease down, so
that a restored system mails nobody until a person has read what is in doubt (`trainloop outbox in-doubt`).
"""
