"""How a conversation is drawn: what is on the cards, where they lie, and the SVG."""
