"""The tests: a folder a package, `e2e/` for all of them together, `house/` for the layout."""
