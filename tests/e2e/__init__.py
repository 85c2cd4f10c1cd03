"""All packages together, over the doors that a user has: keys, glass, HTTP, files."""
