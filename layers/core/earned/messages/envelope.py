"""The envelope of the portal's events: CloudEvents 1.0 in structured JSON."""

from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from earned.domain.enrollment import EnrollmentKey
from earned.domain.fact_codec import identify
from earned.domain.stamps import Stamp
from earned.messages.event_fields import EventId, JsonMediaType, Source
from earned.messages.schema_types import Id
from earned.messages.times import Time


class StrictModel(BaseModel):
    """Refuses a value of another type than declared, and ignores fields that are not declared."""

    model_config = ConfigDict(strict=True, frozen=True)


class EnrollmentData(StrictModel):
    enrollment_id: Id
    account_id: Id

    @property
    def key(self) -> EnrollmentKey:
        return EnrollmentKey(self.enrollment_id, self.account_id)


DataT = TypeVar("DataT", bound=BaseModel)


class CloudEvent(StrictModel, Generic[DataT]):
    specversion: Literal["1.0"]
    id: EventId
    source: Source
    type: str
    time: Time
    datacontenttype: JsonMediaType = "application/json"
    data: DataT

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.time, self.source, self.id)

    @property
    def identity(self) -> str:
        return identify(self.source, self.id)
