"""The tests: a folder for each package, `e2e/` for all of them together, `house/` for the layout."""
