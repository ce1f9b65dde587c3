"""What a request asks for -> a complete job: its models selected, its pictures fetched, its background decoded."""

from dataclasses import replace
from typing import overload

from cutout.jobs import Enlargement, Job, Output
from cutout.pixels.decoding.decoder import Decoder
from cutout.pixels.finish import Finish
from cutout.service import ServiceSpec
from cutout.telemetry.metrics import NO_INSTRUMENTS, Instruments
from fetching.fetch import Fetcher
from serve_app.fanout.model_statuses import ModelStatuses
from serve_app.fanout.selection import select_models
from serve_app.fanout.winner import check_single
from serve_app.requests.asked import Asked, AskedCutouts, AskedEnlargement, AskedFinish, PictureSource, RemotePicture
from serve_app.requests.finish import URL_FIELD


class Inputs:
    """Completes the requests of one service; with `keep_whole`, each result also carries the whole cutout."""

    def __init__(
        self,
        service: ServiceSpec,
        statuses: ModelStatuses,
        decoder: Decoder,
        instruments: Instruments = NO_INSTRUMENTS,
        *,
        keep_whole: bool,
    ) -> None:
        self._statuses = statuses
        self._decoder = decoder
        self._keep_whole = keep_whole
        self._fetchers = {
            "image_url": Fetcher(service.fetch, service.limits.body_bytes, instruments=instruments),
            URL_FIELD: Fetcher(service.fetch, service.limits.body_bytes, field=URL_FIELD),
        }

    @overload
    async def complete(self, asked: AskedCutouts) -> Job[bytes]: ...
    @overload
    async def complete(self, asked: AskedEnlargement) -> Enlargement: ...

    async def complete(self, asked: Asked) -> Job[bytes] | Enlargement:
        """The job that a request asks for.

        Raises:
            Forbidden, ModelUnavailable, ValidationError: as `select_models`, before anything is fetched.
            ValidationError: several models, where the answer is one picture.
            NotFetched, InvalidFormat, ImageTooLarge: a picture that cannot be fetched or read; the details name the
                field.
        """
        if isinstance(asked, AskedEnlargement):
            image, field = await self._bytes(asked.picture), asked.picture.field
            how = (asked.factor, asked.reply.output_format, asked.preserve_alpha)
            return Enlargement(asked.id, image, *how, image_field=field, method=asked.method)
        selection = select_models(asked.models, asked.terms, self._statuses, asked.key)
        if _takes_one_model(asked) and not selection.picks_best:
            check_single(selection.models)
        image = await self._bytes(asked.picture)
        finish = await self.finish(asked.finish)
        return Job(
            id=asked.id,
            image=image,
            selection=selection,
            output=Output(asked.reply.output_format, asked.factor, finish, self._keep_whole, asked.method),
            terms=asked.terms,
            key=asked.key,
            removal=asked.removal,
            image_field=asked.picture.field,
            began_s=asked.began_s,
        )

    async def finish(self, asked: AskedFinish) -> Finish | None:
        """A finish with its background's picture, read by the same rules as the caller's own; None for a plain one.

        Raises:
            NotFetched, InvalidFormat, ImageTooLarge: a background that cannot be fetched or read.
        """
        finish = asked.finish
        if asked.picture:
            picture = await self._decoder.decode(await self._bytes(asked.picture), asked.picture.field)
            finish = replace(finish, background=picture)
        return None if finish.is_plain else finish

    async def close(self) -> None:
        """Close the connections that are still open."""
        for fetcher in self._fetchers.values():
            await fetcher.close()

    async def _bytes(self, source: PictureSource) -> bytes:
        if isinstance(source, RemotePicture):
            return await self._fetchers[source.field].fetch(source.url)
        return source.data


def _takes_one_model(asked: AskedCutouts) -> bool:
    """Whether the response is one picture, and nothing says which of several cutouts it is to be."""
    is_asynchronous = asked.later is not None and asked.later.asynchronous
    return asked.reply.kind == "picture" and asked.pick is None and not is_asynchronous
