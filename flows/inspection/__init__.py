"""The checks behind `flows.inspect`, one concern a file."""
