"""The demonstration's own officials: three simulated people who check, sign and publish its reports.

They go through the same desk as anybody, each line of the book says that they are simulated, and nobody
can sign in as one of them: their accounts have no password and a second factor that nobody knows.
"""

from __future__ import annotations

from typing import Final

import typer

from thuocdo.core.settings import Settings

ANALYST: Final = "mo-phong-chuyen-vien"
SIGNER: Final = "mo-phong-lanh-dao"
CLERK: Final = "mo-phong-van-thu"
_NOTE: Final = "Người mô phỏng: đã xem các bảng và kết quả kiểm tra của số liệu mô phỏng."


def publish(settings: Settings, week: str) -> None:
    """Bring a draft to the public; what stands in the way is said, and the draft stays on the desk."""
    from thuocdo.registry.setup import setup_django

    setup_django()
    from thuocdo.registry.accounts import create_simulated, rights_of
    from thuocdo.registry.rights import Role
    from thuocdo.report.desk import working
    from thuocdo.report.desk.model import Actor, Refused, State

    roles = {ANALYST: Role.ANALYST, SIGNER: Role.PUBLISHER, CLERK: Role.PUBLISHER}
    for name, role in roles.items():
        create_simulated(name, role)
    people = {name: Actor(name, rights_of(name), "demonstration", simulated=True) for name in roles}
    course = (
        (State.DRAFT, working.check, ANALYST),
        (State.CHECKED, working.sign, SIGNER),
        (State.SIGNED, working.publish, CLERK),
    )
    for state, step, name in course:
        draft = working.standing(settings, week).draft
        if draft is None or draft.state is not state:
            continue
        try:
            step(settings, week, people[name], draft.digest, _NOTE if state is State.DRAFT else "")
        except Refused as refusal:
            typer.echo(f" {week} stays a draft: {refusal.message}", nl=False)
            return
