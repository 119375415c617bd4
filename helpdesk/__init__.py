"""A customer-service desk: mail and web forms become cases in a shared queue."""
