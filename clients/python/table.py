"""The operations that Peerless says it has: those of the page that is made from its table."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


def operations():
    """The names of the operations, by the service that has them."""
    found = {}
    for level, title in re.findall(r"^(##|###) (\S+)$", PAGE.read_text(), re.MULTILINE):
        if level == "##":
            names = found.setdefault(title, [])
        else:
            names.append(title)
    return found
