"""Mail that comes in: the doors, the ledger, and the story from bytes to case."""
