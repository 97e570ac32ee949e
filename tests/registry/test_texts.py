"""The desk speaks both languages without a gap."""

from __future__ import annotations

import gettext
from importlib import resources

import pytest
from babel.messages.pofile import read_po

LOCALE = resources.files("thuocdo.registry") / "locale"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_catalogue_is_complete_and_compiled(language) -> None:
    folder = LOCALE / language / "LC_MESSAGES"
    with (folder / "django.po").open("rb") as source, (folder / "django.mo").open("rb") as compiled:
        written, used = read_po(source, locale=language), gettext.GNUTranslations(compiled)
    for message in (message for message in written if message.id):
        assert message.string, message.id
        assert not message.fuzzy, message.id
        if isinstance(message.id, tuple):
            assert used.ngettext(*message.id, 1) == message.string[0]
        elif message.context:
            assert used.pgettext(message.context, message.id) == message.string
        else:
            assert used.gettext(message.id) == message.string


def test_every_label_of_the_models_has_an_english_text() -> None:
    from django.apps import apps
    from django.utils import translation

    for model in apps.get_app_config("registry").get_models():
        labels = [model._meta.verbose_name, model._meta.verbose_name_plural]
        labels += [f.verbose_name for f in model._meta.concrete_fields if f.name != "id"]
        with translation.override("en"):
            for label in labels:
                assert str(label).isascii(), label
