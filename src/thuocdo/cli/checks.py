"""`thuocdo check-site`: looks at a page in a real browser and says why its tag does or does not count."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from thuocdo.cli.assess_options import Beyond
from thuocdo.cli.output import one_of
from thuocdo.cli.ready import ready_with_registry
from thuocdo.core.errors import ThuocdoError

_UNKNOWN = 2
"""Exit code of a check that could not be made."""


def check_site(
    url: Annotated[str, typer.Argument(help="The page, for example https://hanoi.gov.vn/.")],
    site: Annotated[int | None, typer.Option(help="The site id it should count for.")] = None,
    tracker: Annotated[
        str, typer.Option(help="The collector it should send to; default THUOCDO_COLLECTOR_URL.")
    ] = "",
    output: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
    lang: Annotated[str, typer.Option(help="vi or en.")] = "vi",
    pages: Annotated[int, typer.Option(help="How many pages, found by links on the first.")] = 1,
    beyond: Beyond = "",
) -> None:
    """Look at a page in a real browser: does its tag count, and if not, why. Exit 0, 1; 2 unknown."""
    from thuocdo.assess.hosts.locks import Hosts
    from thuocdo.assess.site_check import words
    from thuocdo.assess.site_check.check import Wanted, check_sites, normal_url, refuse_nonsense
    from thuocdo.core.console import operator

    language: words.Language = "en" if lang == "en" else "vi"
    try:
        one_of("--format", output, ("text", "json"))
        one_of("--lang", lang, ("vi", "en"))
        found, wanted = ready_with_registry(), Wanted(url, site, tracker, pages)
        from thuocdo.assess.hosts import budget

        refuse_nonsense(found, wanted)
        own = normal_url(url)
        budget.look_by_hand(found, own, operator(), pages=pages, because=beyond)
        with Hosts.of(found).held(own):  # waits while a scan of ours is there
            (result,) = check_sites(found, [wanted])
    except ThuocdoError as error:  # 1 would say that the page does not count
        typer.echo(f"thuocdo: {error}", err=True)
        raise typer.Exit(_UNKNOWN) from None
    if output == "json":
        typer.echo(json.dumps(words.as_json(result, language), ensure_ascii=False, indent=2))
    else:
        typer.echo(words.as_text(result, language))
    raise typer.Exit(result.exit_code)
