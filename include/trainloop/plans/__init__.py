"""Action learning plans (R31–R33): what a learner changes at work within 30 days of a class.

`taking` makes plans of filled forms and takes in weekly updates, check-ins and managers' words; `calls` plans what
learners and managers hear: one digest on Mondays, the check-in on its day, what a manager owes as commitments.
Reports about a class count plans and never name one (`trainloop.reporting`).
"""
