"""The one table that all benchmarks print into, row by row as they are measured."""


def heading() -> None:
    """Prints what stands above the first row."""
    print(f"{'what':<66}{'measured':>12}{'aim':>10}  beside it")


def row(what: str, measured: str, aim: str = "", beside: str = "") -> None:
    """Prints a row: ``what`` was ``measured``, what it is meant to be, and the numbers that explain it."""
    print(f"{what:<66}{measured:>12}{aim:>10}  {beside}".rstrip(), flush=True)
