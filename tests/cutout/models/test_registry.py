"""configs/ -> specs; a wrong value names its file, its field and what was expected."""

from pathlib import Path

import pytest

from cutout.errors import ConfigurationError
from cutout.models.registry import load_registry
from deployments.backends import load_backend
from deployments.backends.base import Resources

CONFIGS = Path(__file__).parents[3] / "configs"
MODEL = "name: A\nbackend: luminance\nlicence: {name: MIT, commercial: true}\n"


def configs(folder: Path, model: str = MODEL, service: str = "") -> Path:
    (folder / "models").mkdir()
    (folder / "models" / "a.yaml").write_text(model)
    (folder / "service.yaml").write_text(service)
    return folder


def test_the_shipped_registry_is_the_contracts() -> None:
    """The contract's five models have its names and prices; the U2-Nets are ours."""
    models = load_registry(CONFIGS).models

    assert {model_id: (spec.name, spec.price_usd) for model_id, spec in models.items()} == {
        "kie_recraft": ("Kie.ai Recraft BG", 0.005),
        "local_birefnet": ("Local BiRefNet General", 0.0),
        "local_isnet": ("Local ISNet", 0.0),
        "local_u2net": ("Local U2-Net", 0.0),
        "local_u2netp": ("Local U2Netp", 0.0),
        "runware_birefnet_portrait": ("Runware BiRefNet Portrait", 0.0006),
        "runware_rmbg2": ("Runware RMBG 2.0", 0.0006),
    }


def test_the_contracts_models_come_first() -> None:
    """The order of every answer is the contract's own, then the others by their ids."""
    assert list(load_registry(CONFIGS).models) == [
        "runware_rmbg2", "runware_birefnet_portrait", "kie_recraft", "local_birefnet", "local_isnet",
        "local_u2net", "local_u2netp",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["all", "auto", "fused", "none", "Upper", "1st", "a-b"])
def test_a_name_that_requests_use_is_refused(tmp_path: Path, name: str) -> None:
    """A model cannot be called as a word of requests, nor anything but lower case, digits and underscores."""
    (configs(tmp_path) / "models" / f"{name}.yaml").write_text(MODEL)

    with pytest.raises(ConfigurationError, match=f"{name}.yaml: id: "):
        load_registry(tmp_path)


def test_the_id_is_the_files_name(tmp_path: Path) -> None:
    """A model is called what its file is called."""
    assert load_registry(configs(tmp_path)).models["a"].id == "a"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (MODEL + "price_usd: -1\n", "a.yaml: price_usd: Input should be greater than or equal to 0, not -1"),
        (MODEL + "prize: 1\n", "a.yaml: prize: Extra inputs are not permitted"),
        ("name: A\nbackend: x\n", "a.yaml: licence: Field required"),
        (MODEL + "timeout_s: soon\n", "a.yaml: timeout_s: Input should be a valid number"),
        (MODEL + "id: b\n", "a.yaml: id: taken from the file's name"),
        ("- a list\n", "a.yaml: fields and values expected"),
        ("name: [\n", "a.yaml: not YAML"),
        (MODEL + "enabled: false\n", "at least one enabled model is expected"),
        (MODEL + "provider: runware\n", "a.yaml: price_usd: a price is expected of a model that does not run here"),
        (MODEL + "provider: runware\nfree: true\nprice_usd: 1\n", "a.yaml: free: a model with a price is not free"),
        (MODEL + "price_usd: .inf\n", "a.yaml: price_usd: Input should be a finite number, not inf"),
        (MODEL + "timeout_s: .nan\n", "a.yaml: timeout_s: Input should be"),
    ],
)
def test_a_wrong_model_names_file_and_field(tmp_path: Path, model: str, expected: str) -> None:
    """The message says which file, which field, and what was expected."""
    with pytest.raises(ConfigurationError) as wrong:
        load_registry(configs(tmp_path, model))

    assert expected in wrong.value.message


def test_a_wrong_service_names_file_and_field(tmp_path: Path) -> None:
    """service.yaml is checked the same way, at any depth."""
    with pytest.raises(ConfigurationError, match=r"service.yaml: limits.body_bytes: Input should be greater than 0"):
        load_registry(configs(tmp_path, service="limits: {body_bytes: 0}"))


@pytest.mark.parametrize(
    ("ceilings", "expected"),
    [
        ("{runwar: 1}", "service.yaml: daily_ceiling_usd.runwar: a provider of a model expected: runware"),
        ("{runware: .inf}", "service.yaml: daily_ceiling_usd.runware: Input should be a finite number"),
        ("{runware: .nan}", "service.yaml: daily_ceiling_usd.runware: Input should be"),
        ("{runware: -1}", "service.yaml: daily_ceiling_usd.runware: Input should be greater than or equal to 0"),
    ],
)
def test_a_ceiling_that_bounds_nothing_is_refused(tmp_path: Path, ceilings: str, expected: str) -> None:
    """A misspelt provider, one that nobody pays, and a figure without an end are named; a good one is taken."""
    paid = MODEL + "provider: runware\nprice_usd: 1\n"
    folder = configs(tmp_path, paid, service=f"daily_ceiling_usd: {ceilings}")
    with pytest.raises(ConfigurationError) as wrong:
        load_registry(folder)

    assert expected in wrong.value.message
    (folder / "service.yaml").write_text("daily_ceiling_usd: {runware: 1}")
    assert load_registry(folder).service.daily_ceiling_usd == {"runware": 1}


def test_a_drop_in_names_an_enabled_model(tmp_path: Path) -> None:
    """A model that answers other APIs must be there; the message says which field named another."""
    folder = configs(tmp_path, service="drop_in: {model: b}")
    with pytest.raises(ConfigurationError, match=r"service.yaml: drop_in.model: one of a, fused expected, not 'b'"):
        load_registry(folder)

    (folder / "service.yaml").write_text("drop_in: {model: a, types: {person: c}}")
    with pytest.raises(
        ConfigurationError, match=r"service.yaml: drop_in.types.person: one of a, fused expected, not 'c'"
    ):
        load_registry(folder)

    (folder / "service.yaml").write_text("drop_in: {model: a, types: {person: a}}")
    assert load_registry(folder).service.drop_in.types == {"person": "a"}


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """No configs/ at all is one clear sentence."""
    with pytest.raises(ConfigurationError, match=r"service.yaml: cannot be read: No such file"):
        load_registry(tmp_path / "nowhere")


def test_backend_and_its_options_are_checked(tmp_path: Path) -> None:
    """An unknown backend names the known ones; a wrong option names the option."""
    spec = load_registry(configs(tmp_path, MODEL + "options: {delay_s: -1}\n")).models["a"]

    with pytest.raises(ConfigurationError, match=r"a.yaml: options.delay_s: Input should be greater"):
        load_backend(spec, Resources())
    with pytest.raises(ConfigurationError, match=r"backend: one of .*onnx.* expected, not 'magic'"):
        load_backend(spec.model_copy(update={"backend": "magic"}), Resources())
