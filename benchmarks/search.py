"""Full-text indexes for Chinese compared: recall, precision, size and time on real sentences.

    python -m benchmarks.search --data SHARED_DATA

Indexes: one token per Han character (what callcore uses), FTS5's trigram tokenizer, jieba's words. Questions: the
two- and three-to-four-character words of the HSK lists that occur in the sentences, and terms of banking. Recall is
counted against every sentence in which the characters stand side by side. That counts chance neighbours too
(他的|士兵 holds 的士), so where the first index and jieba disagree a random sample was judged by hand
(``search_judged.tsv``), which gives the precision of the one and the recall of words of the other.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from callcore.pinyin import syllables
from callcore.store.query import Column, parse
from callcore.store.tokens import sounds, tokenize

HERE = Path(__file__).parent
JUDGED = HERE / "search_judged.tsv"
BANKING = (
    *("额度", "还款", "转账", "利息", "账单", "密码", "挂失", "分期", "征信", "逾期", "花呗", "借呗", "贷款"),
    *("限额", "手续", "账户", "余额", "提现", "绑定", "取消", "审核", "短信", "到账", "银行", "借款", "利率"),
    *("冻结", "解冻", "退款", "支付", "身份", "开通", "关闭", "查询", "申请", "客服", "投诉"),
)
MIN_SENTENCES = 5  # a question must have at least so many answers
DISAGREEMENTS = 120  # judged by hand
HOMOPHONES = 500


@dataclass(frozen=True)
class Index:
    """One way to index: what is stored for a sentence, and what is asked for a word."""

    name: str
    tokenizer: str
    text: Callable[[str], str]
    question: Callable[[str], str]


def indexes() -> list[Index]:
    """The competitors."""
    import jieba

    jieba.setLogLevel(60)

    def quoted(tokens: Iterable[str]) -> str:
        joined = " ".join(tokens)
        return f'"{joined}"'

    def folded(text: str) -> str:
        return "".join(token.text for token in tokenize(text))

    return [
        Index(
            "characters",
            "ascii",
            lambda text: " ".join(token.text for token in tokenize(text)),
            lambda word: parse(word).expression("words").removeprefix("words : "),
        ),
        Index("trigram", "trigram", folded, lambda word: quoted([folded(word)])),
        Index(
            "jieba",
            "ascii",
            lambda text: " ".join(jieba.cut_for_search(folded(text))),
            lambda word: quoted(jieba.cut(folded(word))),
        ),
    ]


def sentences(data: Path) -> dict[str, str]:
    """Name (file:line) to sentence."""
    found: dict[str, str] = {}
    for file in sorted((data / "text_zh").glob("*.txt")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            found[f"{file.name}:{number}"] = line
    for name in ("bq_corpus_dev.tsv", "bq_corpus_test.tsv", "atec_pairs.tsv"):
        with (data / "intent_zh" / name).open(encoding="utf-8", newline="") as table:
            for number, row in enumerate(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE), start=2):
                found[f"{name}:{number}:1"] = row["sentence1"]
                found[f"{name}:{number}:2"] = row["sentence2"]
    return found


def hsk_words(data: Path) -> list[str]:
    """Words of the HSK lists, two to four Han characters."""
    names = {file.stem.removeprefix("cmn-") for file in (data / "words_zh" / "hsk").glob("cmn-*.mp3")}
    return sorted(name for name in names if 2 <= len(name) <= 4 and all("一" <= char <= "鿿" for char in name))


def build(index: Index, texts: list[str], folder: Path) -> tuple[sqlite3.Connection, dict[str, float]]:
    """An index of its own in a file of its own (without a copy of the text), its size and the time it took."""
    path = folder / f"{index.name}.db"
    db = sqlite3.connect(path)
    db.execute(f"CREATE VIRTUAL TABLE t USING fts5(text, content = '', tokenize = '{index.tokenizer}')")
    begun = time.perf_counter()
    db.executemany(
        "INSERT INTO t (rowid, text) VALUES (?, ?)", ((at, index.text(text)) for at, text in enumerate(texts))
    )
    db.execute("INSERT INTO t (t) VALUES ('optimize')")
    db.commit()
    took = time.perf_counter() - begun
    db.execute("VACUUM")
    return db, {"build_s": round(took, 2), "size_mb": round(path.stat().st_size / 1e6, 2)}


def ask(db: sqlite3.Connection, question: str) -> tuple[set[int], float]:
    """Rows that answer, and milliseconds."""
    begun = time.perf_counter()
    rows = {row for (row,) in db.execute("SELECT rowid FROM t WHERE t MATCH ?", [question])}
    return rows, (time.perf_counter() - begun) * 1000


def measure(index: Index, db: sqlite3.Connection, truth: dict[str, set[int]]) -> dict[str, float]:
    """Recall and surplus against ``truth`` (word to rows that hold its characters), and query times."""
    recalls, times = [], []
    found = wanted = surplus = 0
    for word, rows in truth.items():
        answer, took = ask(db, index.question(word))
        found += len(answer & rows)
        wanted += len(rows)
        surplus += len(answer - rows)
        recalls.append(len(answer & rows) / len(rows))
        times.append(took)
    times.sort()
    return {
        "rows": wanted,
        "recall": round(found / wanted, 4),
        "recall_mean_of_words": round(statistics.mean(recalls), 4),
        "surplus_rows": surplus,
        "query_ms_median": round(statistics.median(times), 3),
        "query_ms_p95": round(times[int(len(times) * 0.95)], 3),
    }


def occurrences(words: list[str], texts: list[str]) -> dict[str, set[int]]:
    """Rows in which each word's characters stand side by side; words with too few are left out."""
    folded = ["|".join(_runs(text)) for text in texts]
    truth: dict[str, set[int]] = {word: set() for word in words}
    lengths = sorted({len(word) for word in words})
    for row, text in enumerate(folded):
        for length in lengths:
            for at in range(len(text) - length + 1):
                part = text[at : at + length]
                if part in truth:
                    truth[part].add(row)
    return {word: rows for word, rows in truth.items() if len(rows) >= MIN_SENTENCES}


