"""The HTTP side: health, readiness, metrics, and the routes of the channels. No route of ours logs who called."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.routing import BaseRoute

from bot.app import Service
from bot.metrics import REGISTRY

_PATIENCE = 2.0  # seconds that the database may take to say that it is there


def build(service: Service, routes: Sequence[BaseRoute], channel_states: Callable[[], dict[str, str]]) -> FastAPI:
    """The application. `channel_states` tells how each channel is doing, by name."""
    app = FastAPI(title="Ruang Aman", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/", include_in_schema=False)
    async def root() -> Response:
        return RedirectResponse("/chat")

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """The process is there."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        """200 while the bot can serve people; each part by name."""
        state: dict[str, object] = {"database": "ok", "keys": "ok", "channels": channel_states(), "nlu": "off"}
        state["reports"] = "open" if service.units.any else "closed"
        status = 200
        for name, probe in (("database", service.reads.alive), ("keys", service.keys.alive)):
            try:
                await asyncio.wait_for(probe(), _PATIENCE)
            except Exception:
                state[name] = "unreachable"
                status = 503
        return JSONResponse(state, status_code=status)

    @app.get("/metrics")
    async def metrics() -> Response:
        """Prometheus text; counts only."""
        return PlainTextResponse(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    app.router.routes.extend(routes)
    return app
