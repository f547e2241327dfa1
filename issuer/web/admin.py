"""The administrator's door: one bearer token, kept in a file 0600 beside the keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from issuer.errors import Unauthenticated
from issuer.world import WorldDep


def _admin(request: Request, world: WorldDep) -> None:
    headers = request.headers.getlist("authorization")
    scheme, _, token = (headers[0] if len(headers) == 1 else "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("no-credentials", "Send the administrator's token.")
    world.keyring.check_admin(token.strip())


Admin = Annotated[None, Depends(_admin)]
