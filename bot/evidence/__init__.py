"""Files that people send: fetched into memory, told apart by content, cleaned in a process of their own, sealed."""
