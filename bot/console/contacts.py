"""One's own chat and telephone over HTTP: linked by a code, forgotten by a click. Nobody does it for somebody else."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.console.auth import signed_in
from bot.console.body import answer, json_body, number, text
from bot.desk.contacts import LAST_PLACE
from bot.desk.linking import Linking

_SMALL = 1_024  # bytes of a request


def contact_routes(linking: Linking) -> Sequence[BaseRoute]:
    """The addresses under /console/j/contacts. What is refused is `bot.console.auth.HANDLERS`'s to answer."""

    async def shown(request: Request) -> Response:
        staff = await signed_in(request)
        return answer(await linking.state(staff.id))

    async def code(request: Request) -> Response:
        """A code for the bot: shown once, here."""
        staff = await signed_in(request)
        made, until = await linking.code(staff.id)
        return answer({"code": made, "until": until, "bot": await linking.bot()})

    async def unlink(request: Request) -> Response:
        staff = await signed_in(request)
        await linking.unlink(staff.id)
        return answer({})

    async def ring(request: Request) -> Response:
        """A voice telephones the number and says a code."""
        staff = await signed_in(request)
        body = await json_body(request, limit=_SMALL)
        return answer({"until": await linking.ring(staff.id, text(body, "number", most=20).replace(" ", "").replace("-", ""))})

    async def confirm(request: Request) -> Response:
        staff = await signed_in(request)
        body = await json_body(request, limit=_SMALL)
        place = number(body, "place", most=LAST_PLACE) or None
        await linking.confirm(staff.id, text(body, "code", most=12), place)
        return answer({})

    async def forget(request: Request) -> Response:
        staff = await signed_in(request)
        await linking.forget(staff.id)
        return answer({})

    return (
        Route("/console/j/contacts", shown, methods=["GET"]),
        Route("/console/j/contacts/code", code, methods=["POST"]),
        Route("/console/j/contacts/unlink", unlink, methods=["POST"]),
        Route("/console/j/contacts/ring", ring, methods=["POST"]),
        Route("/console/j/contacts/confirm", confirm, methods=["POST"]),
        Route("/console/j/contacts/forget", forget, methods=["POST"]),
    )
