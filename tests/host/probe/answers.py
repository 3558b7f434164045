"""What services answer, as their documentation or their source says: open, and protected.

By class: the pages of one that lets anybody in, of one that does not, and the version of the first.
None where the class knows no protection of its own.
"""

from __future__ import annotations

from tests.host.probe.servers import page

JSON = "Content-Type: application/json"
TORNADO, UVICORN = "Server: TornadoServer/6.5.1", "Server: uvicorn"
TORCHSERVE_REFUSAL = (
    '{\n  "code": 400,\n  "type": "InvalidKeyException",\n  "message": "Token Authorization '
    'failed. Token either incorrect, expired, or not provided correctly"\n}\n'
)
MLFLOW_REFUSAL = page(
    401,
    "You are not authenticated. Please see documentation",
    'WWW-Authenticate: Basic realm="mlflow"',
)

Pages = dict[str, bytes]

ANSWERS: dict[str, tuple[Pages, Pages | None, str]] = {
    "jupyter": (
        {
            "/api": page(200, '{"version": "2.21.1"}', TORNADO, JSON),
            "/api/status": page(
                200,
                '{"connections": 0, "kernels": 0, "last_activity": "2026-01-01T00:00:00.000000Z", '
                '"started": "2026-01-01T00:00:00.000000Z"}',
                TORNADO,
            ),
        },
        {
            "/api": page(200, '{"version": "2.21.1"}', TORNADO, JSON),
            "/api/status": page(403, '{"message": "Forbidden", "reason": null}', TORNADO),
        },
        "2.21.1",
    ),
    "ray": (
        {
            "/api/version": page(
                200,
                '{"version": "4", "ray_version": "2.60.0", "ray_commit": "abc", '
                '"session_name": "session_x"}',
                JSON,
            ),
            "/api/authentication_mode": page(200, '{"authentication_mode": "disabled"}'),
            "/api/jobs/": page(200, "[]", JSON),
        },
        {
            "/api/version": page(401, "Unauthorized: Missing authentication token"),
            "/api/authentication_mode": page(200, '{"authentication_mode": "token"}'),
            "/api/jobs/": page(401, "Unauthorized: Missing authentication token"),
        },
        "2.60.0",
    ),
    "tensorboard": (
        {
            "/data/environment": page(
                200,
                '{"version": "2.21.0", "data_location": "/logs", "window_title": "", '
                '"experiment_name": "", "experiment_description": "", "creation_time": 0}',
            )
        },
        None,
        "2.21.0",
    ),
    "mlflow": (
        {
            "/api/2.0/mlflow/experiments/search?max_results=1": page(
                200,
                '{"experiments": [{"experiment_id": "0", "name": "Default", "artifact_location": '
                '"mlflow-artifacts:/0", "lifecycle_stage": "active"}]}',
            ),
            "/version": page(200, "3.4.0"),
        },
        {
            "/api/2.0/mlflow/experiments/search?max_results=1": MLFLOW_REFUSAL,
            "/version": page(200, "3.4.0"),
        },
        "3.4.0",
    ),
    "triton": (
        {
            "/v2": page(
                200,
                '{"name":"triton","version":"2.54.0","extensions":["classification",'
                '"model_repository"]}',
            )
        },
        None,
        "2.54.0",
    ),
    "torchserve": (
        {
            "/models?limit=1": page(
                200,
                '{\n  "models": [\n    {\n      "modelName": "m",\n      "modelUrl": "m.mar"\n    }'
                "\n  ]\n}\n",
            )
        },
        {"/models?limit=1": page(400, TORCHSERVE_REFUSAL)},
        "",
    ),
    "vllm": (
        {
            "/v1/models": page(
                200,
                '{"object":"list","data":[{"id":"m","object":"model","owned_by":"vllm"}]}',
                UVICORN,
            ),
            "/version": page(200, '{"version":"0.11.0"}', UVICORN),
        },
        {
            "/v1/models": page(401, '{"error":"Unauthorized"}', UVICORN),
            "/version": page(200, '{"version":"0.11.0"}', UVICORN),
        },
        "0.11.0",
    ),
    "ollama": (
        {
            "/": page(200, "Ollama is running"),
            "/api/version": page(200, '{"version":"0.12.3"}'),
            "/api/tags": page(200, '{"models":[]}'),
        },
        None,
        "0.12.3",
    ),
    "comfyui": (
        {
            "/system_stats": page(
                200,
                '{"system": {"os": "posix", "comfyui_version": "0.3.60", "python_version": "3.12", '
                '"embedded_python": false}, "devices": []}',
            )
        },
        None,
        "0.3.60",
    ),
    "gradio": (
        {"/config": page(200, '{"version":"5.49.1","api_prefix":"/gradio_api","mode":"blocks"}')},
        None,
        "5.49.1",
    ),
    "litellm": (
        {
            "/health/liveliness": page(200, '"I\'m alive!"'),
            "/v1/models": page(200, '{"data":[],"object":"list"}'),
        },
        {
            "/health/liveliness": page(200, '"I\'m alive!"'),
            "/v1/models": page(
                401,
                '{"error":{"message":"Authentication Error, No api key passed in.",'
                '"type":"auth_error","param":"None","code":"401"}}',
            ),
        },
        "",
    ),
    "qdrant": (
        {
            "/": page(
                200,
                '{"title":"qdrant - vector search engine","version":"1.15.4","commit":"0123"}',
            ),
            "/collections": page(200, '{"result":{"collections":[]},"status":"ok","time":1.8e-06}'),
        },
        {
            "/": page(
                200,
                '{"title":"qdrant - vector search engine","version":"1.15.4","commit":"0123"}',
            ),
            "/collections": page(401, "Must provide an API key or an Authorization bearer token"),
        },
        "1.15.4",
    ),
    "weaviate": (
        {"/v1/meta": page(200, '{"hostname":"http://[::]:8080","modules":{},"version":"1.32.8"}')},
        {
            "/v1/meta": page(
                401,
                '{"code":401,"message":"anonymous access not enabled, please provide an auth '
                'scheme such as OIDC"}',
            )
        },
        "1.32.8",
    ),
    "chroma": (
        {
            "/api/v2/heartbeat": page(200, '{"nanosecond heartbeat":1784993484444858699}'),
            "/api/v2/version": page(200, '"1.0.0"'),
            "/api/v2/tenants/default_tenant/databases/default_database/collections?limit=1": page(
                200, "[]"
            ),
        },
        {
            "/api/v2/heartbeat": page(200, '{"nanosecond heartbeat":1784993484444858699}'),
            "/api/v2/version": page(200, '"1.0.0"'),
            "/api/v2/tenants/default_tenant/databases/default_database/collections?limit=1": page(
                401, '{"error":"Unauthorized"}'
            ),
        },
        "1.0.0",
    ),
}

# Recognised, but whether they ask for authentication is not to be seen from outside.
UNMEASURED: dict[str, Pages] = {
    "streamlit": {
        "/_stcore/health": page(200, "ok", TORNADO),
        "/_stcore/host-config": page(
            200, '{"allowedOrigins": ["https://x"], "useExternalAuthToken": false}', TORNADO
        ),
    },
    "milvus": {
        "/api/v1/health": page(200, '{"status":"ok"}'),
        "/webui/": page(200, "<!DOCTYPE html><html><head><title>Milvus WebUI</title>"),
    },
}
