"""Honest loads for a GPU, one a name, to be recorded: `python loads.py NAME SECONDS`.

Written for PyTorch, with weights and data made up. They run until their time is over.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SMALL = DEVICE == "cpu"  # to try the program itself
HALF = torch.bfloat16


class Pictures(Dataset):
    """Random pictures; making one costs `seconds` of a worker's time, as decoding a file does."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __len__(self) -> int:
        return 1 << 20

    def __getitem__(self, at: int) -> tuple[torch.Tensor, int]:
        time.sleep(self.seconds)
        side = 32 if SMALL else 160
        return torch.randint(0, 256, (3, side, side), dtype=torch.uint8), at % 1000


def residual(channels: int, after: int, stride: int) -> nn.Module:
    """Return two convolutions with norms, halving the picture by `stride`."""
    return nn.Sequential(
        nn.Conv2d(channels, after, 3, stride, 1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
        nn.Conv2d(after, after, 3, 1, 1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )


def convolution(until: float, *, decode_seconds: float = 0.0, width: int = 64) -> None:
    """Train a convolutional network: batches from workers, validations, checkpoints."""
    width = 8 if SMALL else width
    shape = [
        (3, width, 2),
        (width, width * 2, 2),
        (width * 2, width * 4, 2),
        (width * 4, width * 8, 2),
    ]
    net = nn.Sequential(
        *(residual(*s) for s in shape),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(width * 8, 1000),
    ).to(DEVICE)
    optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)
    batch = 8 if SMALL else 256
    loader = DataLoader(
        Pictures(decode_seconds), batch, num_workers=2 if SMALL else 12, pin_memory=not SMALL
    )
    with tempfile.TemporaryDirectory() as folder:
        for step, (pictures, labels) in enumerate(loader):
            if time.monotonic() > until:
                return
            x = pictures.to(DEVICE, non_blocking=True).float() / 255
            with torch.autocast(DEVICE, HALF):
                loss = functional.cross_entropy(net(x), labels.to(DEVICE, non_blocking=True))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            if step % 200 == 199:
                with torch.no_grad(), torch.autocast(DEVICE, HALF):
                    for _ in range(20):
                        net(x).argmax(1).cpu()
                torch.save(net.state_dict(), Path(folder) / "checkpoint.pt")


class Block(nn.Module):
    """One layer of a transformer, with a cache of keys and values for generation."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x, cache=None, at=0):
        batch, length, width = x.shape
        q, k, v = self.qkv(self.norms[0](x)).chunk(3, -1)
        q, k, v = (t.view(batch, length, self.heads, -1).transpose(1, 2) for t in (q, k, v))
        if cache is not None:
            cache[0][:, :, at : at + length], cache[1][:, :, at : at + length] = k, v
            k, v = cache[0][:, :, : at + length], cache[1][:, :, : at + length]
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=cache is None)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.mlp(self.norms[1](x))


def transformer(until: float) -> None:
    """Train a language model: gradient accumulation, a validation now and then."""
    width, layers, length, batch = (64, 2, 64, 2) if SMALL else (1536, 16, 1024, 12)
    words = nn.Embedding(32000, width, device=DEVICE)
    net = nn.ModuleList(Block(width, 16) for _ in range(layers)).to(DEVICE)
    head = nn.Linear(width, 32000, device=DEVICE)
    everything = [*words.parameters(), *net.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(everything, 1e-4, fused=not SMALL)

    def loss_of(text):
        x = words(text)
        for block in net:
            x = block(x)
        return functional.cross_entropy(head(x)[:, :-1].flatten(0, 1), text[:, 1:].flatten())

    step = 0
    while time.monotonic() < until:
        for _ in range(4):
            text = torch.randint(0, 32000, (batch, length)).to(DEVICE)
            with torch.autocast(DEVICE, HALF):
                loss = loss_of(text) / 4
            loss.backward()
        nn.utils.clip_grad_norm_(everything, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        if step % 20 == 0:
            loss.item()
            with torch.no_grad(), torch.autocast(DEVICE, HALF):
                for _ in range(4):
                    loss_of(text).item()
            time.sleep(0.5)


@torch.inference_mode()
def decode(until: float, *, pauses: bool = False) -> None:
    """Generate text for a batch of requests, token by token; with pauses as users make them."""
    width, layers, longest, batch = (64, 2, 64, 2) if SMALL else (4096, 24, 1024, 32)
    with torch.device(DEVICE):  # made there: 10 GiB of weights take a processor too long
        net = nn.ModuleList(Block(width, 4 if SMALL else 32) for _ in range(layers)).to(HALF)
    words = nn.Embedding(32000, width, device=DEVICE, dtype=HALF)
    heads = net[0].heads
    shape = (batch, heads, longest, width // heads)
    caches = [[torch.zeros(shape, device=DEVICE, dtype=HALF) for _ in range(2)] for _ in net]
    chance = torch.Generator().manual_seed(7)
    while time.monotonic() < until:
        length = int(torch.randint(longest // 8, longest - 8, (1,), generator=chance))
        token = torch.randint(0, 32000, (batch, 1)).to(DEVICE)
        for at in range(length):
            x = words(token)
            for block, cache in zip(net, caches, strict=True):
                x = block(x, cache, at)
            token = (x @ words.weight.T).argmax(-1)
            if at % 16 == 0:
                token.cpu()
                if time.monotonic() > until:
                    return
        if pauses:
            time.sleep(float(torch.rand(1, generator=chance)) * 2)


def burn(until: float) -> None:
    """Multiply matrices without a pause, as a burn-in test does."""
    side = 256 if SMALL else 8192
    left, right = (torch.randn(side, side, device=DEVICE, dtype=HALF) for _ in range(2))
    while time.monotonic() < until:
        for _ in range(20):
            left @ right
        if not SMALL:
            torch.cuda.synchronize()


def notebook(until: float) -> None:
    """Hold memory and do nothing, as a forgotten notebook does."""
    held = torch.ones(1 << (20 if SMALL else 32), device=DEVICE, dtype=torch.uint8)
    time.sleep(max(until - time.monotonic(), 0))
    del held


LOADS = {
    "train-convolution": convolution,
    "train-starved": lambda until: convolution(until, decode_seconds=0.02),
    "train-small": lambda until: convolution(until, width=8),
    "train-transformer": transformer,
    "decode": decode,
    "decode-users": lambda until: decode(until, pauses=True),
    "matrix-burn": burn,
    "idle-notebook": notebook,
}

if __name__ == "__main__":
    LOADS[sys.argv[1]](time.monotonic() + float(sys.argv[2]))
