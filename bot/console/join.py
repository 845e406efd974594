"""Coming and going over HTTP: links, joining, admitting, removing, the unit's key, and who is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.console import roster
from bot.console.auth import signed_in
from bot.console.body import BadRequest, answer, json_body, number, object_or_none, objects, octets, octets_or_none, text
from bot.console.sessions import Sessions, stranger
from bot.desk.case_keys import LARGEST, MOST, MOST_CHANGED, MOST_READERS, NewKey, SealedAnew
from bot.desk.errors import Refused
from bot.desk.people import People
from bot.desk.staff import FIRST_VERSION, INVITE_BYTES, FirstKey, Joining
from bot.desk.totp import SEED_BYTES
from bot.desk.unit_keys import NextKey
from bot.vault.encoding import ID_BYTES
from bot.vault.keys import KEY_BYTES
from bot.vault.member import SEALED_BYTES
from bot.vault.signing import SIGNATURE_BYTES
from bot.vault.staff_auth import AUTH_BYTES, SALT_BYTES, WRAPPED_BYTES
from bot.vault.staff_entry import FIRST, StaffEntry


def _words(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = body.get(name)
    if not isinstance(value, list) or len(value) > 8 or not all(isinstance(one, str) for one in value):
        raise BadRequest(name)
    return tuple(dict.fromkeys(value))


def _first_key(body: Mapping[str, Any]) -> FirstKey | None:
    given = object_or_none(body, "unit_key")
    if given is None:
        return None
    return FirstKey(
        public=octets(given, "public", KEY_BYTES), signature=octets(given, "signature", SIGNATURE_BYTES),
        sealed=octets(given, "sealed", SEALED_BYTES),
    )  # fmt: skip


def _next_key(body: Mapping[str, Any]) -> NextKey | None:
    given = object_or_none(body, "unit_key")
    if given is None:
        return None
    members = tuple((octets(one, "staff_id", ID_BYTES), octets(one, "sealed", SEALED_BYTES)) for one in objects(given, "members"))
    return NextKey(
        version=number(given, "version"), public=octets(given, "public", KEY_BYTES), signature=octets(given, "signature", SIGNATURE_BYTES),
        former=octets(given, "former", SEALED_BYTES), members=members,
    )  # fmt: skip


def _new_key(given: Mapping[str, Any], author_id: bytes) -> NewKey:
    """A case's next key; what is sealed comes in hex, as all keys here."""
    keys = {
        octets(one, "id", ID_BYTES): (
            number(one, "version") if one.get("version") is not None else None,
            octets(one, "sealed", SEALED_BYTES),
        )
        for one in objects(given, "keys", most=MOST_READERS)
    }
    try:
        sealed = bytes.fromhex(text(given, "sealed", most=2 * LARGEST))
    except ValueError:
        raise BadRequest("sealed") from None
    entry = StaffEntry(
        case_id=octets(given, "case_id", ID_BYTES), record_id=octets(given, "record_id", ID_BYTES), version=1, author_id=author_id,
        previous=octets(given, "previous", len(FIRST)), sealed=sealed,
    )  # fmt: skip
    return NewKey(
        was=octets(given, "was", KEY_BYTES), public=octets(given, "public", KEY_BYTES), keys=keys, entry=entry,
        signature=octets(given, "signature", SIGNATURE_BYTES),
    )  # fmt: skip


