"""The web form and its JSON endpoint: inquiries without a mail client."""
