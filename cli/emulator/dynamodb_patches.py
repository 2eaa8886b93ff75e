"""What the emulator's DynamoDB does differently from AWS, put right.

A transaction that is sent again with its `ClientRequestToken`, as an SDK does when the connection broke before the response, is the
same transaction. The emulator compares it with the first one after it has changed that one's numbers and items.
"""

from __future__ import annotations

import copy
import functools
import threading
from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb

TRANSACTIONS = ("_transact_write_items", "_execute_transaction")


def install() -> None:
    """Keep each transaction as it was sent, and compare with that."""
    current = threading.local()

    def replaying(handle: Callable[[dict], Any]) -> Callable[[dict], Any]:
        @functools.wraps(handle)
        def replay(request: dict) -> Any:
            token = request.get("ClientRequestToken")
            known = dynamodb._txn_token_lookup(token) if token else None
            if known and known.get("sent") == request:
                members = known.get("response", {}).items()
                return dynamodb.json_response({name: value for name, value in members if name != "ConsumedCapacity"})
            current.sent = copy.deepcopy(request)
            return handle(request)
        return replay

    store = dynamodb._txn_token_store
    dynamodb._txn_token_store = lambda token, entry: store(token, {**entry, "sent": current.sent})
    for name in TRANSACTIONS:
        setattr(dynamodb, name, replaying(getattr(dynamodb, name)))
