"""Who may see sealed originals."""

from __future__ import annotations

from callcore.config import PrivacySettings
from callcore.errors import RevealRefused

_HINT = "Roles are given in [privacy] roles and reveal_roles: docs/privacy.md."


def may_reveal(settings: PrivacySettings, user: str) -> None:
    """Raises :class:`RevealRefused` unless the settings give ``user`` a role that may see originals.

    ``user``: the name of whoever asks, as the operating system or the server has made sure of it.
    """
    role = settings.roles.get(user)
    if role is None:
        raise RevealRefused(f"{user!r} has no role here.", _HINT)
    if role not in settings.reveal_roles:
        raise RevealRefused(f"originals are not shown to the role {role!r}.", _HINT)
