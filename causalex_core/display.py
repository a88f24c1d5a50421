"""Short representations of results, in a terminal and in a notebook."""

import html
from abc import ABC, abstractmethod
from collections.abc import Mapping


class Summary(ABC):
    """Gives a result a one-line ``repr`` and an HTML table, both from :meth:`_facts`."""

    @abstractmethod
    def _facts(self) -> Mapping[str, object]:
        """What is shown, by name."""

    def __repr__(self) -> str:
        """One line."""
        facts = ", ".join(f"{name}={value}" for name, value in self._facts().items())
        return f"{type(self).__name__}({facts})"

    def _repr_html_(self) -> str:
        """Table for a notebook."""
        rows = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>"
            for name, value in self._facts().items()
        )
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"
