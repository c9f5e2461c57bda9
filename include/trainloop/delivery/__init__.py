"""What happens before and in classes: readiness, material, sign-in, incidents, seats, platforms, the class log."""
