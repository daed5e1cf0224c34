"""What decides the digits of a run."""

import subprocess
import sys

KERNEL = "from toolkit.app.versions import kernel; print(kernel())"


def test_the_kernel_is_numpy_s_whatever_library_a_solver_brings():
    """SCS, which cvxpy loads, brings an OpenBLAS of its own that knows fewer processors."""
    commands = (KERNEL, f"import cvxpy; {KERNEL}", f"import scs; {KERNEL}")
    found = {subprocess.run([sys.executable, "-c", one], capture_output=True, text=True, check=True).stdout for one in commands}
    assert len(found) == 1
