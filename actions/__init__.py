"""Every business write, one small function each. They see ports, never a database or a platform."""
