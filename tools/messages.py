"""Bring the catalogues up to the texts in use: `python tools/messages.py`, after any new text.

Vietnamese is the language of the sources, so its catalogue is filled by itself. English is written by
a person: what lacks it is listed, and the exit code is 1 until nothing does. Both are compiled.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from babel.messages.pofile import read_po
from tests.web import test_translations as texts

LOCALES = texts.WEB / "locale"


def known(path: Path) -> set[str]:
    with path.open("rb") as file:
        return {m.id[0] if isinstance(m.id, tuple) else m.id for m in read_po(file)}


def quoted(text: str) -> str:
    return text.replace('"', '\\"')


def main() -> int:
    lacking = []
    for language in texts.LANGUAGES:
        path = LOCALES / language / "LC_MESSAGES" / "django.po"
        missing = sorted(texts.used() - known(path))
        if language == "vi":
            with path.open("a", encoding="utf-8") as file:
                for text in missing:
                    flag = "#, python-format\n" if "%(" in text else ""
                    file.write(f'\n{flag}msgid "{quoted(text)}"\nmsgstr "{quoted(text)}"\n')
        else:
            lacking = missing
        subprocess.run(["msgfmt", "-o", path.with_suffix(".mo"), path], check=True)
    sys.stdout.writelines(f"{text}\n" for text in lacking)
    return bool(lacking)


if __name__ == "__main__":
    sys.exit(main())
