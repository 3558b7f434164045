"""Redaction: no secret in any position of a command line is told, and commands stay readable."""

from __future__ import annotations

import shlex
import unicodedata
from random import Random
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisec_daemon.host.redaction.redact import redact_command, redact_name, redact_path, redact_text

ALNUM = ascii_letters + digits
HEX = "0123456789abcdef"
PIECE = 12

SHAPES = {
    "openai": ("sk-proj-", ALNUM, 48),
    "openai old": ("sk-", ALNUM, 48),
    "anthropic": ("sk-ant-api03-", ALNUM + "-_", 90),
    "stripe": ("sk_live_", ALNUM, 24),
    "huggingface": ("hf_", ascii_letters, 34),
    "github": ("ghp_", ALNUM, 36),
    "github oauth": ("gho_", ALNUM, 36),
    "github fine": ("github_pat_", ALNUM + "_", 82),
    "gitlab": ("glpat-", ALNUM + "-_", 20),
    "aws id": ("AKIA", ascii_uppercase + "234567", 16),
    "aws session": ("ASIA", ascii_uppercase + "234567", 16),
    "slack": ("xoxb-", ALNUM + "-", 50),
    "nvidia": ("nvapi-", ALNUM + "-_", 64),
    "npm": ("npm_", ALNUM, 36),
    "digitalocean": ("dop_v1_", HEX, 64),
    "google": ("AIza", ALNUM + "-_", 35),
    "jwt": ("eyJhbGciOiJIUzI1NiJ9.", ALNUM + "-_", 80),
    "wandb": ("", HEX, 40),
    "md5": ("", HEX, 32),
}
OPAQUE = {
    "aws secret": (ALNUM + "+/", 40),
    "url safe": (ALNUM + "-_", 43),
    "alnum": (ALNUM, 32),
    "base32": (ascii_uppercase + "234567", 32),
    "lower case": (ascii_lowercase + digits, 40),
    "hex": (HEX, 32),
}
COMMANDS = [
    shlex.split(line)
    for line in """
    torchrun --nproc-per-node=8 --rdzv-endpoint=10.0.0.1:29500 train.py --lr 3e-4 --out /data/run1
    vllm serve meta-llama/Llama-3.1-8B-Instruct --tensor-parallel-size 8 --port 8000
    mysql -h db -uroot -D prod -e "select 1"
    curl -sS -X POST -H "Content-Type: application/json" https://api.example.com/v1/models?limit=3
    ssh -i /home/alice/.ssh/id_ed25519 alice@gpu17.example.com nvidia-smi -q
    jupyter lab --ip=0.0.0.0 --port=8888 --NotebookApp.allow_origin=*
    docker run --rm --gpus all -e NCCL_DEBUG=INFO -v /data:/data nvcr.io/nvidia/pytorch:24.10-py3
    python3 -m http.server --bind 127.0.0.1 8080
    sh -c "cd /srv/app && exec python main.py --config conf/prod.yaml"
    t-rex -a kawpow -o stratum+tcp://rvn.2miners.com:6060 -u wallet.rig1 -p x
    rclone sync s3:bucket/data /mnt/nvme0n1p1 --transfers 16
    java -Xmx4g -Dspring.profiles.active=prod -jar /opt/app/app-1.2.3.jar
    """.strip().splitlines()
]


def command(arguments: list[str]) -> bytes:
    return "\0".join([*arguments, ""]).encode("utf-8", "surrogateescape")


def leaks(secret: str, text: str) -> list[str]:
    pieces = {secret[at : at + PIECE] for at in range(len(secret) - PIECE + 1)}
    return sorted(piece for piece in pieces if piece in text)


PLACES = {
    "alone": "{token}",
    "in a path": "/srv/{token}/data",
    "behind an equals sign": "--name={token}",
    "behind a slash": "bucket/{token}",
    "behind a colon": "name:{token}",
    "in a list": "a,{token},b",
    "quoted in a script": "run 'x' \"{token}\" && true",
    "in a query": "https://h.example.com/p?x={token}&y=1",
    "in JSON": '{{"a": "{token}", "n": 1}}',
    "as an argument with an extension": "{token}.txt",
}


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_token_of_a_known_shape_survives_nowhere(data: st.DataObject) -> None:
    """No twelve characters of it are told, whatever it stands in, argv[0] included."""
    prefix, alphabet, length = SHAPES[data.draw(st.sampled_from(sorted(SHAPES)))]
    body = data.draw(st.text(alphabet, min_size=length, max_size=length))
    place = PLACES[data.draw(st.sampled_from(sorted(PLACES)))]
    arguments = list(data.draw(st.sampled_from(COMMANDS)))
    at = data.draw(st.integers(0, len(arguments)))
    arguments.insert(at, place.format(token=prefix + body))

    assert leaks(prefix + body, redact_command(command(arguments))) == []


