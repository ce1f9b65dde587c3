"""Documentation against code. `python -m tests.test_docs` writes the tables of fields in docs/ anew."""

import re
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from cutout.errors import CutoutError
from cutout.models.spec import ModelSpec
from cutout.presets import PresetSpec
from cutout.service import ServiceSpec
from deployments.backends import BACKENDS
from serve_app.dialects.rembg_server.form import RembgFileForm, RembgForm, RembgUrlForm
from serve_app.dialects.remove_bg.errors import ROWS
from serve_app.dialects.remove_bg.form import RemoveBgForm
from serve_app.endpoints.table import ENDPOINTS
from serve_app.responses.dialect import OWN
from tests.serve_app.openapi.test_contract_page import kinds

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "configuration.md"
DROP_IN = ROOT / "docs" / "drop-in.md"
FORMS = {form.__name__: form for form in (ServiceSpec, ModelSpec, PresetSpec, RemoveBgForm, RembgForm)}
"""The files of configs/, and what callers of other APIs may send."""
PAGES = sorted(page for place in ("", "docs/", "clients/*/", "tests/*/") for page in ROOT.glob(f"{place}*.md"))
MARK = re.compile(r"(<!-- fields: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def form_of(name: str) -> type[BaseModel]:
    """`ServiceSpec`, a form of another API, or a backend's name for its options."""
    if name in FORMS:
        return FORMS[name]
    module, kind = BACKENDS[name].split(":")
    options: type[BaseModel] = getattr(import_module(module), kind).Options
    return options


def rows(form: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """A table row a field, nested forms under their own names."""
    for name, field in form.model_fields.items():
        inner = nested(field.annotation)
        default = "" if field.is_required() else shown(field.get_default(call_default_factory=True))
        if inner:
            yield f"| `{prefix}{name}` | | {field.description} |"
            yield from rows(inner, f"{prefix}{name}.")
        else:
            yield f"| `{prefix}{name}` | {default} | {field.description} |"


def nested(annotation: Any) -> type[BaseModel] | None:
    """The form inside `X`, `X | None`, `dict[str, X]` or `tuple[X, ...]`, if it is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := nested(part))), None)


def shown(default: Any) -> str:
    return "" if default in (None, PydanticUndefined) else f"`{default}`"


def table(match: re.Match[str]) -> str:
    head = "| Field | Default | |\n|---|---|---|\n"
    return match[1] + head + "\n".join(rows(form_of(match[2]))) + "\n" + match[3]


def test_every_field_of_configs_is_documented() -> None:
    """The tables of docs/configuration.md are those of the forms, field by field, and no form is missing."""
    page = PAGE.read_text()

    assert MARK.sub(table, page) == page, "run python -m tests.test_docs"
    assert {match[2] for match in MARK.finditer(page)} == {"ModelSpec", "PresetSpec", "ServiceSpec", *BACKENDS}


def test_every_parameter_of_the_drop_ins_is_documented() -> None:
    """The tables of docs/drop-in.md are those of the forms; `url`, `file` and every endpoint are named beside them."""
    page = DROP_IN.read_text()

    assert MARK.sub(table, page) == page, "run python -m tests.test_docs"
    assert {match[2] for match in MARK.finditer(page)} == {"RemoveBgForm", "RembgForm"}
    own = (RembgUrlForm.model_fields.keys() | RembgFileForm.model_fields.keys()) - RembgForm.model_fields.keys()
    assert all(f"`{name}`" in page for name in own)
    assert [one.path for one in ENDPOINTS if one.dialect is not OWN and one.path not in page] == []


def test_every_field_has_a_verdict_for_those_who_move() -> None:
    """docs/moving-from-remove-bg.md names each field of remove.bg's requests in the first column of its table."""
    page = (ROOT / "docs" / "moving-from-remove-bg.md").read_text()
    judged = {
        name for fields in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for name in re.findall(r"`(\w+)`", fields)
    }

    assert RemoveBgForm.model_fields.keys() - judged == set()


def test_every_code_of_the_drop_in_is_documented() -> None:
    """docs/drop-in.md names each status and code that the errors of /v1.0 may have."""
    page = DROP_IN.read_text()

    assert [f"{status} `{code}`" for _, status, code, _ in ROWS if f"{status} `{code}`" not in page] == []


def test_errors_of_the_questions_page_are_ours() -> None:
    """Each `status type` in docs/faq.md is one that the service answers with."""
    named = set(re.findall(r"`(\d{3}) (\w+)`", (ROOT / "docs" / "faq.md").read_text()))

    assert len(named) > 4
    assert named <= {(str(kind.status), kind.type) for kind in kinds(CutoutError)}


def test_every_model_can_be_chosen() -> None:
    """docs/choosing-a-model.md names each shipped model, and both pages with prices have those of its file."""
    pages = [(ROOT / "docs" / name).read_text() for name in ("choosing-a-model.md", "with-keys.md")]
    for file in (ROOT / "configs" / "models").glob("*.yaml"):
        if file.stem == "remove_bg":
            continue
        price_usd = yaml.safe_load(file.read_text()).get("price_usd")
        rows = [[line for line in page.splitlines() if f"`{file.stem}`" in line] for page in pages]
        assert rows[0], file.stem
        if price_usd:
            assert all(f"{price_usd:g} USD" in row for found in rows for row in found if "USD" in row)


def anchors(page: Path) -> set[str]:
    """Those of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("file", [str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_somewhere(file: str) -> None:
    """Every relative link and picture of a page exists, and so does the heading that it names."""
    page = ROOT / file
    links = re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text())
    targets = [((page.parent / path) if path else page, anchor) for path, anchor in links if "://" not in path]

    assert [str(target) for target, _ in targets if not target.exists()] == []
    assert [f"{target}#{anchor}" for target, anchor in targets if anchor and anchor not in anchors(target)] == []


def test_shell_blocks_are_shell() -> None:
    """Each block of commands, which a reader may paste, is one that bash can read."""
    blocks = [
        block
        for page in PAGES
        for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    ]
    read = [
        subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False) for block in blocks
    ]

    assert len(blocks) > 30
    assert [ran.stderr for ran in read if ran.returncode] == []


def test_make_targets_are_the_readmes() -> None:
    """Every `make` command of the README and the docs is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    pages = [(ROOT / "README.md"), *(ROOT / "docs").glob("*.md")]
    used = {name for page in pages for name in re.findall(r"(?:^|`|\s)make ([a-z-]+)(?=[`\s])", page.read_text())}

    assert used <= targets | {"a", "it", "sure"}


if __name__ == "__main__":
    for file in (PAGE, DROP_IN):
        file.write_text(MARK.sub(table, file.read_text()))
