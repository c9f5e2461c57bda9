"""Trainers: what they are paid (allowances), who did best (award), how they grow (workshops), thanks."""
