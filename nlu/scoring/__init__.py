"""How well messages are understood, in figures: pure arithmetic over what was expected and what was understood."""
