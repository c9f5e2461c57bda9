"""The commands of `trainloop`, grouped as people look for them. Heavy imports stay inside the commands."""
