"""What Chromium shows of a picture file: the truth that the decoder is held to."""

import base64
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import sync_playwright

from tests.page.chromium import ARGS, executable

DRAW = """async (files) => {
    const drawn = async (data) => {
        const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
        const image = new Image();
        const address = URL.createObjectURL(new Blob([bytes]));
        try {
            image.src = address;
            await image.decode();
            const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
            const context = canvas.getContext("2d", {colorSpace: "srgb", willReadFrequently: true});
            context.drawImage(image, 0, 0, canvas.width, canvas.height);
            const {width, height, data} = context.getImageData(0, 0, canvas.width, canvas.height);
            let text = "";
            for (let at = 0; at < data.length; at += 8192) {
                text += String.fromCharCode(...data.subarray(at, at + 8192));
            }
            return [width, height, btoa(text)];
        } catch (refused) {
            return null;
        } finally {
            URL.revokeObjectURL(address);
        }
    };
    // All at once: a decoded image is handed over with the page's next frame.
    const shown = await Promise.all(Object.entries(files).map(async ([name, data]) => [name, await drawn(data)]));
    return Object.fromEntries(shown);
}"""
Shown: TypeAlias = NDArray[np.uint8] | None
AT_ONCE = 50


def rendered(files: Mapping[str, bytes]) -> dict[str, Shown]:
    """(H, W, 4) sRGB, straight alpha, of each file as it is drawn on a canvas; None where it is not shown."""
    names: list[str] = list(files)
    shown: dict[str, Any] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(ARGS))
        page = browser.new_page()
        for start in range(0, len(names), AT_ONCE):
            some = {name: base64.b64encode(files[name]).decode() for name in names[start : start + AT_ONCE]}
            shown |= page.evaluate(DRAW, some)
        browser.close()
    return {name: _pixels(*drawn) if drawn else None for name, drawn in shown.items()}


def _pixels(width: int, height: int, data: str) -> NDArray[np.uint8]:
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)
