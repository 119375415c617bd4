"""Who may do what: agents, their sign-ins, one-time links, the audit trail."""
