"""Runs all tests, and then asks the referee whether it saw enough.

Takes the names of tests (`test_lab`, `test_lab.Lab.test_peering`) to run only these, and then asks nothing.
"""

import sys
import unittest
from pathlib import Path

import examples
from aws import REFEREE
from table import operations


def main(names):
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(names) if names else loader.discover(Path(__file__).parent, "test_*.py")
    if not unittest.TextTestRunner(buffer=True).run(suite).wasSuccessful():
        return 1
    if names:
        return 0
    wanted = [(service, name) for service, names in operations().items() for name in names]
    complaints = [f"{service} {name}: no test has a reply of it" for service, name in wanted if (service, name) not in REFEREE.seen]
    complaints += examples.complaints(REFEREE.seen)
    for complaint in complaints:
        print(complaint)
    print(f"{len(wanted)} operations, {sum(map(len, REFEREE.seen.values()))} members: the replies are as AWS's model has them.")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
