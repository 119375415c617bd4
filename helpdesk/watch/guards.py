"""Who may see figures and details: an admin, whoever has the token, and the networks that the settings name."""

import hmac
import ipaddress

from flask import current_app, request
from flask_login import current_user


def may_see_details() -> bool:
    """Whether this request may. With neither WATCH_TOKEN nor WATCH_NETWORKS set only admins may.

    A request that came through a proxy which the settings do not know of (TRUSTED_PROXIES=0) has the proxy's address:
    its network counts for nothing.
    """
    return _has_token() or _is_near() or (current_user.is_authenticated and current_user.is_admin)


def _has_token() -> bool:
    token, given = current_app.config["WATCH_TOKEN"], request.authorization
    if not token or given is None or given.type != "bearer" or not given.token:
        return False
    return hmac.compare_digest(given.token.encode(), token.encode())


def _is_near() -> bool:
    settings = current_app.config
    if not settings["TRUSTED_PROXIES"] and ("X-Forwarded-For" in request.headers or "Forwarded" in request.headers):
        return False
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in settings["WATCH_NETWORKS"])
