"""The yearly analysis of training needs R01–R06, R10, R11: read, judged on three layers, ranked, released."""
