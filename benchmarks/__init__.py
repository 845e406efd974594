"""Measurements of the running service: no number in the documentation that these did not print."""
