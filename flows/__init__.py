"""The conversation engine: pure, without input or output, clock, random ids or async."""
