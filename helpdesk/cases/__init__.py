"""The heart: queues, cases, their messages and events; claim, answer, note, close, reopen, merge."""
