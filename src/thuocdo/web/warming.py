"""What the first reader of a day would wait for, asked for before anybody comes.

At the start of the process, and again when the Vietnamese day turns: the usual periods move then.
After that answers renew themselves behind whoever reads (standby.py, measure/service.py). What is
remembered is left on disk now and then, and the next process reads it (measure/shelf.py).
"""

from __future__ import annotations

import gc
import threading
import time

import structlog
from django.utils import translation

from thuocdo.core.vocabulary import Block
from thuocdo.web import board, choosing, publishing
from thuocdo.web.choosing import DEFAULT_PRESET, Choice

_LOG = structlog.get_logger(__name__)
_EVERY_S = 60.0
_SHELVED_EVERY_S = 600.0


def start() -> threading.Event:
    """Warm in a thread of its own; setting what is returned ends it."""
    ending = threading.Event()
    threading.Thread(target=_run, args=(ending,), name="warming", daemon=True).start()
    return ending


def _run(ending: threading.Event) -> None:
    warmed, shelved = None, -_SHELVED_EVERY_S
    while not ending.is_set():
        today = choosing.today()
        if today != warmed:
            try:
                warm(ending)
                _settle()
                warmed = today
            except Exception:  # pages ask for themselves, and the log says why
                _LOG.exception("warming_failed")
        if time.monotonic() - shelved >= _SHELVED_EVERY_S:
            _shelve()
            shelved = time.monotonic()
        ending.wait(_EVERY_S)


def _shelve() -> None:
    try:
        publishing.put_on_shelf(board.measure())
    except OSError:  # a full disk, say: the next process counts, and the log says why
        _LOG.exception("answers_not_shelved")


def _settle() -> None:
    """What stays for good is not looked through for garbage again: that pause is a tenth of a second."""
    gc.collect()
    gc.freeze()


def warm(ending: threading.Event) -> None:
    """The figures, lines and checks of the pages everybody opens first."""
    period = choosing.preset_period(DEFAULT_PRESET, choosing.today())
    with translation.override("vi"):
        for definition in board.compared():
            for block in Block:
                if ending.is_set():
                    return
                choice = Choice(period, DEFAULT_PRESET, block, None, None, "any")
                board.figures(definition.code, choice, block=block.value)
                board.series(definition.code, choice, block=block.value)
        publishing.findings(board.measure(), period)
        week = Choice(choosing.last_week(), choosing.CUSTOM, Block.PROVINCE, None, None, "any")
        for definition in board.headline():  # what agencies see when they have signed in
            for block in Block:
                if ending.is_set():
                    return
                board.figures(definition.code, week, block=block.value)
