"""Train the starter recogniser.

``python -m models.training.starter.train --smoke`` runs everything once in seconds; ``--hours H --out FOLDER
--resume`` trains on at a constant rate; ``--decay H`` branches a finished model off the last checkpoint; ``--start-from
MODEL`` begins with what an exported model has learnt, also one of another language.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from models.training.starter.checkpoints import CONSTANT, DECAYED, State
from models.training.starter.feed import LENGTHS_S, Batch, Feed, FeedSettings
from models.training.starter.losses import Criterion, Losses
from models.training.starter.model import Shape, Starter
from models.training.starter.optimise import optimisers, rate
from models.training.starter.restore import restored, speaks
from models.training.starter.talkers import LANGUAGES, all_texts, frame_classes, synthesisers
from models.training.starter.tokens import Tokens

ROOT = Path(__file__).parents[3]
TOKENIZER = ROOT / "models" / "starter-zh" / "tokenizer.json"
MATRIX_RATE, OTHER_RATE = 0.015, 0.002  #: of Muon and AdamW
WARMUP = 150
EASY_STEPS = 700  #: short windows only, until the decoder has found where to listen
PADDED_SHARE = 0.4  #: of the longest windows, seen as if they went on to 30 s
AVERAGE = 0.998
SAVE_S = 600.0
SHOW_STEPS = 10
LONGEST_S = float(max(LENGTHS_S))
SMOKE = Shape(width=64, heads=2, encoder_layers=2, decoder_layers=2)


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked for."""

    out: Path
    data: Path | None
    recordings: Path | None
    hours: float
    decay: bool
    steps: int | None
    seconds: float
    workers: int
    threads: int
    device: str
    seed: int
    share: float  #: of the full rate


def main(arguments: Sequence[str] | None = None) -> int:
    """Train; the newest checkpoint is in ``--out``."""
    options = _options(arguments)
    smoke = options.smoke
    run = Run(
        out=options.out,
        data=options.data,
        recordings=options.recordings,
        hours=options.decay or options.hours,
        decay=bool(options.decay),
        steps=options.steps or (6 if smoke else None),
        seconds=12.0 if smoke else options.seconds,
        workers=options.workers,
        threads=options.threads,
        device=options.device,
        seed=options.seed,
        share=options.rate,
    )
    if smoke:
        state = new_state(SMOKE, options.language, run.data, most_lines=200)
    elif options.start_from and not (run.out / CONSTANT).exists():
        state = begun_with(options.start_from, options.language, run.data)
    elif options.resume or run.decay or options.rewarm:
        state = saved_state(run.out, decay=run.decay, resume=options.resume, rewarm=options.rewarm)
        if options.grow and options.grow > state.shape.encoder_layers:
            state.grow(options.grow)
    elif (run.out / CONSTANT).exists():
        raise SystemExit(f"{run.out} holds a run; go on with --resume, or choose another folder")
    else:
        shape = Shape(encoder_layers=options.encoder_layers, width=options.width)
        state = new_state(shape, options.language, run.data)
    Trainer(state, run).train()
    if smoke:
        from models.training.starter.export import export

        export(run.out / CONSTANT, run.out / "model")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoints")
    parser.add_argument("--data", type=Path, help="folder of the shared data; without it only our own text is said")
    parser.add_argument("--recordings", type=Path, help="folder that models.training.starter.recordings has written")
    parser.add_argument("--hours", type=float, default=1.0, help="of wall clock, from now")
    parser.add_argument("--decay", type=float, metavar="HOURS", help="let the rate fall to nothing")
    parser.add_argument("--rate", type=float, default=1.0, help="share of the full rate; a decay begins with it")
    parser.add_argument("--steps", type=int, help="end after so many steps, if that is sooner")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.add_argument("--rewarm", action="store_true", help="go on at the constant rate from the decayed model")
    parser.add_argument("--start-from", type=Path, metavar="MODEL", help="begin a run with an exported model's weights")
    parser.add_argument("--smoke", action="store_true", help="a tiny run that only shows that everything works")
    parser.add_argument("--seconds", type=float, default=120.0, help="of audio in a batch")
    parser.add_argument("--workers", type=int, default=1, help="processes that make data")
    parser.add_argument("--threads", type=int, default=1, help="of the training itself")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--language", choices=LANGUAGES, default="zh", help="of a new run")
    parser.add_argument("--encoder-layers", type=int, default=4, help="of a new run")
    parser.add_argument("--width", type=int, default=256, help="of a new run")
    parser.add_argument("--grow", type=int, metavar="LAYERS", help="add encoder layers to a resumed run")
    return parser.parse_args(arguments)


def new_state(shape: Shape, language: str, data: Path | None, most_lines: int | None = None) -> State:
    """A run that has not begun, for all tokens of the text."""
    rows = Tokens.rows_for(TOKENIZER, all_texts(language, data, most_lines), [language], LONGEST_S)
    return State(replace(shape, tokens=len(rows), **frame_classes(language)), tuple(rows), language)


def begun_with(folder: Path, language: str, data: Path | None) -> State:
    """A run from an exported model: on from it in its own language, a new one over another language's tokens."""
    if speaks(folder, language):
        return restored(folder, language)
    return restored(folder, language, Tokens.rows_for(TOKENIZER, all_texts(language, data), [language], LONGEST_S))


