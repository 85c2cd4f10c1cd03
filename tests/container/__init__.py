"""The verifier's container, built and served without an engine: `make test-container`."""
