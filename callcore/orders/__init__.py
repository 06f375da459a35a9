"""Work orders as people deal with them: filed at the end of a call, looked at, edited, moved on, handed out."""

from callcore.orders.filing import Filed, Filer
from callcore.orders.form import FieldNow, Form, as_json

__all__ = ["FieldNow", "Filed", "Filer", "Form", "as_json"]
