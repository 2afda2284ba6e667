"""Tokens of leases. A token says how many holders in a row died with the row in their hands.

Whoever ends as it should gives the row back without a token; a token found on a lapsed lease is a dead holder's. So the
count needs no column, is written with the claim itself, and survives whatever killed the holder.
"""

import uuid

POISON = 3
"""So many deaths in a row, and the row itself is taken for the cause (reliability.md §2, row 10)."""


def new_token(deaths=0):
    """A token nobody else has, after so many deaths: a UUID of the free version 8 whose first byte counts them."""
    token = bytearray(uuid.uuid4().bytes)
    token[0], token[6] = deaths, 0x80 | token[6] & 0x0F
    return uuid.UUID(bytes=bytes(token))


def deaths_with(token):
    """How many holders are dead once the holder of this token is dead too."""
    return 1 + (token.bytes[0] if token.version == 8 else 0)
