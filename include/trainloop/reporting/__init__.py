"""Reports: published rows → frozen view model → HTML → PDF."""
