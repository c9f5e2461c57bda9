"""What people owe (commitments) and decide (approvals): asked by a signed link, chased, kept as rows."""
