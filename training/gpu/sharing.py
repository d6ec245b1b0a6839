"""The same memory for torch and for kernels, on the CPU and on a GPU."""

from typing import Any

import numpy as np
import torch
from torch import Tensor


def tensor(array: Any) -> Tensor:
    """An array of a batch, NumPy's or one of numba's on a GPU, as a tensor over the same memory."""
    if isinstance(array, np.ndarray):
        return torch.from_numpy(array)
    if not array.size:  # there is no memory to share
        return torch.empty(array.shape, dtype=torch.from_numpy(np.empty(0, array.dtype)).dtype, device="cuda")
    return torch.as_tensor(array, device="cuda")


def run(kernel: Any, arguments: tuple[Any, ...], count: int) -> None:
    """Have ``kernel(*arguments, 0, count)`` work where the tensors among ``arguments`` lie; on a GPU with ``count`` threads."""
    if not any(isinstance(part, Tensor) and part.is_cuda for part in arguments):
        kernel(*(part.detach().numpy() if isinstance(part, Tensor) else part for part in arguments), 0, count)
        return
    from numba import cuda

    from avatarium.worlds.gpu import device

    there = tuple(cuda.as_cuda_array(part.detach()) if isinstance(part, Tensor) else part for part in arguments)
    device.run(kernel, there, count, stream())


def stream() -> Any:
    """The stream on which torch works now, as numba takes it."""
    from numba import cuda

    number = torch.cuda.current_stream().cuda_stream
    return cuda.external_stream(number) if number else 0
