"""What a run leaves on disk: everything needed to go on, to decay and to export."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.training.starter.model import Shape, Starter

FORMAT = 1
CONSTANT, DECAYED = "constant.pt", "decayed.pt"


@dataclass
class State:
    """A run so far."""

    shape: Shape
    rows: tuple[int, ...]
    language: str = "zh"
    step: int = 0
    begun: int = 0  #: the step at which the optimisers began
    sessions: int = 0  #: starts and resumptions: each makes other data
    heard_s: float = 0.0  #: seconds of windows seen
    spent_s: float = 0.0  #: wall-clock seconds of training
    decay_spent_s: float = 0.0  #: of them in the decay
    weights: dict[str, Tensor] = field(default_factory=dict)
    averaged: dict[str, Tensor] = field(default_factory=dict)
    optimisers: list[dict[str, Any]] = field(default_factory=list)

    def save(self, file: Path) -> None:
        """Write all of it; a run that dies while writing leaves the file as it was."""
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        fields = {name: value for name, value in vars(self).items() if name != "shape"}
        torch.save({"format": FORMAT, "shape": self.shape.as_json(), **fields}, part)
        part.replace(file)

    @classmethod
    def load(cls, file: Path) -> State:
        """Read it back. Raises OSError, and ValueError on a file of another format."""
        content = torch.load(file, map_location="cpu", weights_only=True)
        if content.pop("format", None) != FORMAT:
            raise ValueError(f"{file} is no checkpoint of format {FORMAT}")
        return cls(shape=Shape(**content.pop("shape")), **content)

    def grow(self, encoder_layers: int) -> None:
        """Add encoder layers after the last: copies of it that at first change nothing. Momenta start anew.

        After Gong et al., "Efficient Training of BERT by Progressively Stacking", ICML 2019; here the outputs of the
        copies are nothing at first, so that no step is lost.
        """
        before = self.shape.encoder_layers
        for weights in (self.weights, self.averaged):
            for name in [name for name in weights if name.startswith(f"encoder.layers.{before - 1}.")]:
                ends = name.split(".", 3)[3]
                silent = ends.startswith(("attention.out.", "narrow."))
                for index in range(before, encoder_layers):
                    value = weights[name]
                    weights[f"encoder.layers.{index}.{ends}"] = torch.zeros_like(value) if silent else value.clone()
        self.shape = replace(self.shape, encoder_layers=max(before, encoder_layers))
        self.optimisers = []
        self.begun = self.step

    def model(self, *, averaged: bool = False) -> Starter:
        """The model with its weights; ``averaged``: the running mean of them."""
        model = Starter(self.shape)
        weights = self.averaged if averaged else self.weights
        if weights:
            model.load_state_dict(weights)
        return model
