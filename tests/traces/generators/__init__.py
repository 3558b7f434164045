"""Simulated nodes, with the truth beside them: `snapshots, truths = generate(rng, "h200", […])`.

Simulated stays called simulated: nothing here was recorded from a miner. A *scene* is one miner
(an algorithm, and an evasion or none) or one piece of honest work on some GPUs; a *node* is a
machine with cards of one model on which one or several scenes play beside each other, each on its
own GPUs; its snapshots are those of tables gpu, gpu_process, process, program and socket, as the
daemon would have taken them. All that varies comes from one seeded generator: the same seed, the
same trace.

`algorithms` holds what mining looks like and `honest_*` what honest work looks like, as ranges with
their sources; `evasions` how miners hide. They were written down before the detector was, and no
threshold of a detector was looked at.
"""

from tests.traces.generators.cards import CARDS
from tests.traces.generators.scenes import (
    ALGORITHMS,
    EVASIONS,
    HONEST,
    Scene,
    generate,
    reduce_to_power,
)
from tests.traces.generators.truth import Kind, Truth

__all__ = [
    "ALGORITHMS",
    "CARDS",
    "EVASIONS",
    "HONEST",
    "Kind",
    "Scene",
    "Truth",
    "generate",
    "reduce_to_power",
]
