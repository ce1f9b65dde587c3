"""A browser and a service for the tests of the page."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from cutout.models.spec import ModelSpec
from tests.page import axe, chromium
from tests.page.service import Service
from tests.support.in_process import model

Open = Callable[..., Page]
Serve = Callable[..., Service]
MODELS = (
    model("fast", name="Quick Matte"),
    model(
        "slow",
        name="Fine Matte",
        price_usd=0.0006,
        licence={"name": "CC-BY-NC-4.0", "commercial": False},
        options={"delay_s": 0.05},
    ),
    model("broken", name="Dry Pen", options={"error": "The ink ran out"}),
    model(
        "absent",
        name="Far Away",
        backend="runware",
        provider="runware",
        free=True,
        options={"model": "runware:110@1"},
    ),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These tests come last: while the browser is open, Playwright's event loop is in the way of asynchronous tests."""
    items.sort(key=lambda item: Path(__file__).parent in item.path.parents)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all these tests."""
    with chromium.launched() as opened:
        yield opened


@pytest.fixture(scope="session", autouse=True)
def without_keys() -> Iterator[None]:
    """No provider's key is in the environment: what needs one is not set up."""
    with pytest.MonkeyPatch.context() as environment:
        for variable in ("KIE_API_KEY", "RUNWARE_API_KEY"):
            environment.delenv(variable, raising=False)
        yield


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Gives a service of these models without jobs and picks; it takes the place of the one before.

    A process can have one at a time, since it has one DBOS. The one that runs is emptied where it is what is asked for:
    that takes a hundredth of a start.
    """
    with ExitStack() as running:
        asked: Any = None
        one: Service | None = None

        def serve_(*models: ModelSpec, **given: Any) -> Service:
            nonlocal asked, one
            if one and one.is_running and asked == (models, given):
                one.empty()
            else:
                running.close()
                one = running.enter_context(Service(tmp_path_factory.mktemp("service"), *models, **given))
                asked = (models, given)
            return one

        yield serve_


@pytest.fixture
def service(serve: Serve) -> Service:
    """A fast model, a slow one that must not be sold, one that fails, and one that has no key."""
    return serve(*MODELS)


WITHOUT_FUSED = """
  if (location.host && !localStorage.getItem("cutout-models")) localStorage.setItem("cutout-models", '{"fused": false}')
"""
"""Most tests are of cards of models alone; test_fused.py has one of the card that is made of them."""


WINDOW: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}


def new_window(browser: Browser, **options: Any) -> BrowserContext:
    """Another person's browser: pages in it know nothing of those outside."""
    window = browser.new_context(**{**WINDOW, **options})
    window.add_init_script(WITHOUT_FUSED)
    return window


@pytest.fixture(scope="session")
def usual_window(browser: Browser) -> Iterator[BrowserContext]:
    """That of most tests: it has the page's scripts compiled after the first, and is as new for each of them."""
    one = new_window(browser)
    yield one
    one.close()


def new_page(window: BrowserContext, service: Service) -> Page:
    """A page of a window that has nothing stored of the service."""
    page = window.new_page()
    everything = {"origin": service.url.rstrip("/"), "storageTypes": "all"}
    window.new_cdp_session(page).send("Storage.clearDataForOrigin", everything)
    page.set_default_timeout(chromium.PATIENCE_MS)
    return page


@contextmanager
def opening(window: BrowserContext) -> Iterator[Open]:
    """Opens a service's page; `page.watch` has what it asked for and complained about.

    The first one without options of its own is in `window`, each other one in a window of its own. No page may
    complain, and none may ask another host than its service's.
    """
    opened: list[tuple[BrowserContext, chromium.Watch, Service]] = []

    def open_(service: Service, path: str = "", *, alone: bool = False, **options: Any) -> Page:
        alone = alone or bool(options) or any(used is window for used, *_ in opened)
        assert window.browser
        used = new_window(window.browser, **options) if alone else window
        opened.append((used, watch := chromium.Watch(used), service))
        page = new_page(used, service)
        page.watch = watch  # type: ignore[attr-defined]
        page.goto(service.url + path)
        return page

    yield open_
    for used, watch, service in opened:
        found = (watch.complaints, watch.hosts)
        if used is window:
            watch.end()
            window.clear_permissions()
            for page in window.pages:
                page.close()
        else:
            used.close()
        assert found == ([], {service.host})


@pytest.fixture
def open_page(usual_window: BrowserContext) -> Iterator[Open]:
    """Opens pages for one test."""
    with opening(usual_window) as open_:
        yield open_


@pytest.fixture
def page(open_page: Open, service: Service) -> Page:
    """The page of the service, in a window of 1280 by 900, with its models listed."""
    opened = open_page(service)
    expect(opened.locator("#roster li")).to_have_count(5)
    return opened


@pytest.fixture(scope="session")
def axe_script(pytestconfig: pytest.Config) -> str:
    """The source of axe-core."""
    return axe.fetch(pytestconfig.cache.mkdir("axe-core"))
