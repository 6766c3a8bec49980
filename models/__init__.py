"""What is learned from tables: one folder a model, and the registry of their versions."""

import os

# Threads of torch that wait sleep, and do not spin: beside other busy processes, spinning ones made the same training
# fourteen times as long. It is read once, when torch is loaded, which is after this.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
