"""The key with which the demo's own stream signs its canonical batches.

An instance keeps only hashes of keys; the demo, being also the sender, keeps its key beside them.
"""

from __future__ import annotations

from thuocdo.core.settings import Settings


def live_key(settings: Settings) -> str:
    """The demo stream's key; made on first use."""
    path = settings.state_dir / "demo-stream.key"
    if not path.exists():
        from thuocdo.registry.setup import setup_django

        setup_django()
        from thuocdo.registry.keys import create_key

        path.touch(mode=0o600)
        path.write_text(create_key(settings, "demo stream"))
    return path.read_text()
