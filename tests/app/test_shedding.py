"""The real daemon, set to more than it can do: it sheds, says what, and goes on."""

from __future__ import annotations

from tests.daemon import running

SETTINGS = """
[samplers.process_view]
period = 0.05
sweep_pids = 1000000
[samplers.sensor]
period = 0.1
[budget]
cpu_ratio = 64.0
shed = [["sensor"]]
"""


def test_a_sampler_that_cannot_keep_its_period_has_others_shed(tmp_path):
    settings = tmp_path / "aisec.toml"
    settings.write_text(SETTINGS)
    with running(tmp_path / "state", "--settings", str(settings)) as daemon:
        daemon.wait(lambda: (daemon.value("aisec_cost_shed_steps") or 0) >= 1, 40)
        daemon.wait(lambda: "over_budget: read more rarely: sensor x" in "\n".join(daemon.log))
        daemon.wait(lambda: daemon.value("aisec_upkeep_shed_runs_total", part="sampler/sensor") > 3)

        assert daemon.value("aisec_upkeep_period_seconds", part="sampler/sensor") in (0.2, 0.4)
        assert daemon.value("aisec_upkeep_shed_runs_total", part="sampler/gpu") == 0
        log = "\n".join(daemon.log)
        assert "read more rarely, since" in log
        assert "step 1 of 2, sensor x2" in log
        assert daemon.stop() == 0
