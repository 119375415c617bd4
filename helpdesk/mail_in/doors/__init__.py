"""The ways in for mail: SMTP, LMTP, the pipe, and mailboxes that we poll. Each commits a row before it says yes."""