def saved_state(out: Path, *, decay: bool, resume: bool, rewarm: bool) -> State:
    """The checkpoint that a run goes on from.

    ``rewarm``: from the decayed model at the full rate again, so that the steps of the decay count too (WSD-S of Wen et
    al., "Understanding Warmup-Stable-Decay Learning Rates", 2024). Raises OSError where there is none.
    """
    going_on = decay and resume and (out / DECAYED).exists()
    state = State.load(out / (DECAYED if going_on or rewarm else CONSTANT))
    if rewarm:
        state.decay_spent_s = 0.0  # the next decay is another one
    return state


def best_type(device: str) -> torch.dtype:
    """bfloat16 where the machine multiplies in it, float32 elsewhere."""
    if device == "cuda" or torch.cpu._is_avx512_bf16_supported():
        return torch.bfloat16
    return torch.float32


class Trainer:
    """One session of training."""

    def __init__(self, state: State, run: Run) -> None:
        torch.set_num_threads(run.threads)
        self._state, self._run = state, run
        state.sessions += 1
        torch.manual_seed(run.seed * 1000 + state.sessions)
        self._device = torch.device(run.device)
        self._compute = best_type(run.device)
        self._model: Starter = state.model().to(self._device)
        self._averaged = {k: v.clone() for k, v in (state.averaged or self._model.state_dict()).items()}
        self._averaged = {k: v.to(self._device) for k, v in self._averaged.items()}
        self._criterion = Criterion(state.language, self._device)
        self._optimisers = optimisers(self._model, self._compute)
        for optimiser, saved in zip(self._optimisers, state.optimisers, strict=False):
            optimiser.load_state_dict(saved)
        self._began, self._shown = time.monotonic(), time.monotonic()
        self._spent_before, self._decay_before = state.spent_s, state.decay_spent_s
        self._stop = False

    def train(self) -> None:
        """Until the hours or steps are over or the process is asked to end; saves as it goes."""
        state, run = self._state, self._run
        seed = (run.seed + 1) * 100 + state.sessions + (5_000_000 if run.decay else 0)
        settings = FeedSettings(
            run.data, TOKENIZER, state.rows, run.seconds, seed, run.workers, state.language, run.recordings
        )
        print(f"speech by {synthesisers(state.language)}", file=sys.stderr, flush=True)
        feed = Feed(settings)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._asked)
        saved, steps = time.monotonic(), 0
        try:
            while not self._stop and self._elapsed < run.hours * 3600 and steps != run.steps:
                if state.step < EASY_STEPS:
                    feed.easy.set()
                else:
                    feed.easy.clear()
                losses = self._step(feed.next())
                steps += 1
                if state.step % SHOW_STEPS == 0 or steps == run.steps:
                    self._show(losses, feed.deaths)
                if time.monotonic() - saved > SAVE_S:
                    self._save()
                    saved = time.monotonic()
        finally:
            feed.close()
        self._save()

    def _asked(self, *_: Any) -> None:
        self._stop = True

    @property
    def _elapsed(self) -> float:
        """Seconds that count against the hours: of the decay all its sessions, else of this session."""
        now = time.monotonic() - self._began
        return self._decay_before + now if self._run.decay else now

    def _rate(self) -> float:
        decayed = self._elapsed / (self._run.hours * 3600) if self._run.decay else 0.0
        return self._run.share * rate(self._state.step - self._state.begun, WARMUP, decayed)

    def _step(self, batch: Batch) -> Losses:
        state = self._state
        arrays = {name: torch.from_numpy(array).to(self._device) for name, array in batch.items()}
        for name in ("syllables", "tones"):
            arrays[name] = arrays[name].long()
        seconds = arrays["features"].shape[0] * arrays["features"].shape[2] / 100
        longest = arrays["features"].shape[2] >= LONGEST_S * 100
        padded = bool(longest and torch.rand(()) < PADDED_SHARE)
        losses = self._criterion(self._model, arrays, self._compute, padded)
        losses.total.backward()
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), 2.0)
        share = self._rate()
        for optimiser, full in zip(self._optimisers, (MATRIX_RATE, OTHER_RATE), strict=True):
            for group in optimiser.param_groups:
                group["lr"] = full * share
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        state.step += 1
        state.heard_s += seconds
        self._average()
        return losses

    @torch.no_grad()
    def _average(self) -> None:
        keep = min(AVERAGE, (1 + self._state.step) / (10 + self._state.step))
        for name, value in self._model.state_dict().items():
            self._averaged[name].lerp_(value, 1 - keep)

    def _show(self, losses: Losses, deaths: int) -> None:
        state, now = self._state, time.monotonic()
        line = {
            "step": state.step,
            "hours_heard": round(state.heard_s / 3600, 2),
            "hours_spent": round((self._spent_before + now - self._began) / 3600, 3),
            "rate": round(self._rate(), 4),
            **{name: round(float(getattr(losses, name).detach()), 4) for name in Losses.__slots__},
            "step_s": round((now - self._shown) / SHOW_STEPS, 2),
            "deaths": deaths,
        }
        self._shown = now
        text = json.dumps(line)
        print(text, flush=True)
        self._run.out.mkdir(parents=True, exist_ok=True)
        with (self._run.out / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(text + "\n")

    def _save(self) -> None:
        state, now = self._state, time.monotonic()
        state.spent_s = self._spent_before + now - self._began
        if self._run.decay:
            state.decay_spent_s = self._elapsed
        state.weights = {name: value.detach().cpu() for name, value in self._model.state_dict().items()}
        state.averaged = {name: value.cpu() for name, value in self._averaged.items()}
        state.optimisers = [optimiser.state_dict() for optimiser in self._optimisers]
        state.save(self._run.out / (DECAYED if self._run.decay else CONSTANT))


if __name__ == "__main__":
    sys.exit(main())
