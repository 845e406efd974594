"""Whether a Rasa server understands anything at the moment: asked with a sentence of ours."""

from __future__ import annotations

import httpx
import orjson

from nlu.rasa_backend import Endpoint

_SENTENCE = orjson.dumps({"text": "halo"})


async def understands(endpoint: Endpoint, seconds: float) -> bool:
    """Whether it answers a parse within this time, as Rasa answers one. A server that has no model yet does not."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=seconds) as client:
            answer = await client.post(
                f"{endpoint.url}/model/parse", params={"token": endpoint.token} if endpoint.token else None, content=_SENTENCE,
                headers={"content-type": "application/json"},
            )  # fmt: skip
        found = orjson.loads(answer.content) if answer.status_code == httpx.codes.OK else None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, orjson.JSONDecodeError):
        return False
    return isinstance(found, dict) and isinstance(found.get("intent"), dict) and bool(found["intent"].get("name"))
