"""The JSON API and what machines ask. Thin: reads the request, calls `login`, writes the answer."""
