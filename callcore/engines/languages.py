"""Which language is spoken, asked of a model whose ``detect_language`` CTranslate2 refuses to run."""

from __future__ import annotations

from typing import Any

import ctranslate2
import numpy as np
import numpy.typing as npt


def language_probabilities(model: Any, encoded: Any, count: int, tokenizer: Any) -> list[dict[str, float]]:
    """What CTranslate2's ``detect_language`` answers, for models it takes for English ones and refuses.

    ``encoded``: encoder output of ``count`` windows. The answer is the softmax, over the language tokens, of the scores
    after start-of-transcript. CTranslate2 gives scores out with the tokens it may not write struck out; before a token
    that is given to it, here row 0, it strikes out none but the mark for no timestamps.
    """
    first, last = tokenizer.token_to_id("<|startoftranscript|>"), tokenizer.token_to_id("<|translate|>")
    codes = [tokenizer.id_to_token(row).strip("<|>") for row in range(first + 1, last)]
    written = model.generate(
        encoded,
        [[first, 0]] * count,
        beam_size=1,
        max_length=2,
        suppress_blank=False,
        suppress_tokens=[],
        return_logits_vocab=True,
    )
    scores = np.stack([_on_cpu(item.logits[0][0]) for item in written])[:, first + 1 : last]
    return [dict(zip(codes, row, strict=True)) for row in _softmax(scores).tolist()]


def _on_cpu(view: ctranslate2.StorageView) -> npt.NDArray[np.float32]:
    return np.array(view.to(ctranslate2.DataType.float32).to_device(ctranslate2.Device.cpu))


def _softmax(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: npt.NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return shares