def _runs(text: str) -> Iterator[str]:
    # Han characters join across punctuation, as in the index; anything else keeps them apart.
    run = ""
    for token in tokenize(text):
        if token.wide:
            run += token.text
        elif run:
            yield run
            run = ""
    yield run


def disagreements(
    characters: tuple[Index, sqlite3.Connection], jieba: tuple[Index, sqlite3.Connection], truth: dict[str, set[int]]
) -> tuple[list[tuple[str, int]], int]:
    """(word, row) found by characters and not by jieba, and how many rows both find."""
    only, both = [], 0
    for word in truth:
        mine, _ = ask(characters[1], characters[0].question(word))
        theirs, _ = ask(jieba[1], jieba[0].question(word))
        only += [(word, row) for row in sorted(mine - theirs)]
        both += len(mine & theirs)
    return only, both


def judged(only: int, both: int) -> dict[str, float]:
    """Precision and recall of words, from the sample of disagreements judged by hand."""
    with JUDGED.open(encoding="utf-8", newline="") as file:
        labels = [row["is_the_word"] == "yes" for row in csv.DictReader(file, delimiter="\t")]
    right = sum(labels) / len(labels)
    words = both + right * only
    return {
        "sampled": len(labels),
        "of_them_the_word": sum(labels),
        "disagreeing_rows": only,
        "agreeing_rows": both,
        "characters_precision": round(words / (both + only), 4),
        "jieba_recall": round(both / words, 4),
    }


