"""Links that show cutouts of a job to anybody who has them, until they expire. They are signed, and not stored."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from cutout.errors import Gone, NotFound
from serve_app.storage.signing import Signer

LABEL = "share"
"""Of their signatures."""
UNKNOWN = "This link is not valid. Check that it was copied as a whole, or ask for a new one."
EXPIRED = "This link has expired. Ask for a new one."


@dataclass(frozen=True, slots=True)
class Share:
    """What a link shows, and until when."""

    job_id: str
    results: tuple[str, ...]
    """Ids of the job's results: models, `edited` or `upscaled`."""
    title: str
    """Of the page; empty: it has none of its own."""
    expires: int
    """Unix time, in seconds."""

    @classmethod
    def of(cls, job_id: str, query: Mapping[str, str], signer: Signer) -> Self:
        """The share of a link's job and query.

        Raises:
            NotFound: it was not signed here as it stands.
            Gone: it has expired.
        """
        results, title, expires = (query.get(name, "") for name in ("results", "title", "expires"))
        if not signer.is_signed(query.get("signature", ""), LABEL, job_id, results, title, expires):
            raise NotFound(UNKNOWN)
        if int(expires) <= time.time():  # a number: it was signed
            raise Gone(EXPIRED)
        return cls(job_id, tuple(results.split(",")), title, int(expires))

    def path(self, signer: Signer) -> str:
        """`shared/<job>?results=…&title=…&expires=…&signature=…`; no slash in front."""
        query = {"results": ",".join(self.results), "title": self.title, "expires": str(self.expires)}
        signature = signer.signature(LABEL, self.job_id, *query.values())
        return f"shared/{self.job_id}?{urlencode({**query, 'signature': signature})}"
