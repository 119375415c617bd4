"""Bytes by their content hash: raw mail and attachments, in a folder or in S3."""
