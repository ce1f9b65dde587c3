"""The body about a link to cutouts."""

from pydantic import Field

from serve_app.contract.body import Body


class ShareBody(Body):
    """Answer of POST /jobs/{job_id}/share."""

    job_id: str
    models: list[str] = Field(description="The results that the link shows.")
    share_url: str = Field(description="The link. Anybody who has it sees them, without a key.")
    expires_at: int = Field(
        description="Unix time, in seconds: after `expires_s`, or when the job is to be deleted, if that is earlier."
    )
