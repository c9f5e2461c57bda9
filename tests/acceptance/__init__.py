"""One stack for all modules of this folder: its fixture has the scope of the package."""
