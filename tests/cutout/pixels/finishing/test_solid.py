"""A subject without transparency within."""

import numpy as np

from cutout.pixels.finishing.solid import solid


def test_windows_close_and_edges_and_holes_stay() -> None:
    """Soft alpha within the subject becomes 255; its soft edge, a hole and what is around it stay as they were."""
    alpha = np.zeros((200, 300), np.uint8)
    alpha[40:160, 50:250] = 255
    alpha[40:160, 49] = alpha[40:160, 250] = 120
    alpha[70:110, 80:120] = 90
    alpha[70:110, 180:220] = 0

    closed = solid(alpha)

    assert closed[70:110, 80:120].min() == 255
    assert (closed[100, 49], closed[100, 250]) == (120, 120)
    assert closed[70:110, 180:220].max() == 0
    np.testing.assert_array_equal(np.delete(closed, np.s_[70:110], axis=0), np.delete(alpha, np.s_[70:110], axis=0))
