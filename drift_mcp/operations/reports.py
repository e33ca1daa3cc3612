"""Figures about conversations (devdocs: conversation-reporting). At most 60 calls a minute."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationInfo, model_validator

from drift_mcp.fields import Cleaned, Line, VisitorData, VisitorsValue, Word, iso_from_ms
from drift_mcp.operation import LOCAL, Access, ListRequest, Operation, Request, Result, as_is

METRICS = (
    "createdAt, updatedAt, firstCloseAt, firstAgentMessageAt, lastAgentId, endUserId, relatedPlaybookId, "
    "timeToCloseMillis, timeToAgentResponseMillis, numAgentMessages, numBotMessages, numEndUserMessages"
)


def _numbers(values: list[str] | None) -> Any:
    """Ids and epoch milliseconds as the numbers that Drift documents; dates and words stay texts."""
    plain = re.compile(r"\d{1,15}")
    return [int(value) if plain.fullmatch(value) else value for value in values] if values else values


class Filter(Request):
    property: Line = Field(description="A metric, or status, or botStatus.")
    operation: Line = Field(description="HAS_PROPERTY, BETWEEN or IN.")
    values: Annotated[list[Annotated[str, BeforeValidator(str)]] | None, Cleaned, PlainSerializer(_numbers)] = Field(
        None, description="BETWEEN: two dates YYYY-MM-DD. IN: e.g. closed."
    )


class Report(ListRequest):
    metrics: Annotated[list[Line], Field(min_length=1, max_length=20)] = Field(description=f"Any of: {METRICS}.")
    filters: Annotated[list[Filter], Field(max_length=20)] = Field(description="All must hold; [] for every one.")
    limit: Annotated[int, Field(ge=1, le=200), LOCAL] = Field(100, description="Rows wanted, 1-200.")


class Metric(Request):
    type: Line = Field(description="Aggregation, e.g. AVG.")
    property: Line = Field(description="A metric of report_conversations.")


class Summary(Request):
    metrics: Annotated[list[Metric], Field(min_length=1, max_length=20)] = Field(description="What to compute.")
    filters: Annotated[list[Filter], Field(max_length=20)] = Field(description="All must hold; [] for every one.")


def _value(name: str, value: Any) -> Any:
    """A metric's value: Drift sends the text "NaN" for one that is missing; times are shown as such."""
    if value == "NaN":
        return None
    return iso_from_ms(value) if name.endswith("At") else value


class ReportRow(Result):
    """One conversation. Drift's values come in the order of the metrics asked for; here they have their names."""

    conversation_id: int | None = None
    metrics: VisitorData | None = None

    @model_validator(mode="before")
    @classmethod
    def _name_values(cls, raw: Any, info: ValidationInfo) -> Any:
        asked = getattr(info.context, "metrics", None)
        values = raw.get("metrics") if isinstance(raw, dict) else None
        if not asked or not isinstance(values, list):
            return raw
        named = {name: _value(name, value) for name, value in zip(asked, values, strict=False)}
        return raw | {"metrics": {name: value for name, value in named.items() if value is not None}}


class Aggregate(Result):
    type: Word | None = None
    property: Word | None = None
    value: VisitorsValue = None

    @model_validator(mode="before")
    @classmethod
    def _show_value(cls, raw: Any) -> Any:
        return raw | {"value": _value(str(raw.get("property")), raw.get("value"))} if isinstance(raw, dict) else raw


class SummaryResult(Result):
    """What Drift answers is not known (official SDK, get_metrics): whatever comes is passed on."""

    count: int | None = None
    data: list[Aggregate] | None = None


OPERATIONS = [
    Operation(
        name="report_conversations",
        title="Report on conversations",
        summary="Figures per conversation, such as times to answer and to close, for those that match the filters.",
        guidance="Only counting by status? get_conversation_stats.",
        intents=(
            "how long did it take us to answer chats last week",
            "report time to close per conversation",
            "which conversations had no agent reply",
            "chat response time metrics",
        ),
        method="POST",
        path="/reports/conversations",
        toolset="reports",
        scope="conversation_read",
        access=Access.READ,
        request=Report,
        result=ReportRow,
        many=True,
    ),
    Operation(
        name="summarize_conversation_metrics",
        title="Summarize conversation metrics",
        summary="Aggregates over all matching conversations, such as the average number of bot messages.",
        guidance="Row by row: report_conversations. Known from Drift's own SDK only.",
        intents=(
            "average response time of the team",
            "mean number of bot messages per chat",
            "aggregate conversation metrics",
        ),
        method="POST",
        path="/reports/conversation-summary",
        toolset="reports",
        scope="conversation_read",
        access=Access.READ,
        request=Summary,
        result=SummaryResult,
        unwrap=as_is,
    ),
]
