"""The summary of a ticket rewritten by a language model on the bank's own machine; off unless an address is set.

Speaks the chat protocol that local servers share (llama.cpp, vLLM, Ollama: ``POST /v1/chat/completions``). What comes
back is used only when every number and name in it was said in the call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx2
from pydantic import BaseModel, ConfigDict, ValidationError

from callcore.config import TicketSettings
from callcore.errors import RewriteError
from callcore.text.chars import is_chinese
from callcore.tickets import Ticket
from callcore.tickets.summary import check_summary, joined
from callcore.types import Role, Turn

LONGEST = 600  #: characters of a summary
MOST_WORDS = 12_000  #: characters of the transcript that is sent along
_HINT = "The summary of the ticket stays as it was. See docs/tickets.md, rewriting."
_ASK = {
    True: "你为银行客服工单写摘要。用两三句中文说明：客户要什么，为什么，坐席做了什么，承诺了什么。"
    "只写通话中说过的内容，不要添加任何数字、姓名或日期，数字按原话写。只输出摘要。",
    False: "You write the summary of a bank's service ticket: what the customer wants, why, what the agent did and "
    "what was promised, in two or three sentences. Say only what was said in the call; add no number, name or date, "
    "and write numbers as they were said. Answer with the summary alone.",
}


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore")
    content: str


class _Choice(BaseModel):
    model_config = ConfigDict(extra="ignore")
    message: _Message


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")
    choices: tuple[_Choice, ...]


@dataclass(frozen=True, slots=True)
class Rewriter:
    """Asks one server. Holds no connection between calls."""

    url: str  #: up to and with ``/v1``
    model: str
    timeout_s: float
    transport: httpx2.BaseTransport | None = None  #: in place of the network

    @classmethod
    def of(cls, settings: TicketSettings) -> Rewriter | None:
        """From the settings; None where rewriting is off."""
        if not settings.rewrite_url:
            return None
        return cls(settings.rewrite_url.rstrip("/"), settings.rewrite_model, settings.rewrite_timeout_s)

    def rewrite(self, ticket: Ticket, turns: Sequence[Turn], roles: Mapping[int, Role]) -> Ticket:
        """The ticket with its summary in the model's words. ``turns``: of the call, as they may leave it, in order.

        Raises :class:`RewriteError` where the server cannot be had, answers otherwise than agreed, or says what nobody
        said; the message holds none of its words.
        """
        if not ticket.summary:
            return ticket
        text = " ".join(self._answer(ticket, turns, roles).split())
        if not text or len(text) > LONGEST:
            raise RewriteError(f"the rewritten summary has {len(text)} characters.", _HINT)
        strange = check_summary(text, turns, ticket.call.language, ticket.call.day)
        if strange:
            raise RewriteError(f"the rewritten summary says {len(strange)} numbers or names that nobody said.", _HINT)
        return ticket.with_summary(text, f"model/{self.model}")

    def _answer(self, ticket: Ticket, turns: Sequence[Turn], roles: Mapping[int, Role]) -> str:
        chinese = is_chinese(ticket.call.language)
        said = (f"{roles.get(turn.channel, Role.UNKNOWN).value}: {turn.text}" for turn in turns)
        spoken = "\n".join(said)[:MOST_WORDS]
        draft = joined([part.text for part in ticket.summary], ticket.call.language)
        body = {
            "model": self.model,
            "temperature": 0,
            "messages": [
                {"role": "system", "content": _ASK[chinese]},
                {"role": "user", "content": f"{spoken}\n\n{draft}"},
            ],
        }
        try:
            with httpx2.Client(timeout=self.timeout_s, transport=self.transport, trust_env=False) as client:
                response = client.post(f"{self.url}/chat/completions", json=body)
                response.raise_for_status()
                choices = _Answer.model_validate_json(response.content).choices
        except httpx2.HTTPError as error:
            raise RewriteError(f"the summary could not be rewritten ({type(error).__name__}).", _HINT) from error
        except ValidationError as error:
            raise RewriteError("the server of the summary answered with something else.", _HINT) from error
        if not choices:
            raise RewriteError("the server of the summary gave no answer.", _HINT)
        return choices[0].message.content