def case_id_of(text: str) -> bytes:
    """A case's id in an address, or nothing. Raises BadRequest."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        raise BadRequest("after") from None
    if len(found) not in (0, ID_BYTES):
        raise BadRequest("after")
    return found


def join_routes(people: People, sessions: Sessions) -> Sequence[BaseRoute]:
    """The addresses under /console/j that have to do with who belongs to a unit."""

    async def invitation(request: Request) -> Response:
        """What a link is for: it is not used up by this."""
        body = await stranger(request)
        found = await people.staff.invitation(text(body, "token", most=64))
        unit = {"id": found.unit.id, "name": found.unit.name, "kind": found.unit.kind}
        return answer({
            "unit": unit, "role": found.role, "name": found.name, "first": found.first, "version": FIRST_VERSION,
            "key_public": found.key_public, "second_factor": people.sign_in.second_factor,
        })  # fmt: skip

    async def join(request: Request) -> Response:
        body = await stranger(request)
        came = await people.staff.join(
            Joining(
                token=text(body, "token", most=64), id=octets(body, "id", ID_BYTES), name=text(body, "name", most=80),
                shown=text(body, "shown", most=120), languages=_words(body, "languages"), salt=octets(body, "salt", SALT_BYTES),
                auth=octets(body, "auth", AUTH_BYTES), sealing_public=octets(body, "sealing_public", KEY_BYTES),
                signing_public=octets(body, "signing_public", KEY_BYTES), wrapped=octets(body, "wrapped", WRAPPED_BYTES),
                seed=octets_or_none(body, "totp_seed", SEED_BYTES), code=text(body, "totp_code", most=6, default=""),
                certificate=octets_or_none(body, "certificate", SIGNATURE_BYTES), unit_key=_first_key(body),
            )
        )  # fmt: skip
        await people.came()
        response = answer({"csrf": came.session.csrf, **await roster.opened(people.store, came.staff, witness=people.witness)})
        sessions.let_in(request, response, came)
        return response

    async def invite(request: Request) -> Response:
        staff = await signed_in(request)
        body = await json_body(request)
        token, until = await people.staff.invite(staff, role=text(body, "role"), staff_id=octets_or_none(body, "staff_id", ID_BYTES))
        return answer({"token": token, "until": until})

    async def invites(request: Request) -> Response:
        """Links that somebody may still come by. What stands in them is not known here."""
        staff = await signed_in(request)
        rows = await people.staff.invites(staff)
        names = {row.id: row.shown for row in await people.store.of_unit(staff.unit_id)}
        return answer({
            "invites": [
                {
                    "id": row.token, "role": row.role, "until": row.until, "by": names.get(row.made_by, ""),
                    "again": names.get(row.staff_id, ""),
                }
                for row in rows
            ]
        })  # fmt: skip

    async def take_back(request: Request) -> Response:
        staff = await signed_in(request)
        await people.staff.take_back(staff, octets(await json_body(request), "id", INVITE_BYTES))
        return answer({})

    async def admit(request: Request) -> Response:
        staff = await signed_in(request)
        body = await json_body(request)
        sealed = [(number(one, "version"), octets(one, "sealed", SEALED_BYTES)) for one in objects(body, "sealed_unit_keys")]
        await people.unit_keys.admit(
            staff.id, staff_id=octets(body, "staff_id", ID_BYTES), certificate=octets_or_none(body, "certificate", SIGNATURE_BYTES),
            sealed=sealed,
        )  # fmt: skip
        return answer({})

    async def remove(request: Request) -> Response:
        staff = await signed_in(request)
        body = await json_body(request)
        staff_id = octets(body, "staff_id", ID_BYTES)
        await people.unit_keys.remove(staff.id, staff_id=staff_id, next_key=_next_key(body))
        await people.gone(staff_id)
        return answer({})

    async def change_key(request: Request) -> Response:
        staff = await signed_in(request)
        key = _next_key(await json_body(request))
        if key is None:
            raise Refused("unit_key")
        await people.unit_keys.change(staff.id, next_key=key)
        return answer({})

    async def stale_keys(request: Request) -> Response:
        """The case keys that are still sealed to a former key of the unit, a portion of them."""
        staff = await signed_in(request)
        found = await people.case_keys.stale(staff.id, after=case_id_of(request.query_params.get("after", "")))
        keys = [
            {
                "case_id": row.case_id, "sealed": row.sealed, "version": row.version or 1, "public": row.public_key,
                "head": row.head or FIRST, "readers": found.readers.get(row.case_id),
            }
            for row in found.rows
        ]  # fmt: skip
        units = [
            {"id": key.unit_id, "public": key.public_key, "keys": [roster.unit_key(key)]} for key in found.units
        ]  # fmt: skip
        signers = [one for key in found.units for one in await roster.signers(people.store, key.unit_id)]
        return answer(
            {"version": found.version, "public": found.public_key, "left": found.left, "keys": keys, "units": units, "signers": signers}
        )  # fmt: skip

    async def sealed_anew(request: Request) -> Response:
        staff = await signed_in(request)
        body = await json_body(request)
        keys = [
            SealedAnew(
                case_id=octets(one, "case_id", ID_BYTES), was=octets(one, "was", SEALED_BYTES), sealed=octets(one, "sealed", SEALED_BYTES)
            )
            for one in objects(body, "keys", most=MOST)
        ]  # fmt: skip
        await people.case_keys.seal_anew(staff.id, version=number(body, "version"), keys=keys)
        return answer({})

    async def new_keys(request: Request) -> Response:
        """Open cases get another key; gives those that something came to meanwhile."""
        staff = await signed_in(request)
        body = await json_body(request)
        cases = [_new_key(one, staff.id) for one in objects(body, "cases", most=MOST_CHANGED)]
        moved = await people.case_keys.change(staff.id, version=number(body, "version"), cases=cases)
        return answer({"moved": moved})

    async def members(request: Request) -> Response:
        """The colleagues of one's own unit, and its keys."""
        staff = await signed_in(request, waiting=True)
        rows = await people.store.of_unit(staff.unit_id)
        unit = await roster.unit(people.store, staff.unit_id, staff_id=staff.id)
        newest = unit["keys"][0]["version"] if unit["keys"] else 0
        holders = await people.store.holders(staff.unit_id, newest)
        return answer({"unit": unit, "members": [{**roster.member(row), "has_key": row.id in holders} for row in rows]})

    async def member(request: Request) -> Response:
        """What a lead says about a colleague: how many conversations at a time, and what they are particularly able to do."""
        staff = await signed_in(request)
        body = await json_body(request)
        await people.staff.change(
            staff, staff_id=octets(body, "staff_id", ID_BYTES), capacity=number(body, "capacity"), skills=_words(body, "skills")
        )  # fmt: skip
        await people.came()
        return answer({})

    async def languages(request: Request) -> Response:
        """In which languages one talks with reporters."""
        staff = await signed_in(request)
        await people.staff.speaks(staff, _words(await json_body(request), "languages"))
        await people.came()
        return answer({})

    async def signers(request: Request) -> Response:
        """Everybody's public keys and certificates: what a colleague of another unit wrote in a shared case is checked as well."""
        await signed_in(request)
        return answer({"signers": await roster.signers(people.store, None)})

    return (
        Route("/console/j/invitation", invitation, methods=["POST"]),
        Route("/console/j/join", join, methods=["POST"]),
        Route("/console/j/invite", invite, methods=["POST"]),
        Route("/console/j/invites", invites, methods=["GET"]),
        Route("/console/j/invites/take-back", take_back, methods=["POST"]),
        Route("/console/j/admit", admit, methods=["POST"]),
        Route("/console/j/remove", remove, methods=["POST"]),
        Route("/console/j/unit-key", change_key, methods=["POST"]),
        Route("/console/j/stale-keys", stale_keys, methods=["GET"]),
        Route("/console/j/stale-keys", sealed_anew, methods=["POST"]),
        Route("/console/j/case-keys", new_keys, methods=["POST"]),
        Route("/console/j/member", member, methods=["POST"]),
        Route("/console/j/languages", languages, methods=["POST"]),
        Route("/console/j/members", members, methods=["GET"]),
        Route("/console/j/signers", signers, methods=["GET"]),
    )
