"""The one table that everything measured ends in: printed as it comes, and as Markdown for the history."""

from dataclasses import dataclass, field

COLUMNS = ("what", "measured", "mark", "beside the yardstick", "met")
WIDTHS = (62, 20, 18, 21, 4)


@dataclass(frozen=True)
class Line:
    """One figure. `mark` is what it has to be, `beside` its ratio to the yardstick of the same run."""

    name: str
    measured: str
    mark: str = ""
    beside: str = ""
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """The line as the columns show it."""
        return (self.name, self.measured, self.mark, self.beside, {True: "yes", False: "NO", None: ""}[self.met])


@dataclass
class Table:
    """The lines so far."""

    lines: list[Line] = field(default_factory=list)

    def head(self) -> None:
        """Print the names of the columns."""
        _print(COLUMNS)

    def most(self, name: str, value: float, unit: str, mark: float, yardstick: float | None = None) -> None:
        """A figure that may be `mark` at most."""
        self._add(Line(name, said(value, unit), f"≤ {said(mark, unit)}", times(value, yardstick), value <= mark))

    def least(self, name: str, value: float, unit: str, mark: float, yardstick: float | None = None) -> None:
        """A figure that has to be `mark` at least."""
        self._add(Line(name, said(value, unit), f"≥ {said(mark, unit)}", times(value, yardstick), value >= mark))

    def just(self, name: str, value: float, unit: str, yardstick: float | None = None) -> None:
        """A figure without a mark."""
        self._add(Line(name, said(value, unit), "", times(value, yardstick)))

    def words(self, name: str, measured: str, met: bool | None = None) -> None:
        """Something that is no single number."""
        self._add(Line(name, measured, met=met))

    def _add(self, line: Line) -> None:
        self.lines.append(line)
        _print(line.cells)

    @property
    def verdict(self) -> str:
        """How many marks are met, and which are not."""
        judged = [line for line in self.lines if line.met is not None]
        missed = [line.name for line in judged if not line.met]
        met = f"{len(judged) - len(missed)} of {len(judged)} marks met"
        return f"{met}; missed: {'; '.join(missed)}." if missed else f"{met}."

    def as_markdown(self) -> str:
        """The table as Markdown."""
        rows = [COLUMNS, ("---",) * len(COLUMNS), *(line.cells for line in self.lines)]
        return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def said(value: float, unit: str) -> str:
    """A number with as many digits as mean something."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()


def times(value: float, yardstick: float | None) -> str:
    """How often the yardstick goes into `value`."""
    return f"{value / yardstick:.2f} ×" if yardstick else ""


def _print(cells: tuple[str, ...]) -> None:
    print("".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True)).rstrip(), flush=True)
