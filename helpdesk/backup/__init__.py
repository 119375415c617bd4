"""Back-up and restore: the database and the files it names, as of one moment, in one folder.

A back-up is a folder: `desk.dump` (pg_dump's custom format), `files/` (the blobs by their hash), `files.txt` (which
blobs the dump's rows name) and `manifest.json`, written last. It has no keys: whoever has the folder reads the mail in
it, but no mailbox's password.
"""
