"""Marks of known miners: what bears one, and what only speaks of one."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.indicators.lists import builtin, parse
from aisec_daemon.host.indicators.matcher import Matcher, default

HONEST = Path(__file__).parent / "honest_commands.txt"
POOL = "stratum+tcp://POOL.example:4444"
WALLET = "0x" + "ab" * 20
RAVEN = "R" + "a" * 33


def match(line: str, executable: str = "", name: str = "") -> set[str]:
    """Match a command line as a shell would start it from a home."""
    arguments = shlex.split(line)
    base = arguments[0].rpartition("/")[2]
    found = default().match(
        (name or base[:15]).encode(),
        (executable or f"/home/a/{base}").encode(),
        "".join(f"{each}\0" for each in arguments).encode(),
    )
    return set(found.split())


@pytest.mark.parametrize(
    ("line", "marks"),
    [
        ("./xmrig -c config.json", {"name/xmrig"}),
        ("./xmrig-6.21.0", {"name/xmrig"}),
        ("lolMiner_v1.88 --config x", {"name/lolminer"}),
        ("./TeamRedMiner", {"name/teamredminer"}),
        (f"./t-rex -a etchash -o {POOL}", {"name/t-rex", "argument/stratum-scheme"}),
        (f"./renamed -o {POOL} -u {WALLET}.rig0", {"argument/stratum-scheme"}),
        (f"miner --algo kawpow --server POOL.example --user {RAVEN}", {"name/miner"}),
        ("./x --algo kawpow", {"argument/algorithm"}),
        ("./pinix -wal N.worker -epool POOL.example:1800", {"name/pinix"}),
        ("./a --url eu.nanopool.org:14444", {"pool/nanopool.org"}),
        ("./a -P ethproxy+ssl://POOL.example:443", {"argument/pool-scheme"}),
        ("./a --user-config=lolMiner.cfg", {"file/lolminer.cfg"}),
        ("./a --donate-level=1", {"argument/donate-level"}),
        (f"sh -c 'cd /tmp && ./a -o {POOL} -k'", {"argument/stratum-scheme"}),
        (f"./a -a rvn -u {WALLET}", {"argument/algorithm-short", "argument/wallet-evm"}),
    ],
)
def test_a_miner_bears_marks(line, marks):
    assert marks <= match(line)


@pytest.mark.parametrize(
    "line",
    [
        "/usr/bin/grep xmrig",
        "/usr/bin/cat docs/xmrig.md",
        "pip install ethminer-exporter",
        f"/usr/bin/grep -r {POOL} /etc",
        "bash -c \"grep -r 'stratum+tcp://' /etc\"",
        "/usr/bin/curl https://www.nicehash.com:443/",
        "python fetch.py --url https://nanopool.org:443/api",
        "./t-rex serve --config tiles.toml",
        "./t-rex-64 -f cap2/dns.yaml -c 4",
        "./miner --help",
        "gminer",
        "./excavator --depth 3",
        "ddgs text -k 'xmrig'",
        "python train.py --algo ppo --intensity 0.5 --address 10.0.0.1:6379",
        "python bench.py -a flux -o out/pool-results:1 -i 10",
        "python agent.py --url https://api.example.org:8443/v1",
        f"cast send --from {WALLET} --value 1",
        "ray start --address 10.0.0.1:6379",
        "python sample.py --algorithm flux",
        "docker run --name xmrig-exporter prom/exporter",
        "./a --apiport 8080 --server db.example.org:5432 --api-enable",
        "iperf --server a.example.org:5201 --proto 2",
        "./miner --server a.example.org:8080",
        "optimize --algo cuckoo --url a.example.org:80",
        f"cast call {WALLET} --url https://rpc.example.org:8545",
        "passwd-tool --algo yescrypt --user alice",
        "mysql --user aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "python -m miner",
        "vim /usr/bin/vim stratum+tcp://",
        "[kworker/u128:3]",
    ],
)
def test_who_speaks_of_miners_bears_none(line):
    executable = shlex.split(line)[0] if line.startswith("/usr/") else ""

    assert match(line, executable) == set()


def test_a_reader_is_the_systems_own():
    """A miner that calls itself grep is none: its file lies elsewhere."""
    assert match(f"grep -o {POOL}", "/usr/bin/grep") == set()
    assert match(f"grep -o {POOL}", "/tmp/grep") >= {"argument/stratum-scheme"}


def test_a_name_is_told_by_the_file_the_kernel_or_the_arguments():
    quiet = b"python\0"

    assert default().match(b"python", b"/tmp/xmrig (deleted)", quiet) == "name/xmrig"
    assert default().match(b"python", b"/memfd:xmrig (deleted)", quiet) == "name/xmrig"
    assert default().match(b"xmrig", b"/usr/bin/python3", quiet) == "name/xmrig"
    assert default().match(b"python", b"/usr/bin/python3", b"./xmrig\0") == "name/xmrig"


def test_a_name_that_the_kernel_cut_off_is_known():
    """Comm holds fifteen characters."""
    assert default().match(b"rustminersystem", b"/a", b"") == "name/rustminersystem"
    longest = max(builtin().names, key=len)
    assert len(longest) > 15
    assert default().match(longest[:15].encode(), b"/a", b"") == f"name/{longest}"
    assert default().match(longest[:14].encode(), b"/a", b"") == ""


def test_a_kernel_thread_bears_none():
    assert default().match(b"kworker/0:1", b"", b"") == ""


@given(st.binary(max_size=40), st.binary(max_size=80), st.binary(max_size=400))
def test_anything_at_all_gives_ids_that_are_listed(name, executable, command):
    found = default().match(name, executable, command).split()
    lists = builtin()
    ids = {f"name/{each}" for each in lists.names}
    ids |= {f"argument/{each.id}" for each in lists.arguments}
    ids |= {f"pool/{each}" for each in lists.pools} | {f"file/{each}" for each in lists.files}

    assert set(found) <= ids


@given(st.text(max_size=200))
def test_what_surrounds_a_pool_does_not_hide_it(text):
    command = f"a\0{text}\0-o\0{POOL}\0{text}\0".encode("utf-8", "surrogatepass")

    assert "argument/stratum-scheme" in default().match(b"a", b"/a", command).split()


def test_a_long_command_line_is_searched_in_time():
    """Nothing in it makes a pattern try again and again."""
    for piece in (b"-a\0", b"--user ", b"a.", b"0x", b"--url a.a", b"stratum+tcp://a", b"::"):
        assert default().match(b"a", b"/a", b"a\0" + piece * 30_000) == ""


def honest_commands() -> list[str]:
    lines = HONEST.read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_the_harvest_is_large_and_no_line_stands_there_twice():
    commands = honest_commands()

    assert len(commands) >= 2000
    assert len(set(commands)) == len(commands)


def test_no_honest_program_bears_a_mark():
    """Wherever its file lies: that it is a system's own must not be the reason."""
    told = {line: match(line) for line in honest_commands()}

    assert {line: marks for line, marks in told.items() if marks} == {}


