"""Batches made by worker processes while the model trains."""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

LENGTHS_S = (2, 3, 4, 5, 6, 8, 10, 12, 15)
EASY_S = 5  #: the longest windows while the model has yet to find out where to listen
AHEAD = 4  #: batches a worker makes ahead
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  #: more of them wait for each other
MOST_DEATHS = 200  #: of workers, before something is taken to be wrong with them all

Batch = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """What the workers need to know."""

    data: Path | None
    tokenizer: Path
    rows: tuple[int, ...]
    seconds: float  #: of windows in a batch
    seed: int
    workers: int
    language: str = "zh"
    recordings: Path | None = None  #: folder of :mod:`~models.training.starter.recordings`
    lengths: tuple[int, ...] = LENGTHS_S


def collate(examples: list[Any], most_tokens: int) -> Batch:
    """Arrays of a batch: features (windows, 80, frames), inputs and targets (windows, tokens), spans (…, 2), labels."""
    count = len(examples)
    width = min(-(-max(len(example.inputs) for example in examples) // 8) * 8, most_tokens)
    inputs = np.zeros((count, width), np.int64)
    targets = np.full((count, width), -1, np.int64)
    spans = np.full((count, width, 2), -1, np.int32)
    for index, example in enumerate(examples):
        used = len(example.inputs)
        inputs[index, :used], targets[index, :used] = example.inputs, example.targets
        spans[index, :used] = example.spans
    return {
        "features": np.stack([example.features for example in examples]),
        "inputs": inputs,
        "targets": targets,
        "spans": spans,
        "syllables": np.stack([example.syllables for example in examples]),
        "tones": np.stack([example.tones for example in examples]),
    }


def length_for(lengths: tuple[int, ...], easy: bool, random: Random) -> int:
    """The length of the next batch's windows."""
    return random.choice([length for length in lengths if not easy or length <= EASY_S] or [lengths[0]])


def _work(settings: FeedSettings, seed: int, pipe: Connection, easy: Event) -> None:
    """Make batches for ever; a thread sends them, so that some are always ready."""
    from models.training.starter.examples import Examples, token_room
    from models.training.starter.talkers import talker
    from models.training.starter.tokens import Tokens

    random = Random(seed)
    speaks = talker(settings.language, settings.data, random, settings.recordings)
    examples = Examples(speaks, Tokens(settings.tokenizer, settings.rows), random)
    ready: queue.Queue[Batch] = queue.Queue(AHEAD)
    threading.Thread(target=_send, args=(ready, pipe), daemon=True).start()
    while True:
        length = length_for(settings.lengths, easy.is_set(), random)
        room = token_room(length)
        count = max(1, round(settings.seconds / length))
        ready.put(collate([examples.draw(float(length), room) for _ in range(count)], room))


def _send(ready: queue.Queue[Batch], pipe: Connection) -> None:
    try:
        while True:
            pipe.send(ready.get())
    except (BrokenPipeError, ConnectionResetError):  # whoever trains has gone
        os._exit(0)


class Feed:
    """An endless iterator of batches; close it when done.

    espeak-ng sometimes crashes, and takes its process along: a worker that dies is replaced by one with other data.
    """

    def __init__(self, settings: FeedSettings) -> None:
        self._settings = settings
        self._context = multiprocessing.get_context("spawn")
        self.easy = self._context.Event()
        self.deaths = 0
        self._workers: dict[Connection, BaseProcess] = {}
        for worker in range(settings.workers):
            self._start(settings.seed * 1009 + worker)

    def _start(self, seed: int) -> None:
        os.environ.update(ONE_THREAD)  # numpy reads it when the worker imports it, before any line of ours runs
        ours, theirs = self._context.Pipe(duplex=False)
        worker = self._context.Process(target=_work, args=(self._settings, seed, theirs, self.easy), daemon=True)
        worker.start()
        theirs.close()  # so that a dead worker ends the pipe
        self._workers[ours] = worker

    def __iter__(self) -> Iterator[Batch]:
        while True:
            yield self.next()

    def next(self) -> Batch:
        """The next batch. Raises RuntimeError when workers die again and again."""
        while True:
            for pipe in wait(list(self._workers)):
                assert isinstance(pipe, Connection)
                try:
                    batch: Batch = pipe.recv()
                except (EOFError, OSError):
                    self._replace(pipe)
                    continue
                return batch

    def _replace(self, pipe: Connection) -> None:
        self._workers.pop(pipe).join()
        pipe.close()
        self.deaths += 1
        if self.deaths > MOST_DEATHS:
            raise RuntimeError("the workers that make training data die again and again; their errors are above")
        self._start(self._settings.seed * 1009 + 500 + self.deaths)

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers.values():
            worker.terminate()
            worker.join()
