"""Who is who in a call: as its plan says, or found from what is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from callcore.config import RoleSettings
from callcore.roles import RoleCues, assign_roles, check_roles
from callcore.types import Event, Final, Role, RolesAssigned

ROLE_TEXTS = 200  #: finals a channel that the search for roles looks at


class Sides:
    """The roles of one call."""

    def __init__(
        self, channels: Sequence[int], known: Mapping[int, Role] | None, cues: RoleCues, settings: RoleSettings
    ) -> None:
        """``known``: the plan's; None: to be found from the words."""
        self._known = known
        self._cues = cues
        self._settings = settings
        self._texts: dict[int, list[str]] = {channel: [] for channel in channels}
        self._first_speech: dict[int, int] = {}
        self._shown = False

    def start(self) -> list[Event]:
        """What is known before the first word."""
        if self._known is None:
            return []
        known = any(role is not Role.UNKNOWN for role in self._known.values())
        return [RolesAssigned(dict(self._known), 1.0 if known else 0.0, "option" if known else "mono")]

    def said(self, final: Final) -> None:
        """Words of a side."""
        self._first_speech.setdefault(final.channel, final.start_sample)
        if len(self._texts[final.channel]) < ROLE_TEXTS:
            self._texts[final.channel].append(final.text)

    def early(self) -> list[Event]:
        """While a live call goes on: who is who, as soon as it is clear."""
        if self._known is not None or self._shown:
            return []
        found = self._found(self._settings.swap_confidence)
        self._shown = Role.UNKNOWN not in found.roles.values()
        return [found] if self._shown else []

    def finish(self) -> list[Event]:
        """At the end of the call: who is who, or a warning where the words say otherwise than the plan."""
        found = self._found(self._settings.min_confidence)
        if self._known is None:
            return [found]
        warning = check_roles(self._known, found, self._settings.swap_confidence)
        return [warning] if warning else []

    def _found(self, confidence: float) -> RolesAssigned:
        return assign_roles(self._texts, self._first_speech, self._cues, confidence)
