"""Who may use which page: one table, compared with the URL map by a test and enforced before every request."""

PUBLIC = "anybody"
SIGNED_IN = "anybody who is signed in: admin, agent or reader"
AGENT = "agents and admins"
ADMIN = "admins"

WHO_MAY = {
    "static": PUBLIC,
    "health": PUBLIC,
    "home": SIGNED_IN,
    "live.stream": SIGNED_IN,
    "search.results": SIGNED_IN,
    "live.poll": SIGNED_IN,
    "accounts.sign_in": PUBLIC,
    "accounts.sign_in_now": PUBLIC,
    "accounts.sign_out": PUBLIC,
    "accounts.setup": PUBLIC,
    "accounts.make_admin": PUBLIC,
    "accounts.join": PUBLIC,
    "accounts.join_now": PUBLIC,
}
