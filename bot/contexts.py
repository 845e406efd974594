"""What a locked value is bound to: bytes moved to another row or column do not open there."""

from __future__ import annotations


def session(conversation_id: bytes) -> bytes:
    """A conversation's session."""
    return b"conversation.session|" + conversation_id


def address(conversation_id: bytes) -> bytes:
    """A conversation's return address."""
    return b"conversation.address|" + conversation_id


def refs(conversation_id: bytes) -> bytes:
    """A conversation's older message references."""
    return b"conversation.refs|" + conversation_id


def row(table: str, column: str, row_id: int, conversation_id: bytes) -> bytes:
    """A column of an inbox or outbox row. The conversation belongs to it: a row that was given to another one must not be read there."""
    return f"{table}.{column}|{row_id}|".encode() + conversation_id


def staff(column: str, staff_id: bytes) -> bytes:
    """A column of a colleague's row that is locked under the desk's key: totp, telegram, telephone."""
    return f"staff.{column}|".encode() + staff_id
