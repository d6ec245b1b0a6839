"""Pictures of worlds: frames, films and a window, drawn by OpenGL or, where there is none, by the CPU."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from avatarium.worlds.core.scene import Scene

__all__ = ["Window", "frame"]


def frame(
    scene: "Scene", camera: Any = "orbit", size: tuple[int, int] = (960, 540), backend: str = "auto", follow: int = 0
) -> "np.ndarray":
    """A picture of ``scene``, uint8 [height, width, 3], sRGB; ``size`` is (width, height) in pixels.

    ``camera`` is "orbit", "follow", "top", "first" or a ``camera.Camera``; ``follow`` is the index of the figure that is followed.
    ``backend`` is "auto" (OpenGL, else the CPU), "gl" or "cpu". Raises UserError for unknown words, and where "gl" cannot be had.
    """
    from avatarium.render.draw import frames

    return frames.frame(scene, camera, size[0], size[1], backend, follow)


def __getattr__(name: str) -> Any:
    if name == "Window":
        from avatarium.render.viewer.window import Window

        return Window
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
