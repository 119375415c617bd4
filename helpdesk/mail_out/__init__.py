"""Mail that leaves: composed, kept in the outbox, sent under a lease, its fate recorded per recipient."""
