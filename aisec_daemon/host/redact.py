"""stub"""
def redact_command(raw: bytes) -> str:
    return raw.replace(b"\0", b" ").decode("utf-8","backslashreplace")
def redact_path(raw: bytes) -> str:
    return raw.decode("utf-8","backslashreplace")
def redact_name(raw: bytes) -> str:
    return raw.decode("utf-8","backslashreplace")
