"""Run the emulator's tests. The exit status is 0 only if some ran and all of them passed: unittest itself is content with none.

Run with the emulator's own Python: .local/venv/bin/python cli/emulator/tests
"""

import sys
import unittest
from pathlib import Path

if __name__ == "__main__":
    result = unittest.TextTestRunner().run(unittest.defaultTestLoader.discover(str(Path(__file__).parent)))
    sys.exit(0 if result.wasSuccessful() and result.testsRun > len(result.skipped) == 0 else 1)
