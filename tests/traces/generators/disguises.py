"""Disguises: evasions that change what a miner's process looks like."""

from __future__ import annotations

from dataclasses import replace

from tests.traces.generators.places import container, job
from tests.traces.generators.plan import Plan, unlisted
from tests.traces.generators.stage import Stage


def renamed(stage: Stage, plan: Plan) -> Plan:
    """Another name; the pool is still in the arguments in half of the cases."""
    words = unlisted(stage, plan)
    if stage.chance(0.5):
        words["command"] += " -o stratum+tcp://pool.example:3333"
    return replace(plan, words=words)


def configured(stage: Stage, plan: Plan) -> Plan:
    """Another name, and everything in a file."""
    return replace(plan, words=unlisted(stage, plan))


def deleted(stage: Stage, plan: Plan) -> Plan:
    """Its file is deleted once it runs, or never was one (memfd)."""
    words = unlisted(stage, plan)
    if stage.chance(0.5):
        return replace(plan, words={**words, "executable_state": "deleted"})
    return replace(plan, words={**words, "executable": "/memfd:x", "executable_state": "memfd"})


def hidden(stage: Stage, plan: Plan) -> Plan:
    """Nothing shows its process: neither NVML nor /proc."""
    return replace(plan, words=unlisted(stage, plan), seen="none", rules=("gpu_unaccounted",))


def hidden_from_proc(stage: Stage, plan: Plan) -> Plan:
    """NVML has its pid, /proc has not."""
    return replace(plan, words=unlisted(stage, plan), seen="driver", rules=("process_hidden",))


def training_container(stage: Stage, plan: Plan) -> Plan:
    """It is called after what the node is for, in a container or job as honest work has."""
    place = job(stage) if stage.node.scheduler != "none" else container(stage)
    name = stage.pick("train-llama", "finetune", "torchrun", "trainer")
    named = {"name": name, "executable": f"/workspace/{name}"}
    words = {**plan.words, **place, **named, "command": f"{name} --config base.yaml"}
    return replace(plan, words=words)


def python_named(stage: Stage, plan: Plan) -> Plan:
    """It is called python, and is none."""
    words = unlisted(stage, plan)
    words |= {"name": "python3", "command": "python3 train.py --epochs 90"}
    words["executable"] = f"{words['executable'].rpartition('/')[0]}/python3"
    return _program(replace(plan, words=words), disguise="interpreter")


def python_launched(stage: Stage, plan: Plan) -> Plan:
    """A real interpreter loads it as a library."""
    words = unlisted(stage, plan)
    words |= {"name": "python3", "command": "python3 run.py", "executable": "/usr/bin/python3.11"}
    changed = replace(plan, words=words)
    return _program(
        changed, libraries=f"{plan.program.libraries} python", executable_age_seconds=2e7
    )


def libraries_mapped(stage: Stage, plan: Plan) -> Plan:
    """It maps an ML framework that it does not use."""
    plan = python_launched(stage, plan)
    return _program(plan, libraries="cublas cuda cudnn nccl nvml python torch")


def kernel_thread(stage: Stage, plan: Plan) -> Plan:
    """It has the name of a kernel thread."""
    words = {**unlisted(stage, plan), "name": stage.pick("[kworker/3:2]", "kworker/u64:7")}
    return _program(replace(plan, words=words), disguise="kernel_thread")


def replaced(stage: Stage, plan: Plan) -> Plan:
    """A tool of the system loads it into its own memory, without a file and without exec."""
    words = unlisted(stage, plan)
    words |= {"name": "dd", "executable": "/usr/bin/dd", "command": "dd bs=4096"}
    return _program(replace(plan, words=words), disguise="replaced")


def defunct(stage: Stage, plan: Plan) -> Plan:
    """Its main thread ends, and ps shows a zombie."""
    return _program(replace(plan, words=unlisted(stage, plan)), disguise="defunct")


def _program(plan: Plan, **changes: object) -> Plan:
    return replace(plan, program=replace(plan.program, **changes))
