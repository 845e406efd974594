"""The HTTP side: health, readiness, metrics, and the routes of the channels. No route of ours logs who called."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.app import Service
from bot.metrics import REGISTRY
from bot.mode import NORMAL

_PATIENCE = 2.0  # seconds that the database may take to say that it is there


def build(
    service: Service, routes: Sequence[BaseRoute], channel_states: Callable[[], dict[str, str]], nlu: Callable[[], str] = lambda: "off"
) -> Starlette:  # fmt: skip
    """The application. `channel_states` tells how each channel is doing, by name; `nlu` how the understanding of free text is."""

    async def chat(request: Request) -> Response:
        return RedirectResponse("/chat")

    async def console(request: Request) -> Response:
        return RedirectResponse("/console")

    async def healthz(request: Request) -> Response:
        """The process is there."""
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        """200 while the bot can serve people; each part by name."""
        state: dict[str, object] = {"database": "ok", "keys": "ok", "channels": channel_states(), "nlu": nlu()}
        state["mode"] = service.mode.value
        state["pins"] = "ok" if service.units.pinned else "changed"
        state["reports"] = "open" if service.units.any and service.mode.value == NORMAL else "closed"
        status = 200
        for name, probe in (("database", service.reads.alive), ("keys", service.keys.alive)):
            try:
                await asyncio.wait_for(probe(), _PATIENCE)
            except Exception:
                state[name] = "unreachable"
                status = 503
        if service.writer.trouble and state["database"] == "ok":
            state["database"] = service.writer.trouble  # it can be read, and nothing can be stored
            status = 503
        return JSONResponse(state, status_code=status)

    async def metrics(request: Request) -> Response:
        """Prometheus text; counts only."""
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    # The channels' routes first: a webhook is asked for a thousand times as often as all others together.
    own = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
    own += [Route("/", chat), Route("/chat/", chat), Route("/console/", console)]
    app = Starlette(routes=[*routes, *own])
    # Its redirects would name the host that the caller names, and http behind a proxy that speaks https.
    app.router.redirect_slashes = False
    return app
