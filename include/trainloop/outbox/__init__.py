"""Mails decided but not yet sent, and their history: notices → messages → a person's inbox.

`notices.plan` records decisions in the caller's own transaction, `composer.compose_due` freezes mails from them,
`mailer.deliver_due` hands the frozen bytes to a transport. Nothing else of TrainLoop talks to a mail server.
"""
