"""build_app(args): wires the service's deployments, in this one place."""

from typing import Any

from ray import serve
from ray.serve import Application

from deployments.backends import prepare
from deployments.instruments import serve_instruments
from deployments.replicas.combiner import CombinerReplica
from deployments.replicas.ledger import LedgerReplica
from deployments.replicas.remover import RemoverReplica
from deployments.replicas.upscaler import UpscalerReplica
from serve_app.configuration import check_config
from serve_app.ingress import Ingress
from serve_app.jobs_replica import JobsReplica
from serve_app.process.haproxy.hard_stop import check_hard_stop
from serve_app.settings import Settings


def build_app(args: dict[str, Any]) -> Application:
    """Bind every enabled model, the upscalers, the combiner, the ledger, the job worker and the ingress together.

    Args:
        args: of the Serve configuration; `config_dir` is the only key. Everything else is in configs/, and each
            deployment's scaling in serve_config.yaml.

    Raises:
        ConfigurationError: a value in configs/ is wrong; names the file, the field and what was expected.
    """
    registry = check_config(args)
    settings = Settings()
    check_hard_stop(registry.service.limits, settings.hard_stop)
    cache = settings.data_dir / "compiled"
    models = {
        model_id: serve.deployment(RemoverReplica, name=model_id).bind(spec, registry.service, cache)
        for model_id, spec in registry.models.items()
    }
    upscaler = serve.deployment(UpscalerReplica, name="Upscaler").bind(registry.service)
    detailer = serve.deployment(UpscalerReplica, name="Detailer").bind(registry.service)
    combiner = serve.deployment(CombinerReplica, name="Combiner").bind(registry.service)
    ledger = serve.deployment(LedgerReplica, name="Ledger").bind(
        settings.database_url, registry.service, settings.run_id
    )
    jobs = serve.deployment(JobsReplica, name="Jobs").bind(
        registry, models, upscaler, combiner, ledger, detailer=detailer, instruments=serve_instruments
    )
    return Ingress.bind(
        registry,
        models,
        upscaler,
        combiner,
        ledger,
        detailer=detailer,
        jobs=jobs,
        keys_file=settings.api_keys_file,
        instruments=serve_instruments,
        prepare=prepare if settings.run_id else None,  # on one machine, where what a model needs is the same everywhere
    )
