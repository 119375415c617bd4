"""Where a request comes from, as limits count it. Pure."""

import ipaddress


def network_of(address: str | None) -> str:
    """An IPv4 address as it is, an IPv6 address as its /64: one household or office has at least that much."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
