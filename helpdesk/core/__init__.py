"""What every room stands on and knows no room: database, transaction, jobs, events, errors, clock, words."""