def test_every_argument_of_the_list_can_match():
    """Each pattern has a command line that it was written for."""
    examples = (Path(__file__).parent / "miners.txt").read_text("utf-8").splitlines()
    told = set().union(*(match(line) for line in examples if not line.startswith("#")))

    missing = {f"argument/{each.id}" for each in builtin().arguments} - told
    assert missing == set()


def test_hints_change_nothing_but_the_time():
    """Whatever a pattern matches holds one of its hints."""
    lists = builtin()
    bare = tuple(replace(each, hints=()) for each in lists.arguments)
    slow = Matcher(replace(lists, arguments=bare))
    lines = (Path(__file__).parent / "miners.txt").read_text("utf-8").splitlines()
    for line in [*lines, *(line.upper() for line in lines), *honest_commands()]:
        command = line.replace(" ", "\0").encode()

        assert slow.match(b"a", b"/a", command) == default().match(b"a", b"/a", command)


def test_an_operators_list_adds_to_ours(tmp_path):
    more = parse('[sources]\nus = "seen"\n[[name]]\nname = "fooMiner"\nsource = "us"\n')
    matcher = Matcher(builtin().with_more(more))

    assert matcher.match(b"foominer", b"/a", b"") == "name/foominer"
    assert matcher.match(b"xmrig", b"/a", b"") == "name/xmrig"
