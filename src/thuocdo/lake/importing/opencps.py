"""A dossier as OpenCPS lists it, as the events it tells of; names and numbers of people are not read.

Field names and statuses are those of `opencps_dossier` and `DossierStatusConstants` (facts/emc.md
2A); what a status means is told by the national code it is reported under (2C). Dates are written
`dd/MM/yyyy HH:mm:ss` or `yyyyMMddHHmmss` in Vietnam's time, or milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from thuocdo.core.clock import to_datetime
from thuocdo.core.codes import agency_code
from thuocdo.core.vocabulary import ApplicantKind, Channel, Status
from thuocdo.lake.importing.dossier_sheets import moment_of
from thuocdo.lake.importing.whole_dossiers import Record
from thuocdo.wire import rules

_STATUS: Final[Mapping[str, Status]] = {
    "new": Status.RECEIVED,
    "collecting": Status.SUBMITTED,
    "receiving": Status.SUBMITTED,
    "waiting": Status.SUPPLEMENT_REQUESTED,
    "correcting": Status.SUPPLEMENT_REQUESTED,
    "paying": Status.PAYMENT_REQUESTED,
    "processing": Status.PROCESSING,
    "handover": Status.PROCESSING,
    "pausing": Status.PROCESSING,
    "cancelling": Status.PROCESSING,
    "interoperating": Status.PROCESSING,
    "posting": Status.COMPLETED,
    "releasing": Status.COMPLETED,
    "done": Status.RETURNED,
    "denied": Status.REJECTED,
    "cancelled": Status.WITHDRAWN,
    "unresolved": Status.STOPPED,
}
_ENDS: Final = frozenset((Status.REJECTED, Status.WITHDRAWN, Status.STOPPED))
_RESULTS: Final = (Status.COMPLETED, Status.RETURNED)
_GROUP: Final = "9"  # originality of a folder of dossiers, which is none itself
_POSTAL_CHOSEN: Final = ("2", "3", "4")  # viaPostal: selected, sent, received
_APPLICANT: Final = {"citizen": ApplicantKind.CITIZEN, "business": ApplicantKind.BUSINESS}

Scalar = str | int | float | bool | None


class Dossier(msgspec.Struct, frozen=True):
    """What is read of one dossier; everything else of it is passed over as it is parsed."""

    dossierNo: Scalar = None  # noqa: N815 - OpenCPS's names
    serviceCode: Scalar = None  # noqa: N815
    govAgencyCode: Scalar = None  # noqa: N815
    applicantIdType: Scalar = None  # noqa: N815
    submitDate: Scalar = None  # noqa: N815
    receiveDate: Scalar = None  # noqa: N815
    dueDate: Scalar = None  # noqa: N815
    extendDate: Scalar = None  # noqa: N815
    correctingDate: Scalar = None  # noqa: N815
    releaseDate: Scalar = None  # noqa: N815
    finishDate: Scalar = None  # noqa: N815
    cancellingDate: Scalar = None  # noqa: N815
    modifiedDate: Scalar = None  # noqa: N815
    dossierStatus: Scalar = None  # noqa: N815
    online: Scalar = None
    viaPostal: Scalar = None  # noqa: N815
    fromViaPostal: Scalar = None  # noqa: N815
    serviceLevel: Scalar = None  # noqa: N815
    originality: Scalar = None

    @property
    def is_draft(self) -> bool:
        """Neither numbered nor dated: nobody has handed it in; or a folder of dossiers."""
        dated = _text(self.submitDate) or _text(self.receiveDate)
        return not _text(self.dossierNo) or not dated or _text(self.originality) == _GROUP

    @property
    def modified(self) -> int | None:
        """µs UTC of its last change."""
        moment = rules.moment("modifiedDate", _moment(self.modifiedDate))
        return moment if isinstance(moment, int) else None


def events(dossier: Dossier, system: str, agency: str) -> list[Record]:
    """What happened to a dossier, as records for the rules of dossiers.

    agency  whose it is when `govAgencyCode` is no code of the national scheme
    A stage without a date of its own happened when the last dated one did.
    """
    template = {
        "system": system,
        "agency": agency_code(_text(dossier.govAgencyCode)) or agency,
        "dossier": _text(dossier.dossierNo),
        "procedure": _text(dossier.serviceCode),
        "received_at": _moment(dossier.receiveDate),
        "due_at": _moment(dossier.extendDate) or _moment(dossier.dueDate),
        "channel": _channel(dossier),
        "level": _level(dossier),
        "returned_by_post": _by_post(dossier),
        "applicant_kind": _APPLICANT.get(_text(dossier.applicantIdType).lower(), ""),
    }
    return [
        template | {"status": stage.value, "event_time": at}
        for stage, at in _stages(dossier).items()
    ]


def _stages(dossier: Dossier) -> dict[Status, str]:
    status = _STATUS.get(_text(dossier.dossierStatus).lower(), Status.PROCESSING)
    dated = {
        Status.SUBMITTED: _moment(dossier.submitDate),
        Status.RECEIVED: _moment(dossier.receiveDate),
        Status.SUPPLEMENT_REQUESTED: _moment(dossier.correctingDate),
        Status.COMPLETED: _moment(dossier.releaseDate),
        Status.RETURNED: _moment(dossier.finishDate),
    }
    stages = {
        stage: at
        for stage, at in dated.items()
        if at and not (status in _ENDS and stage in _RESULTS)
    }
    if status not in stages:
        ends = [_moment(dossier.cancellingDate)] if status is Status.WITHDRAWN else []
        ends += [dated[stage] for stage in _RESULTS] if status in _ENDS else []
        last = max(at for at in dated.values() if at)
        stages[status] = next((at for at in ends if at), last)
    return stages


def _channel(dossier: Dossier) -> str:
    if _text(dossier.online).lower() in ("true", "1"):
        return Channel.ONLINE
    return Channel.POSTAL if _text(dossier.fromViaPostal) not in ("", "0") else Channel.COUNTER


def _level(dossier: Dossier) -> str:
    level = rules.LEVELS.get(_text(dossier.serviceLevel))
    return level or ""


def _by_post(dossier: Dossier) -> str:
    chosen = _text(dossier.viaPostal)
    return "" if not chosen else str(chosen in _POSTAL_CHOSEN).lower()


def _text(value: Scalar) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) else str(value).strip()


def _moment(value: Scalar) -> str:
    """A date as `wire.rules.moment` reads it; "" when there is none."""
    text = _text(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return to_datetime(int(value) * 1000).isoformat() if value > 0 else ""
    return (moment_of(text) or text) if text else ""