@settings(max_examples=400, deadline=None)
@given(st.data(), st.integers(0, 2**64))
def test_a_random_token_without_a_shape_survives_nowhere(data: st.DataObject, seed: int) -> None:
    """Tokens that only chance could have made are hidden for that alone."""
    alphabet, length = OPAQUE[data.draw(st.sampled_from(sorted(OPAQUE)))]
    token = "".join(Random(seed).choices(alphabet, k=length))
    place = PLACES[data.draw(st.sampled_from(sorted(PLACES)))]
    arguments = list(data.draw(st.sampled_from(COMMANDS)))
    arguments.insert(data.draw(st.integers(0, len(arguments))), place.format(token=token))

    assert leaks(token, redact_command(command(arguments))) == []


PASSWORDS = [
    ("mysql -uroot -phunter2 prod", "hunter2"),
    ("sudo /usr/bin/mysqldump -phunter2 prod", "hunter2"),
    ("mysql --password=hunter2 prod", "hunter2"),
    ("mysql --password hunter2 prod", "hunter2"),
    ("sshpass -p hunter2 ssh h", "hunter2"),
    ("redis-cli -a hunter2 ping", "hunter2"),
    ("ldapsearch -w hunter2 -x", "hunter2"),
    ("docker login -u bob -p hunter2 registry.example.com", "hunter2"),
    ("curl -u bob:hunter2 https://h", "hunter2"),
    ("curl -ubob:hunter2 https://h", "hunter2"),
    ("curl --user=bob:hunter2 https://h", "hunter2"),
    ("curl -H 'Authorization: Bearer hunter2' https://h", "hunter2"),
    ("curl -H 'Authorization: Custom a hunter2' https://h", "hunter2"),
    ("curl -H 'X-Api-Key: hunter2' https://h", "hunter2"),
    ("curl --oauth2-bearer hunter2 https://h", "hunter2"),
    ("curl 'https://h/p?api_key=hunter2&x=1'", "hunter2"),
    ("curl 'https://h/p?x=1&X-Amz-Signature=hunter2'", "hunter2"),
    ("git clone https://bob:hunter2@h/r.git", "hunter2"),
    ("git clone https://hunter2@h/r.git", "hunter2"),
    ("psql postgres://bob:hun/ter2@h/db", "ter2"),
    ("rsync bob:hunter2@h::m .", "hunter2"),
    ("vllm serve m --api-key hunter2", "hunter2"),
    ("vllm serve m --api-key=hunter2", "hunter2"),
    ("jupyter lab --NotebookApp.token=hunter2", "hunter2"),
    ("docker run -e DB_PASSWORD=hunter2 image", "hunter2"),
    ("docker run --env=MYSQL_PWD=hunter2 image", "hunter2"),
    ("env HF_TOKEN=hunter2 python x.py", "hunter2"),
    ("java -Dspring.datasource.password=hunter2 -jar a.jar", "hunter2"),
    ("java -storepass hunter2 -jar a.jar", "hunter2"),
    ("kubectl create secret generic s --from-literal=k=hunter2", "hunter2"),
    ('app --config \'{"password": "hunter2", "n": 1}\'', "hunter2"),
    ('app --config \'{"apiKey":"hunter2","n":1}\'', "hunter2"),
    ("app 'user=bob;password=hunter2;host=h'", "hunter2"),
    ("sh -c 'export PASSWORD=\"my hunter2 dog\"; run'", "hunter2"),
    ("sh -c 'mysql --password hunter2 prod'", "hunter2"),
    ("ssh h 'sh -c \"mysql -phunter2 prod\"'", "hunter2"),
    ("app --password 'my hunter2 dog'", "hunter2"),
    ("redis-server --requirepass hunter2", "hunter2"),
    ("openssl rsa -passin pass:hunter2", "hunter2"),
    ("app --credentials=bob,hunter2", "hunter2"),
    ("app Bearer hunter2", "hunter2"),
]


@pytest.mark.parametrize(("line", "secret"), PASSWORDS)
def test_a_guessable_password_is_hidden_for_its_place(line: str, secret: str) -> None:
    """Nothing about the text itself is odd: the flag, name or address before it tells."""
    text = redact_command(command(shlex.split(line)))

    assert secret not in text
    assert "<redacted>" in text