def homophone_recall(texts: list[str], truth: dict[str, set[int]], chance: random.Random) -> dict[str, float]:
    """Words misheard as homophones: how often the exact search and the search by sound still find them."""
    common = [bytes([high, low]).decode("gb2312") for high in range(0xB0, 0xD7) for low in range(0xA1, 0xFA)]
    by_sound: dict[str, list[str]] = {}
    for char in common:
        by_sound.setdefault(syllables(char)[0], []).append(char)
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE t USING fts5(words, sounds, tokenize = 'ascii')")
    asked: list[str] = []
    while len(asked) < HOMOPHONES:
        word = chance.choice(list(truth))
        row = chance.choice(sorted(truth[word]))
        if word not in texts[row]:
            continue
        other = "".join(
            chance.choice([c for c in by_sound.get(sound, []) if c != char] or [char])
            for char, sound in zip(word, syllables(word), strict=True)
        )
        if other == word:
            continue
        tokens = tokenize(texts[row].replace(word, other))
        db.execute(
            "INSERT INTO t (rowid, words, sounds) VALUES (?, ?, ?)",
            [len(asked), " ".join(token.text for token in tokens), " ".join(sounds(tokens))],
        )
        asked.append(word)
    found: dict[Column, int] = {"words": 0, "sounds": 0}
    for row, word in enumerate(asked):
        for column in found:
            sql = "SELECT 1 FROM t WHERE t MATCH ? AND rowid = ?"
            found[column] += bool(db.execute(sql, [parse(word).expression(column), row]).fetchone())
    return {"sampled": len(asked), "exact": found["words"] / len(asked), "sounds_like": found["sounds"] / len(asked)}


def run(data: Path, sample: Path | None) -> dict[str, object]:
    """Everything; with ``sample`` the disagreements to be judged are written there."""
    named = sentences(data)
    names, texts = list(named), list(named.values())
    hsk = hsk_words(data)
    sets = {
        "hsk_2": occurrences([word for word in hsk if len(word) == 2], texts),
        "banking_2": occurrences(list(BANKING), texts),
        "hsk_3_4": occurrences([word for word in hsk if len(word) > 2], texts),
    }
    result: dict[str, object] = {
        "sentences": len(texts),
        "characters": sum(map(len, texts)),
        "words": {name: len(truth) for name, truth in sets.items()},
        "sqlite": sqlite3.sqlite_version,
        "machine": platform.machine(),
    }
    measured: dict[str, object] = {}
    built = {}
    with tempfile.TemporaryDirectory() as folder:
        for index in indexes():
            db, figures = build(index, texts, Path(folder))
            built[index.name] = (index, db)
            measured[index.name] = {**figures, **{name: measure(index, db, truth) for name, truth in sets.items()}}
        sound = Index(
            "sounds",
            "ascii",
            lambda text: " ".join(sounds(tokenize(text))),
            lambda word: parse(word).expression("sounds").removeprefix("sounds : "),
        )
        db, figures = build(sound, texts, Path(folder))
        measured["sounds"] = {**figures, **{name: measure(sound, db, truth) for name, truth in sets.items()}}
        only, both = disagreements(built["characters"], built["jieba"], sets["hsk_2"])
        if sample:
            write_sample(sample, only, names, texts)
        for _, open_db in built.values():
            open_db.close()
        db.close()
    result["indexes"] = measured
    if JUDGED.exists():
        result["judged_hsk_2"] = judged(len(only), both)
    result["homophones"] = homophone_recall(texts, sets["hsk_2"], random.Random(5))
    return result


def write_sample(path: Path, only: list[tuple[str, int]], names: list[str], texts: list[str]) -> None:
    """Disagreements drawn at random, with their text, to judge by hand."""
    drawn = random.Random(11).sample(only, min(DISAGREEMENTS, len(only)))
    lines = [f"{word}\t{names[row]}\t{texts[row]}" for word, row in drawn]
    path.write_text("\n".join(["word\tsentence\ttext", *lines]) + "\n", encoding="utf-8")


def main() -> None:
    """Run and write ``results/search.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of shared data")
    parser.add_argument("--output", type=Path, default=HERE / "results" / "search.json")
    parser.add_argument("--sample", type=Path, help="write disagreements to be judged here")
    arguments = parser.parse_args()
    result = run(arguments.data, arguments.sample)
    arguments.output.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
