"""Gives every Python process that has this folder on its path the fake driver, if it asks for one.

Set AISEC_FAKE_NVML to the file of a world. Costs nothing until pynvml is imported.
"""

# ruff: noqa: PLC0415 every process pays for what is imported here at the top

import os
import sys

if os.environ.get("AISEC_FAKE_NVML"):

    class _Finder:
        """Waits for pynvml; everything else is found by others."""

        def find_spec(self, name, path=None, target=None):
            if name != "pynvml":
                return None
            from importlib.util import find_spec

            sys.meta_path.remove(self)
            spec = find_spec(name)
            if spec is not None:
                load = spec.loader.exec_module

                def exec_module(module):
                    load(module)
                    _install(module)

                spec.loader.exec_module = exec_module
            return spec

    def _install(module):
        from importlib.util import module_from_spec, spec_from_file_location
        from pathlib import Path

        driver = Path(__file__).parent.parent / "driver.py"
        spec = spec_from_file_location("aisec_fake_nvml_driver", driver)
        fake = module_from_spec(spec)
        sys.modules[spec.name] = fake
        spec.loader.exec_module(fake)
        fake.install(module, Path(os.environ["AISEC_FAKE_NVML"]))

    sys.meta_path.insert(0, _Finder())
