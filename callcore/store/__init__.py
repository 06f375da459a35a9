"""The database: calls as append-only events, and what is made from them to list and search."""

from callcore.store.ids import new_call_id
from callcore.store.rows import CallFilter, CallSummary, Deleted, Hit, Passage, SearchResult, Status
from callcore.store.store import SqliteFeatures, Store, sqlite_features
from callcore.store.writer import CallWriter

__all__ = [
    "CallFilter",
    "CallSummary",
    "CallWriter",
    "Deleted",
    "Hit",
    "Passage",
    "SearchResult",
    "SqliteFeatures",
    "Status",
    "Store",
    "new_call_id",
    "sqlite_features",
]
