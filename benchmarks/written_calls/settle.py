"""Write into the calls what the labels of several labellers settle to: ``python -m benchmarks.written_calls.settle``.

For every part with a file ``labels/<part>.jsonl`` the gold of its calls becomes what two of three give; see
:func:`benchmarks.written_calls.labels.settled`. Secrets stay as they are.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.written_calls.check import FOLDER
from benchmarks.written_calls.labels import LABELS, Labels, read_labels, settled


def gold(labels: Sequence[Labels], secrets: Sequence[Any]) -> dict[str, Any]:
    """The gold of a call, as its file holds it."""
    fields, evidence, promises = settled(labels)
    told = [one.model_dump() for one in promises]
    return {"fields": fields, "evidence": evidence, "promises": told, "secrets": [*secrets]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Settle all parts that have labels."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args(arguments)
    for file in sorted(LABELS.glob("*.jsonl")):
        changed = 0
        for name, labels in read_labels(file).items():
            path = FOLDER / file.stem / f"{name}.json"
            call = json.loads(path.read_text(encoding="utf-8"))
            before, call["gold"] = call["gold"], gold(labels, call["gold"]["secrets"])
            if call["gold"] != before:
                path.write_text(json.dumps(call, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
                changed += 1
        print(f"{file.stem}: {changed} calls changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
