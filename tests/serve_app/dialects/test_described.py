"""What OpenAPI says of the drop-ins."""

from starlette.testclient import TestClient

from serve_app.dialects.rembg_server.form import RembgForm, RembgUrlForm

PUBLISHED = {
    "image_file", "image_file_b64", "image_url", "size", "type", "type_level", "format", "roi", "crop", "crop_margin",
    "scale", "position", "channels", "add_shadow", "shadow_type", "shadow_opacity", "semitransparency", "bg_color",
    "bg_image_url", "bg_image_file",
}  # fmt: skip
"""The fields of remove.bg's own OpenAPI document, in its version of 2026."""


def test_every_field_of_remove_bg(client: TestClient) -> None:
    """Each field of remove.bg's is described, for each content type, and nothing refers to what is not there."""
    path = client.get("/openapi.json").json()["paths"]["/v1.0/removebg"]["post"]

    assert len(path["requestBody"]["content"]) == 3
    for name, kind in path["requestBody"]["content"].items():
        files = set() if name == "multipart/form-data" else {"image_file", "bg_image_file"}
        assert kind["schema"]["properties"].keys() == PUBLISHED - files
        assert all(field["description"] for field in kind["schema"]["properties"].values())
        assert "$ref" not in str(kind)
    assert {"200", "400", "402", "403", "429", "503"} <= path["responses"].keys()
    assert {"image/*", "application/zip", "application/json"} <= path["responses"]["200"]["content"].keys()


def test_every_parameter_of_rembg(client: TestClient) -> None:
    """GET has each in its query, POST each in its body, described; errors are FastAPI's."""
    path = client.get("/openapi.json").json()["paths"]["/api/remove"]

    asked = {parameter["name"]: parameter for parameter in path["get"]["parameters"]}
    body = path["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert asked.keys() == RembgUrlForm.model_fields.keys()
    assert [name for name, parameter in asked.items() if parameter["required"]] == ["url"]
    assert body["properties"].keys() == RembgForm.model_fields.keys() | {"file"}
    assert all(field["description"] for field in body["properties"].values())
    assert {"200", "400", "401", "413", "422", "429", "503"} <= path["get"]["responses"].keys()
