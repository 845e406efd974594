"""The desk: the people who answer, and what is theirs to do."""