KEPT = [
    "t-rex -a kawpow -o stratum+tcp://rvn.2miners.com:6060 -u wallet.rig1 -p x",
    "lolMiner --algo ETCHASH --pool eu.etchash.herominers.com:1147 --dualmode KASPADUAL",
    "SRBMiner-MULTI --algorithm autolykos2 --gpu-intensity 24 --pearl-k2",
    "python train.py --algo ppo --intensity 0.5 --address 10.0.0.1:6379",
    "torchrun --nproc-per-node=8 --rdzv-endpoint=10.0.0.1:29500 x.py --max-tokens 4096",
    "vllm serve meta-llama/Llama-3.1-8B-Instruct --tokenizer deepseek-ai/DeepSeek-R1-Qwen-32B",
    "python serve.py --model sentence-transformers/all-MiniLM-L6-v2 --dtype bfloat16",
    "llama-server -m /models/mixtral-8x7b-instruct-v0.1.Q4_K_M.gguf -ngl 99",
    "/opt/venv/lib/python3.11/site-packages/torch/bin/torch_shm_manager",
    "python /data/run_20241105_093000/events.out.tfevents.1732405678.node17.12345.0",
    "kubelet --container-runtime-endpoint=unix:///run/containerd/containerd.sock",
    "app my-app-7d9f8b6c5d-x2x4z 1732405678123456789 2024-11-05T09:30:00.123456",
    "pip install torch-2.5.1+cu124-cp311-cp311-manylinux_2_17_x86_64.whl",
    "docker run -u 1000:1000 -p 8080:80 --token-file /run/pw nvcr.io/nvidia/pytorch:24.10-py3",
    "git clone git@github.com:pytorch/pytorch.git",
    "curl http://auth:8080/v1/models?limit=3",
    "sysctl -w vm.nr_hugepages=4096",
]


@pytest.mark.parametrize("line", KEPT)
def test_an_ordinary_command_survives(line: str) -> None:
    """Flags, hosts, ports, models, dates and versions are told as they are."""
    assert redact_command(command(line.split())) == line


def test_a_hidden_user_of_a_pool_leaves_the_pool() -> None:
    """Scheme, host and port of an address outlive the secrets in it."""
    line = (
        b"miner\0-o\0stratum+ssl://wallet.rig:pw@pool.example.com:443\0--user\0kaspa:qz5g4w2s9c\0"
    )

    expected = "miner -o stratum+ssl://<redacted>@pool.example.com:443 --user kaspa:<redacted>"
    assert redact_command(line) == expected


def test_a_wallet_is_told_to_be_one() -> None:
    """It is hidden like any opaque word, but a rule may want to know what it was."""
    wallet = b"0x52908400098527886E0F7030069857D2E4169EE7"

    assert redact_command(b"miner\0-u\0" + wallet + b".rig1\0") == "miner -u <redacted-wallet>.rig1"


def test_a_private_key_is_hidden_whole() -> None:
    """Lines and dashes do not divide it, and one that is cut short is hidden to the end."""
    key = b"-----BEGIN RSA PRIVATE KEY-----\nabc def\n-----END RSA PRIVATE KEY-----"

    assert redact_command(b"app\0" + key + b"\0x\0") == "app <redacted> x"
    assert redact_command(b"app\0" + key[:40]) == "app <redacted>"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"ghp_abcdefghijk", "<redacted>"),
        (b"kworker/u128:3-events_unbound",) * 2,
        (b"hf_transfer",) * 2,
    ],
)
def test_a_process_name_holds_no_token(raw: bytes, expected: str | bytes) -> None:
    """Fifteen characters of a token are enough to know it by."""
    assert redact_name(raw) == (expected if isinstance(expected, str) else expected.decode())


def test_a_path_keeps_its_hashes_but_no_token() -> None:
    """Directories of a store are named by a hash."""
    store = b"/nix/store/0c1p5z8d9kq2mnr3vw4xy5z6a7b8c9d0-python3/bin/python"

    assert redact_path(store) == store.decode()
    assert redact_path(b"/tmp/ghp_" + b"a1" * 18) == "/tmp/<redacted>"


@given(st.binary(max_size=300))
def test_what_comes_out_is_one_line_of_text_that_hides_nothing(raw: bytes) -> None:
    """No control characters, no change of direction, always valid UTF-8."""
    for text in (redact_command(raw), redact_name(raw), redact_path(raw), redact_text(raw)):
        assert text.encode().decode() == text
        assert not {unicodedata.category(character) for character in text} & {
            "Cc",
            "Cs",
            "Zl",
            "Zp",
        }
        assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_bytes_and_controls_are_shown_as_escapes() -> None:
    """A terminal that shows the text obeys nothing in it."""
    assert redact_command(b"a\x1b[31m\n\xff\xe2\x80\xae x\0") == "a\\x1b[31m\\x0a\\xff\\u202e x"


@pytest.mark.parametrize("word", [b"x" * 20, b"word ", b"a=", b"://a:", b"sk-", b"'\"", b"x: "])
def test_a_long_command_is_cut_in_little_time(word: bytes) -> None:
    """However it is made up, the text is bounded, and a token at the cut is not told by half."""
    token = b"Zq7" * 20
    raw = (word * 5000)[: 8192 - 30] + b" " + token + word * 50000

    text = redact_command(raw)

    assert len(text) <= 4096
    assert text.endswith("…")
    assert leaks(token.decode(), text) == []


def test_a_password_at_the_cut_is_not_told_for_want_of_its_address() -> None:
    """What follows the cut would have told that it is one."""
    raw = (b"ab12" * 10 + b" ") * 199
    raw += b"x" * (8192 - len(raw) - 22) + b" postgres://bob:hunter2@host/db"

    assert raw[:8192].endswith(b"hunter")
    assert "hunter" not in redact_command(raw)
