"""Where networks run: the device that a user names, judged before any work."""

from __future__ import annotations

__all__ = ["usable_device"]


def usable_device(name: str) -> str:
    """``name`` where torch can compute on that device.

    Raises:
        ValueError: it is not a device, or not one that is available.

    >>> usable_device("cpu")
    'cpu'
    """
    import torch

    try:
        torch.zeros(1, device=torch.device(name)).add(1).item()
    except (AssertionError, NotImplementedError, RuntimeError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(
            f"device {name!r} cannot be used; accepted are cpu, cuda or cuda:N where it is there "
            f"({said[:200]})"
        ) from None
    return name
