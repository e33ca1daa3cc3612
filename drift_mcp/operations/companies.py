"""People and teams around a company (an account). Known from third-party catalogues."""

from typing import Literal

from pydantic import Field

from drift_mcp.fields import Line, PathText
from drift_mcp.operation import Access, CatalogueRequest, ListRequest, Operation, Provenance
from drift_mcp.operations import Detailed
from drift_mcp.operations.contacts import Contact
from drift_mcp.operations.users import Team


class OfCompany(ListRequest, Detailed, CatalogueRequest):
    company_id: PathText = Field(alias="companyId", description="Account id, e.g. 123458_domain.com.")
    search: Line | None = Field(None, description="Words in the name or e-mail.")


class ListPeople(OfCompany):
    scope: Literal["all", "active"] | None = Field(None, description="active: seen in the last 30 days.")


class ListCompanyTeams(OfCompany):
    scope: Literal["all", "active"] | None = Field(None, description="active: not archived.")


OPERATIONS = [
    Operation(
        name="list_company_people",
        title="List a company's people",
        summary="The contacts that work for a company.",
        intents=(
            "who from Acme has talked to us",
            "contacts of an account",
            "people working at this company",
        ),
        method="GET",
        path="/companies/{companyId}/people",
        toolset="accounts",
        scope="contact_read",
        access=Access.READ,
        provenance=Provenance.CATALOGUE,
        request=ListPeople,
        result=Contact,
        many=True,
        paging="next",
        page_size=("limit", 100),
        alternative="find_contacts_by_email for each known address",
    ),
    Operation(
        name="list_company_teams",
        title="List a company's teams",
        summary="The teams of your organisation that work with a company.",
        intents=(
            "which team looks after Acme",
            "teams responsible for an account",
            "who on our side handles this company",
        ),
        method="GET",
        path="/companies/{companyId}/teams",
        toolset="accounts",
        scope="user_read",
        access=Access.READ,
        provenance=Provenance.CATALOGUE,
        request=ListCompanyTeams,
        result=Team,
        many=True,
        paging="next",
        page_size=("limit", 100),
        alternative="get_account for the owner, then list_user_teams",
    ),
]
