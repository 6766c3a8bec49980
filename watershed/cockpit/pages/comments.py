"""Comments on a table and its columns: written by whoever may act, withdrawn by who wrote them or an administrator."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse

from watershed.cockpit.declared import find_declared
from watershed.cockpit.guards import Actor, Rights, read_rights
from watershed.errors import InvalidInput
from watershed.flows.decisions.comment import NotYours, withdraw_comment, write_comment
from watershed.warehouse.ledger.cache import MIRROR

router = APIRouter()

Text = Annotated[str, Form()]


@router.post("/tables/{address}/comments")
def say(
    request: Request, user: Actor, address: str, text: Text = "", column: Text = "", comment_id: Text = ""
) -> RedirectResponse:
    """With the id that the form has, so that an impatient browser says it once."""
    find_declared(address)
    try:
        write_comment(address, column or None, text, user, comment_id or None)
    except InvalidInput as error:
        raise HTTPException(422, f"Nothing is written: {error}") from error
    return show_again(request, address)


@router.post("/tables/{address}/comments/withdraw")
def withdraw(
    request: Request, user: Actor, rights: Annotated[Rights, Depends(read_rights)], address: str, comment_id: Text
) -> RedirectResponse:
    find_declared(address)
    try:
        about = withdraw_comment(comment_id, user, rights.administer)
    except NotYours as error:
        raise HTTPException(403, f"Nothing is withdrawn: {error}") from error
    return show_again(request, about)


def show_again(request: Request, address: str) -> RedirectResponse:
    MIRROR.refresh()
    return RedirectResponse(f"{request.scope.get('root_path', '')}/tables/{address}#comments", 303)
