"""GET /models/{model_id}: one model of GET /models."""

from starlette.testclient import TestClient

from serve_app import contract


def test_one_model_is_its_card(client: TestClient) -> None:
    """The answer is the model's entry in GET /models, without the list around it."""
    cards = {card["id"]: card for card in client.get("/models").json()["models"]}

    answer = client.get("/models/second")

    contract.ModelCard.model_validate(answer.json())
    assert (answer.status_code, answer.json()) == (200, cards["second"])


def test_an_unknown_model_is_404_with_the_known_ones(client: TestClient) -> None:
    """The sentence names what was asked for and which models exist, and is printable whatever was asked for."""
    answer = client.get("/models/%0Athird")

    found = contract.ErrorBody.model_validate(answer.json()).error
    assert (answer.status_code, found.type, found.details.field) == (404, "not_found", "model_id")
    assert found.message == "No model '\\nthird'. Known: first, second, broken, auto, fused"
