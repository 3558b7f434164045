"""Secrets that are known by their shape, wherever they stand."""

from __future__ import annotations

import re

from aisec_daemon.host.redaction.entropy import HIDDEN

# Prefixes that services give their tokens so that they are found when they leak. Little may follow
# them: a process name holds fifteen characters.
_PREFIXES = (
    *(
        "gh[opsur]_",
        "github_pat_",
        "gl(?:pat|ptt|dt|rt|cbt|ft|soat|agent|oas)-",
        "xox[a-z]-",
        "xapp-",
    ),
    *("nvapi-", "do[opr]_v1_", "pypi-", "dckr_[op]at_", "gsk_", "pplx-", "tgp_v1_", "tvly-"),
    *(
        "lsv2_[a-z]+_",
        "shp(?:at|ca|pa|ss)_",
        "hv[bs]\\.",
        "ya29\\.",
        "SG\\.",
        "sntrys_",
        "lin_api_",
    ),
    *("ntn_", "wandb_v1_", "AGE-SECRET-KEY-", "whsec_", "glsa_", "tskey-", "api_org_", "xai-"),
    *("sk-(?:proj|ant|or|svcacct|admin|lf)-", "[prs]k_(?:live|test|prod)_", "dapi(?=[0-9a-f]{8})"),
)
# Prefixes that ordinary names have, too (hf_transfer, npm_config_cache): much must follow them, or
# a digit or capital among the first.
_COMMON_PREFIXES = ("sk-", "hf_", "npm_", "r8_", "fw_", "jina_")
_MUCH = r"(?=[a-z-]{0,10}[A-Z0-9])[\w-]{8,}|[\w-]{0,40}[A-Za-z0-9]{16,}[\w-]*"
_SHAPES = re.compile(
    "|".join(
        (
            rf"(?:{'|'.join(_PREFIXES)})[\w.~+/-]*[\w~+/-]{{6,}}=*",
            rf"(?<![A-Za-z0-9])(?:{'|'.join(_COMMON_PREFIXES)})(?:{_MUCH})",
            r"A(?:KIA|SIA|BIA|CCA|ROA|IDA)[A-Z0-9]{8,}",  # AWS
            r"AIza[\w-]{8,}",  # Google
            r"eyJ[\w-]{6,}(?:\.[\w-]*)*",  # JSON web token
            r"(?<!\d)\d{6,12}:[\w-]{30,}",  # Telegram
            r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",  # UUID: Heroku and others
            r"[0-9a-f]{32,}|[0-9A-F]{32,}",  # wandb, Datadog, md5 to sha512
            r"(?<![0-9a-f])(?=[0-9]*[a-f])[0-9a-f]{20,}",
        )
    )
)
_WALLET = re.compile(
    r"(?<!\w)(?:0x[0-9a-fA-F]{40}|[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93})(?![A-Za-z0-9])"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*-----|\Z)",
    re.DOTALL,
)
_BEARER = re.compile(r"\b(bearer|basic)([\s:=]+)[\w.~+/=-]*[\w.~+/-]{6,}=*", re.IGNORECASE)
# Before the path of a URL; then a password that holds a slash itself; then without a scheme.
_USER_INFO = re.compile(r"""(?<=://)[^\s/?#"'<>]*(?=@)""")
_USER_INFO_WITH_SLASH = re.compile(
    r"""(?<=://)[^\s/@:"'<>]{1,256}:(?!\d+(?:[/?#\s"']|$))[^\s@"'<>]{0,256}(?=@)"""
)
_NAME_AND_PASSWORD = re.compile(
    r"""(?<![^\s"'=,(])([^\s:/@"'=,()]{1,256}):([^\s/@"']{1,256})(?=@(?!sha\d))"""
)


def redact_shapes(text: str) -> str:
    """Hide tokens of a known shape alone.

    Wallets are no secret, but look like one; what they were is told.
    """
    text = _PRIVATE_KEY.sub(HIDDEN, text)
    text = _WALLET.sub("<redacted-wallet>", text)
    return _SHAPES.sub(HIDDEN, text)


def redact_tokens(text: str) -> str:
    """Hide tokens of a known shape, and passwords in addresses and authorization headers."""
    text = redact_shapes(text)
    text = _BEARER.sub(rf"\1\2{HIDDEN}", text)
    text = _USER_INFO.sub(HIDDEN, text)
    text = _USER_INFO_WITH_SLASH.sub(HIDDEN, text)
    return _NAME_AND_PASSWORD.sub(rf"\1:{HIDDEN}", text)
